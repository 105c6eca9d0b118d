//! Whether changes are noticed by event. Without events the sweep finds them, up to 15 minutes later.

use std::collections::BTreeSet;

use super::check::{Check, client_stack, paste};
use super::facts::Facts;
use crate::observed::Rule;
use crate::terminal::{age, moment};

pub(super) const RULES: &str = "event rules";
pub(super) const CLIENT_RULE: &str = "client event rule";
pub(super) const TRAIL: &str = "CloudTrail trail";
pub(super) const LAST: &str = "last event";

/// The calls of clients that change endpoints.
const CALLS: [&str; 3] = ["CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"];
const DEFAULT_BUS: &str = "default";
const UNTIL_THEN: &str = "changes are found by the sweep, up to 15 minutes later";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    vec![rules(facts), client_rule(facts), trail(facts), last(facts)]
}

/// The provider's rules let each call of this account through to the functions.
fn rules(facts: &Facts) -> Check {
    let rules = match &facts.events.rules {
        Ok(rules) => rules,
        Err(why) => return Check::not_read(RULES, facts, why),
    };
    let own = facts.account == facts.installation.account;
    // Calls of the own account are on the default bus, those of clients on the stack's.
    let on_bus: Vec<_> = rules.iter().filter(|rule| (rule.bus == DEFAULT_BUS) == own).collect();
    let mut buses: Vec<_> = on_bus.iter().map(|rule| rule.bus.as_str()).collect();
    buses.dedup();
    let is_let_in =
        |rule: &Rule| rule.accounts.as_ref().is_none_or(|accounts| accounts.contains(facts.account.as_str()));
    let lacking = |open: &dyn Fn(&Rule) -> bool| -> Vec<&str> {
        let passes = |call: &str| on_bus.iter().any(|rule| open(rule) && lets_through(rule, call));
        CALLS.into_iter().filter(|call| !passes(call)).collect()
    };
    let missing = lacking(&|_| true);
    if !missing.is_empty() {
        return Check::warn(
            RULES,
            format!("no rule sends {} to the functions; {UNTIL_THEN}", missing.join(", ")),
            "deploy the stack anew (sam deploy): its template has the rules",
        );
    }
    if !lacking(&is_let_in).is_empty() {
        return Check::warn(
            RULES,
            format!("the rules let in other accounts, and not {}; {UNTIL_THEN}", facts.account),
            format!("name {} in the stack's parameter ClientAccounts", facts.account),
        );
    }
    let open = lacking(&|rule| rule.is_enabled && is_let_in(rule));
    if let Some(rule) = on_bus.iter().find(|rule| !rule.is_enabled && is_let_in(rule))
        && !open.is_empty()
    {
        return disabled(facts, rule);
    }
    Check::ok(RULES, format!("{} enabled on bus {}", on_bus.len(), buses.join(", ")))
}

fn disabled(facts: &Facts, rule: &Rule) -> Check {
    let enable = format!(
        "aws events enable-rule --region {} --event-bus-name {} --name {}",
        facts.installation.region, rule.bus, rule.name
    );
    Check::warn(
        RULES,
        format!("rule {} on bus {} is disabled; {UNTIL_THEN}", rule.name, rule.bus),
        paste(format!("in account {}", facts.installation.account), &[enable]),
    )
}

fn lets_through(rule: &Rule, call: &str) -> bool {
    rule.calls.as_ref().is_none_or(|calls| calls.contains(call))
}

