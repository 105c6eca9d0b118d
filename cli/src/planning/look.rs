//! Looking at what is selected, and planning it.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::aws::Worker;
use shared::model::facts::{Denied, Facts};
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, VpcEndpointId, VpcId};
use shared::model::policy::Policy;
use shared::observe::{AccountObserver, Observed};
use shared::plan::vpc;
use shared::trigger::intent::Intent;

use super::planned::{About, Planned, Planning};
use super::selection::{Selection, Targets};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal::{count, note};

impl Planning {
    /// Observes and plans all of a selection.
    ///
    /// # Errors
    /// When a read fails: then nothing is known, and nothing is planned.
    pub(crate) async fn of(
        installation: &Installation,
        selection: &Selection,
        cause: &str,
    ) -> anyhow::Result<Self> {
        let worker = &installation.worker;
        let Targets { policy, reviews, intents } = selection.targets(worker, cause).await?;
        let mut parts = reviews;
        let mut planned = BTreeSet::new();
        for intent in intents {
            let looks = vpcs(worker, &policy, &intent, &mut planned).await?;
            parts.extend(looks.into_iter().map(|(_, planned)| planned));
        }
        Ok(Self { policy, parts })
    }
}

/// Observes and plans the VPCs that an intent leads to, but for those in `planned`, and adds them there. What finds
/// no quota is waited for.
///
/// # Errors
/// When a read fails.
pub(crate) async fn vpcs(
    worker: &Worker,
    policy: &Policy,
    intent: &Intent,
    planned: &mut BTreeSet<(AccountId, VpcId)>,
) -> anyhow::Result<Vec<(Facts, Planned)>> {
    let mut done = Vec::new();
    let mut intents = vec![intent.clone()];
    while let Some(intent) = intents.pop() {
        let mut waits = 0;
        let mut observer = AccountObserver::new(worker, policy, &intent);
        while let Some(Observed { facts, deferred }) = observer.next().await? {
            if let Some(deferred) = deferred {
                let wait = deferred.delay_seconds;
                intents.extend(deferred.intents(&intent));
                waits = waits.max(wait);
            }
            let Some(mut facts) = facts else { continue };
            refuse_unreadable(&facts)?;
            facts.vpcs.retain(|seen| planned.insert((facts.account.clone(), seen.vpc.clone())));
            let plan = vpc::plan(&intent, &facts, policy, &[]);
            let vpcs: BTreeSet<_> = facts.vpcs.iter().map(|seen| seen.vpc.clone()).collect();
            // To see these VPCs again, and no others with them.
            let again =
                Intent { vpcs: vpcs.clone(), vpc_endpoints: named(&intent, &facts), ..intent.clone() };
            // Without any of them it would mean all: what led to nothing is looked at as it was.
            let again = if again.is_of_all() { intent.clone() } else { again };
            let about = About::Vpcs { vpcs, intent: again };
            let at = facts.now;
            done.push((facts, Planned { at, about, plan }));
        }
        if !intents.is_empty() {
            wait_for_quota(&intents, waits).await;
        }
    }
    Ok(done)
}

/// An account that only this caller cannot read is not held: as far as the table says, the functions can.
fn refuse_unreadable(facts: &Facts) -> Result<(), Failure> {
    let Some(denied) = &facts.denied else { return Ok(()) };
    if facts.holds.contains_key(&Subject::Account(facts.account.clone())) {
        return Ok(());
    }
    let Denied { account, operation, message } = denied;
    Err(Failure::new(
        format!("account {account} cannot be read with these credentials: {operation}: {message}"),
        "use the stack's OperatorRole (--role-arn with its output OperatorRoleArn); if the functions cannot read the \
         account either, the next sweep holds it, and the plan then says so",
    ))
}

/// The endpoints of an intent that these facts are about.
fn named(intent: &Intent, facts: &Facts) -> BTreeSet<VpcEndpointId> {
    let seen = facts.vpcs.iter().flat_map(|vpc| vpc.endpoints.keys()).chain(&facts.unknown);
    seen.filter(|id| intent.vpc_endpoints.contains(*id)).cloned().collect()
}

async fn wait_for_quota(intents: &[Intent], seconds: i32) {
    let left = intents.iter().map(|intent| intent.vpcs.len()).sum();
    let accounts: BTreeSet<_> = intents.iter().map(|intent| intent.account.to_string()).collect();
    let accounts = accounts.into_iter().collect::<Vec<_>>().join(", ");
    let seconds = u64::try_from(seconds).unwrap_or_default();
    if seconds > 0 {
        note(&format!(
            "account {accounts} has no room for more Route 53 requests now: {} left, going on in {seconds} s",
            count(left, "VPC")
        ));
    }
    #[expect(clippy::disallowed_methods, reason = "a person waits for the answer; no function runs here")]
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
