//! Single records in the hands of a person: which one is meant, and doing what was decided.

use std::collections::BTreeMap;

use shared::apply::Outcome;
use shared::aws::Worker;
use shared::model::dns::DnsName;
use shared::model::ids::{AccountId, HostedZoneId};
use shared::model::rate::Priority;
use shared::model::record::RecordKey;
use shared::plan::Plan;
use shared::quota::Reserved;
use shared::reconcile::{Cause, apply_and_journal};
use shared::trigger::intent::Intent;

use crate::failure::Failure;

/// One name in one zone.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Record {
    /// The record: zone and name, `Z0123/*.example.com`; or its name alone, with --zone
    record: String,
    /// The hosted zone of a name that is given alone
    #[arg(long, value_name = "ID")]
    zone: Option<HostedZoneId>,
}

impl Record {
    /// The zone and the name.
    ///
    /// # Errors
    /// When one of them is missing or said twice.
    pub(crate) fn key(&self) -> Result<RecordKey, Failure> {
        let remedy = "give zone and name, as Z0123/*.example.com, or the name and --zone";
        let wrong = |what: String| Failure::usage(what, remedy);
        match (&self.zone, self.record.contains('/')) {
            (None, true) => self.record.parse().map_err(|error| wrong(format!("{error}"))),
            (Some(zone), false) => {
                let name: DnsName = self.record.parse().map_err(|error| wrong(format!("{error}")))?;
                Ok(RecordKey { zone: zone.clone(), name })
            }
            (None, false) => Err(wrong(format!("{}: it is not said in which zone", self.record))),
            (Some(_), true) => Err(wrong(format!("{}: its zone is said twice", self.record))),
        }
    }
}

/// An intent that looks at nothing yet.
pub(crate) fn intent(account: &AccountId, cause: String) -> Intent {
    Intent {
        account: account.clone(),
        vpc_endpoints: [].into(),
        vpcs: [].into(),
        announced: false,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority: Priority::Event,
        edit: None,
        cause,
        since: None,
        run: None,
    }
}

/// Applies a plan that a person has confirmed.
///
/// # Errors
/// When anything of it was not done, with the advice to look again.
pub(crate) async fn carry_out(worker: &Worker, plan: &Plan, cause: &str) -> anyhow::Result<()> {
    for outcome in apply_and_journal(worker, plan, &Reserved::default(), Cause::of(cause)).await? {
        match outcome.outcome {
            Outcome::Done | Outcome::Superseded => {}
            Outcome::Raced => {
                let what =
                    format!("{} was changed by somebody else meanwhile, and was left", outcome.group.subject);
                return Err(Failure::new(what, "look at it with zonelink explain, and repeat it").into());
            }
            Outcome::Failed(error) => return Err(error.into()),
            _ => {
                let what = format!("{}: {}", outcome.group.subject, outcome.words());
                return Err(Failure::new(what, "look at it with zonelink explain, and repeat it").into());
            }
        }
    }
    Ok(())
}
