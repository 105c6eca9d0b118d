//! `zonelink replay`: what an event means to each function.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;
use shared::event::Event;
use shared::ids::{AccountId, Region};
use shared::intent::Ignored;
use shared::lookup::OwnCalls;
use shared::policy::Policy;

use crate::complaint::Complaint;
use crate::context::Context;
use crate::definition_file;
use crate::output::Answer;

/// Reads an event as the functions do, without AWS.
///
/// It needs the region of the services: --region, or `AWS_REGION`.
#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// An event as EventBridge delivers it, in JSON
    event: PathBuf,
    /// The service definitions that are in force, in YAML or JSON; may be given several times
    #[arg(long = "service", value_name = "FILE", required = true)]
    services: Vec<PathBuf>,
    /// The provider's account, by whose sessions in client accounts its own calls are known
    #[arg(long)]
    account: Option<AccountId>,
}

impl Replay {
    pub(crate) fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let region = context.common.region.as_deref().unwrap_or_default();
        let region: Region = region
            .parse()
            .map_err(|error| Complaint::arguments(format!("{error}"), "give --region, or set AWS_REGION"))?;
        let mut services = BTreeMap::new();
        for file in &self.services {
            for defined in definition_file::read(file)? {
                services.insert(defined.definition.service.clone(), defined.definition);
            }
        }
        let policy = Policy { region, services };
        let path = self.event.display();
        let text = fs::read_to_string(&self.event).with_context(|| format!("{path} cannot be read"))?;
        let message = serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))?;
        let event = Event::from_eventbridge(&message)
            .with_context(|| format!("{path} would end in the dead-letter queue"))?;
        let review = match event.review(&policy, &context.common.stack) {
            Ok(review) => {
                let services: Vec<_> = review.services.iter().map(ToString::to_string).collect();
                format!("review the connections of {} ({})", services.join(", "), review.cause)
            }
            Err(Ignored(reason)) => format!("ignored: {reason}"),
        };
        let intent = match &event {
            Event::ZoneCall(_) => self.lookup(&event, &policy, &context.common.stack),
            _ => event.intent(&policy).map(|intent| intent.to_string()),
        };
        let intent = intent.unwrap_or_else(|Ignored(reason)| format!("ignored: {reason}"));
        let text = format!("accept-connections  {review}\nreconcile-records   {intent}");
        Answer::new(&json!({"accept_connections": review, "reconcile_records": intent}), text)
    }

    fn lookup(&self, event: &Event, policy: &Policy, stack: &str) -> Result<String, Ignored> {
        let account = self.account.as_ref().map(ToString::to_string).unwrap_or_default();
        // As the templates name them when nobody says otherwise.
        let client_role = format!("{stack}-client-{}", policy.region);
        let own = OwnCalls { stack: stack.to_owned(), client_role, session: format!("zonelink-{account}") };
        let lookup = event.lookup(policy, &own)?;
        let zone =
            lookup.zone.iter().map(|zone| format!("the VPCs that have claims or holds in zone {zone}"));
        let what: Vec<_> =
            zone.chain(lookup.vpc.iter().map(|vpc| format!("{vpc}, if it is known"))).collect();
        Ok(format!("reconcile {} ({})", what.join(" and "), lookup.cause))
    }
}