/// The client account's rule forwards its calls to the provider.
fn client_rule(facts: &Facts) -> Check {
    if facts.account == facts.installation.account {
        return Check::ok(CLIENT_RULE, "not needed in the provider's own account");
    }
    let rule = match &facts.events.client_rule {
        Ok(rule) => rule,
        Err(why) => return Check::not_read(CLIENT_RULE, facts, why),
    };
    let name = &facts.installation.client_role;
    let deploy = client_stack(facts, "");
    let Some(rule) = rule else {
        return Check::warn(
            CLIENT_RULE,
            format!("{} has no rule {name}; {UNTIL_THEN}", facts.account),
            deploy,
        );
    };
    if !rule.is_enabled {
        return Check::warn(
            CLIENT_RULE,
            format!("rule {name} in {} is disabled; {UNTIL_THEN}", facts.account),
            paste(
                format!("in account {}", facts.account),
                &[format!("aws events enable-rule --region {} --name {name}", facts.installation.region)],
            ),
        );
    }
    forwarded(facts, rule, name, deploy)
}

/// Whether an enabled rule sends all calls to the provider.
fn forwarded(facts: &Facts, rule: &Rule, name: &str, deploy: String) -> Check {
    let bus = format!(":{}:event-bus/", facts.installation.account);
    let leads: BTreeSet<_> = rule.targets.iter().filter(|target| target.contains(&bus)).collect();
    if leads.is_empty() {
        let targets = if rule.targets.is_empty() { "nowhere".into() } else { rule.targets.join(", ") };
        return Check::warn(
            CLIENT_RULE,
            format!(
                "rule {name} in {} leads {targets}, and not to the provider's bus; {UNTIL_THEN}",
                facts.account
            ),
            deploy,
        );
    }
    if let Some(call) = CALLS.into_iter().find(|call| !lets_through(rule, call)) {
        return Check::warn(
            CLIENT_RULE,
            format!("rule {name} in {} leaves out {call}; {UNTIL_THEN}", facts.account),
            deploy,
        );
    }
    Check::ok(
        CLIENT_RULE,
        format!("rule {name} in {} is enabled and leads to the provider's bus", facts.account),
    )
}

/// Without a trail EventBridge sees no calls.
fn trail(facts: &Facts) -> Check {
    let trails = match &facts.events.trails {
        Ok(trails) => trails,
        Err(why) => return Check::not_read(TRAIL, facts, why),
    };
    let account = &facts.account;
    if let Some(logging) = trails.iter().find(|trail| trail.is_logging == Ok(true)) {
        return Check::ok(TRAIL, format!("{} is logging in {account}", logging.name));
    }
    if trails.is_empty() {
        return Check::warn(
            TRAIL,
            format!("{account} has no trail, so EventBridge sees no calls there; {UNTIL_THEN}"),
            format!(
                "in {account}: make a trail that logs management events (aws cloudtrail create-trail, start-logging)"
            ),
        );
    }
    if let Some(why) = trails.iter().find_map(|trail| trail.is_logging.as_ref().err()) {
        return Check::not_read(TRAIL, facts, why);
    }
    let name = trails.first().map_or("", |trail| trail.name.as_str());
    Check::warn(
        TRAIL,
        format!("trail {name} of {account} is not logging; {UNTIL_THEN}"),
        paste(
            format!("in account {account}"),
            &[format!("aws cloudtrail start-logging --region {} --name {name}", facts.installation.region)],
        ),
    )
}

/// What led to the last decision: an event, or only the sweep.
fn last(facts: &Facts) -> Check {
    // An entry knows how long after its event it was written; a sweep has none.
    let by_event =
        facts.journal.iter().rev().find_map(|entry| entry.milliseconds.map(|after| (entry.at, after)));
    if let Some((at, after)) = by_event {
        let evidence = format!("{} ({} ago), decided {after} ms after it", moment(at), age(at, facts.now));
        return Check::ok(LAST, evidence);
    }
    match facts.journal.last() {
        Some(entry) => Check::warn(
            LAST,
            format!("none in 90 days: what was done, the sweep found ({})", moment(entry.at)),
            "see the three checks above; zonelink explain shows what led to each entry",
        ),
        None => Check::unknown(
            LAST,
            "the journal has nothing of this endpoint in 90 days",
            "any change of the endpoint, such as a subnet, shows whether its event arrives",
        ),
    }
}
