//! EventBridge and CloudTrail: the way of an event.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eventbridge::Client;
use serde_json::Value;
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::ids::AccountId;

use crate::observed::{NotRead, Rule, Trail};

/// The rules of all buses that lead to one of these targets.
pub(crate) async fn rules(session: &Session, targets: &[String]) -> Result<Vec<Rule>, Error> {
    let client = Client::new(session.sdk());
    let mut rules = BTreeMap::new();
    for bus in buses(&client).await? {
        for target in targets {
            for name in names(&client, &bus, target).await? {
                if !rules.contains_key(&(bus.clone(), name.clone()))
                    && let Some(rule) = described(&client, &bus, &name).await?
                {
                    rules.insert((bus.clone(), name), rule);
                }
            }
        }
    }
    Ok(rules.into_values().collect())
}

async fn buses(client: &Client) -> Result<Vec<String>, Error> {
    let (mut buses, mut token) = (Vec::new(), None);
    loop {
        let page = client.list_event_buses().set_next_token(token).send().await;
        let page = page.map_err(failed("events:ListEventBuses", "the account"))?;
        buses.extend(page.event_buses().iter().filter_map(|bus| bus.name().map(ToOwned::to_owned)));
        token = page.next_token;
        if token.is_none() {
            return Ok(buses);
        }
    }
}

async fn names(client: &Client, bus: &str, target: &str) -> Result<Vec<String>, Error> {
    let (mut names, mut token) = (Vec::new(), None);
    loop {
        let call = client.list_rule_names_by_target().event_bus_name(bus).target_arn(target);
        let page = call.set_next_token(token).send().await;
        let page = page.map_err(failed("events:ListRuleNamesByTarget", target))?;
        names.extend(page.rule_names().iter().cloned());
        token = page.next_token;
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// A rule; none when there is none of that name.
async fn described(client: &Client, bus: &str, name: &str) -> Result<Option<Rule>, Error> {
    let answer = client.describe_rule().event_bus_name(bus).name(name).send().await;
    let answer = match answer.map_err(failed("events:DescribeRule", name)) {
        Err(error) if error.has_code(&["ResourceNotFoundException"]) => return Ok(None),
        answer => answer?,
    };
    let pattern: Value =
        answer.event_pattern().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Ok(Some(Rule {
        name: name.to_owned(),
        bus: bus.to_owned(),
        is_enabled: answer.state().is_some_and(|state| state.as_str().starts_with("ENABLED")),
        calls: calls(&pattern),
        accounts: words(pattern.get("account")),
        targets: Vec::new(),
    }))
}

/// The event names of a pattern, those of its alternatives too; none when it names none.
fn calls(pattern: &Value) -> Option<BTreeSet<String>> {
    let detail = pattern.get("detail")?;
    let direct = words(detail.get("eventName"));
    let alternatives = detail.get("$or").and_then(Value::as_array).into_iter().flatten();
    let alternatives: Vec<_> = alternatives.filter_map(|one| words(one.get("eventName"))).collect();
    if direct.is_none() && alternatives.is_empty() {
        return None;
    }
    Some(direct.into_iter().chain(alternatives).flatten().collect())
}

fn words(value: Option<&Value>) -> Option<BTreeSet<String>> {
    let words = value?.as_array()?.iter().filter_map(Value::as_str);
    Some(words.map(ToOwned::to_owned).collect())
}

/// The client account's rule and its targets; none when there is none of that name.
pub(crate) async fn client_rule(session: &Session, name: &str) -> Result<Option<Rule>, Error> {
    let client = Client::new(session.sdk());
    let Some(mut rule) = described(&client, "default", name).await? else { return Ok(None) };
    let answer = client.list_targets_by_rule().rule(name).send().await;
    let answer = answer.map_err(failed("events:ListTargetsByRule", name))?;
    rule.targets = answer.targets().iter().map(|target| target.arn().to_owned()).collect();
    Ok(Some(rule))
}

/// The account's trails, those of its organization and of other regions too, as far as they log here.
pub(crate) async fn trails(session: &Session, account: &AccountId) -> Result<Vec<Trail>, Error> {
    let client = aws_sdk_cloudtrail::Client::new(session.sdk());
    let answer = client.describe_trails().include_shadow_trails(true).send().await;
    let answer = answer.map_err(failed("cloudtrail:DescribeTrails", account))?;
    let mut trails = Vec::new();
    for trail in answer.trail_list() {
        let name = trail.name().unwrap_or_default().to_owned();
        let arn = trail.trail_arn().unwrap_or(&name);
        let status = client.get_trail_status().name(arn).send().await;
        let status = status.map_err(failed("cloudtrail:GetTrailStatus", arn));
        let is_logging = status.map(|status| status.is_logging().unwrap_or_default());
        trails
            .push(Trail { is_logging: is_logging.map_err(|error| NotRead::because(account, &error)), name });
    }
    Ok(trails)
}
