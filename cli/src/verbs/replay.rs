//! `zonelink replay`: what an event leads to, from its text to the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};
use shared::model::facts::Facts;
use shared::model::ids::{AccountId, Region};
use shared::model::policy::Policy;
use shared::scenario::{self, Allowed, Led};
use shared::trigger::event::Event;
use shared::trigger::intent::Ignored;
use shared::trigger::own_calls::OwnCalls;

use crate::answer::Answer;
use crate::context::Context;
use crate::definition_file;
use crate::failure::Failure;
use crate::planning::vpcs;

/// Says what an event leads to, without doing it.
///
/// Where each function looks, and what is planned from what is seen there now. Its reads reserve room among the
/// account's Route 53 requests, and it writes nothing else.
///
/// With --service it asks nobody: the definitions of the files are in force, nothing is looked at, and it ends with
/// where the functions would look; it then needs the region of the services, --region or `AWS_REGION`.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// An event as EventBridge delivers it, in JSON
    event: PathBuf,
    /// Service definitions that are in force, in YAML or JSON, to ask nobody; may be given several times
    #[arg(long = "service", value_name = "FILE")]
    services: Vec<PathBuf>,
    /// The provider's account, by whose sessions in client accounts its own calls are known
    #[arg(long)]
    account: Option<AccountId>,
    /// Write event, policy, facts and plan into this new folder, as a scenario of the test suite
    #[arg(long, value_name = "DIR", conflicts_with = "services")]
    save: Option<PathBuf>,
}

impl Replay {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let path = self.event.display();
        let text = fs::read_to_string(&self.event).with_context(|| format!("{path} cannot be read"))?;
        let message = serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))?;
        let event = Event::from_eventbridge(&message)
            .with_context(|| format!("{path} would end in the dead-letter queue"))?;
        if !self.services.is_empty() {
            let policy = self.given(context)?;
            return answer(&event, &policy, &self.own_calls(&policy, &context.common.stack), None);
        }
        let installation = context.installation().await?;
        let definitions = installation.worker.definitions().await?;
        let policy = installation.config().policy(definitions.sound);
        let mut facts: Vec<Facts> = Vec::new();
        if let Ok(intent) = event.intent(&policy) {
            let looks = vpcs(&installation.worker, &policy, &intent, &mut BTreeSet::new()).await?;
            facts.extend(looks.into_iter().map(|(facts, _)| facts));
        }
        let led = Led::of(&message, &policy, &facts)?;
        if let Some(folder) = &self.save {
            save(folder, &message, &policy, &facts, &led)?;
        }
        answer(&event, &policy, &installation.config().own_calls(), Some(&led))
    }

    /// The policy of the files.
    fn given(&self, context: &Context) -> anyhow::Result<Policy> {
        let region = context.common.region.as_deref().unwrap_or_default();
        let region: Region = region
            .parse()
            .map_err(|error| Failure::usage(format!("{error}"), "give --region, or set AWS_REGION"))?;
        let mut services = BTreeMap::new();
        for file in &self.services {
            for defined in definition_file::read(file)? {
                services.insert(defined.definition.service.clone(), defined.definition);
            }
        }
        Ok(Policy { region, services })
    }

    /// How the functions' own calls are known, with the names that the templates give when nobody says otherwise.
    fn own_calls(&self, policy: &Policy, stack: &str) -> OwnCalls {
        let account = self.account.as_ref().map(ToString::to_string).unwrap_or_default();
        OwnCalls {
            account: self.account.clone(),
            stack: stack.to_owned(),
            client_role: format!("{stack}-client-{}", policy.region),
            session: format!("zonelink-{account}"),
        }
    }
}

/// Where reconcile-records would look.
fn looked_at(event: &Event, policy: &Policy, own: &OwnCalls) -> Result<String, Ignored> {
    let Event::ZoneCall(_) = event else { return event.intent(policy).map(|intent| intent.to_string()) };
    let lookup = event.lookup(policy, own)?;
    let zone = lookup.zone.iter().map(|zone| format!("the VPCs that have claims or holds in zone {zone}"));
    let what: Vec<_> = zone.chain(lookup.vpc.iter().map(|vpc| format!("{vpc}, if it is known"))).collect();
    Ok(format!("reconcile {} ({})", what.join(" and "), lookup.cause))
}

fn answer(event: &Event, policy: &Policy, own: &OwnCalls, led: Option<&Led>) -> anyhow::Result<Answer> {
    let review = match event.review(policy, own) {
        Ok(review) => {
            let services: Vec<_> = review.services.iter().map(ToString::to_string).collect();
            format!("review the connections of {} ({})", services.join(", "), review.cause)
        }
        Err(Ignored(reason)) => format!("ignored: {reason}"),
    };
    let intent = looked_at(event, policy, own).unwrap_or_else(|Ignored(reason)| format!("ignored: {reason}"));
    let mut text = format!("accept-connections  {review}\nreconcile-records   {intent}");
    for plan in led.iter().flat_map(|led| &led.plans) {
        text = format!("{text}\n\n{}", plan.to_string().trim_end());
    }
    let mut report = json!({"accept_connections": review, "reconcile_records": intent});
    if let Some(led) = led {
        report["plans"] = serde_json::to_value(&led.plans)?;
    }
    Answer::new(&report, text)
}

/// Writes a scenario. A folder that is there already is left: it may be one that was looked through.
fn save(folder: &Path, event: &Value, policy: &Policy, facts: &[Facts], led: &Led) -> anyhow::Result<()> {
    let name = folder.display();
    if folder.exists() {
        let what = format!("{name} is there already");
        return Err(Failure::usage(what, "give a folder that does not exist").into());
    }
    fs::create_dir_all(folder).with_context(|| format!("{name} cannot be made"))?;
    let write = |file: &str, text: String| {
        fs::write(folder.join(file), text).with_context(|| format!("{name}/{file} cannot be written"))
    };
    write(scenario::EVENT, pretty(event)?)?;
    write(scenario::POLICY, pretty(&Allowed::from(policy))?)?;
    write(scenario::FACTS, pretty(&facts)?)?;
    write(scenario::PLAN, pretty(led)?)?;
    write(scenario::WORDS, led.text())
}

fn pretty(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
