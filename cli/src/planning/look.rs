//! Looking at what is selected, and planning it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use shared::aws::Worker;
use shared::model::facts::{Denied, Facts};
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, VpcEndpointId, VpcId};
use shared::model::policy::Policy;
use shared::observe::{AccountObserver, Observed};
use shared::plan::vpc;
use shared::trigger::intent::Intent;

use super::planned::{About, Planned, Planning};
use super::selection::{PATIENCE, Selection, Targets};
use super::unread::Unread;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::pace::{Pace, pause};
use crate::terminal::{count, note};

impl Planning {
    /// Observes and plans all of a selection. Where everything is selected, one account or service that cannot be read
    /// keeps nothing of the others back.
    ///
    /// # Errors
    /// When a read fails without which nothing is known of what was selected.
    pub(crate) async fn of(
        installation: &Installation,
        selection: &Selection,
        cause: &str,
    ) -> anyhow::Result<Self> {
        let worker = &installation.worker;
        let Targets { policy, reviews, intents, outlook, unread } = selection.targets(worker, cause).await?;
        let mut planning = Self { policy, parts: reviews, unread };
        let mut planned = BTreeSet::new();
        if let Some(outlook) = outlook {
            note(&outlook.text(&planning.policy, worker.config.rate));
        }
        let accounts: BTreeSet<_> = intents.iter().map(|intent| &intent.account).collect();
        let (mut pace, mut begun) = (Pace::new(accounts.len(), "account"), BTreeSet::new());
        for intent in &intents {
            let account = Some(&intent.account);
            pace.at(begun.len());
            begun.insert(account);
            // Who could not be read once is not waited for again.
            if planning.unread.iter().any(|one| one.account.as_ref() == account) {
                continue;
            }
            let mut looks = Looks::new(selection.patience());
            let outcome = looks.at(worker, &planning.policy, intent, &mut planned).await;
            planning.parts.extend(looks.done.into_iter().map(|(_, planned)| planned));
            match outcome {
                Err(error) if selection.is_everything() => {
                    planning.unread.push(Unread::account(&intent.account, &error));
                }
                outcome => outcome?,
            }
        }
        Ok(planning)
    }
}

/// Observes and plans the VPCs that an intent leads to, but for those in `planned`, and adds them there. What finds
/// no quota is waited for.
///
/// # Errors
/// When a read fails, or there is no quota for too long.
pub(crate) async fn vpcs(
    worker: &Worker,
    policy: &Policy,
    intent: &Intent,
    planned: &mut BTreeSet<(AccountId, VpcId)>,
) -> anyhow::Result<Vec<(Facts, Planned)>> {
    let mut looks = Looks::new(PATIENCE);
    looks.at(worker, policy, intent, planned).await?;
    Ok(looks.done)
}

/// What was looked at so far.
struct Looks {
    done: Vec<(Facts, Planned)>,
    /// For how long no VPC may find room among Route 53's requests.
    patience: Duration,
}

impl Looks {
    fn new(patience: Duration) -> Self {
        Self { done: Vec::new(), patience }
    }

    async fn at(
        &mut self,
        worker: &Worker,
        policy: &Policy,
        intent: &Intent,
        planned: &mut BTreeSet<(AccountId, VpcId)>,
    ) -> anyhow::Result<()> {
        let mut intents = vec![intent.clone()];
        let mut moved = Instant::now();
        while let Some(intent) = intents.pop() {
            let mut waits = 0;
            let mut observer = AccountObserver::new(worker, policy, &intent);
            while let Some(Observed { facts, deferred }) = observer.next().await? {
                if let Some(deferred) = deferred {
                    let wait = deferred.delay_seconds;
                    intents.extend(deferred.intents(&intent));
                    waits = waits.max(wait);
                }
                let Some(facts) = facts else { continue };
                refuse_unreadable(&intent, &facts)?;
                let before = planned.len();
                self.done.push(plan(&intent, facts, policy, planned));
                // A look that found no room tells of no VPC.
                if planned.len() > before {
                    moved = Instant::now();
                }
            }
            if !intents.is_empty() {
                self.wait_for_quota(&intents, waits, moved).await?;
            }
        }
        Ok(())
    }

    /// Waits until there may be room, but no longer than patience lasts since a VPC was looked at last.
    async fn wait_for_quota(&self, intents: &[Intent], seconds: i32, moved: Instant) -> anyhow::Result<()> {
        let left = count(intents.iter().map(|intent| intent.vpcs.len().max(1)).sum(), "VPC");
        let accounts: BTreeSet<_> = intents.iter().map(|intent| intent.account.to_string()).collect();
        let accounts = accounts.into_iter().collect::<Vec<_>>().join(", ");
        let rest = self.patience.saturating_sub(moved.elapsed());
        if rest.is_zero() {
            let what = format!(
                "account {accounts} has had no room for Route 53 requests for {} s: {left} not looked at",
                self.patience.as_secs()
            );
            let remedy =
                "try again when less is going on in that account, or give plan more time with --timeout";
            return Err(Failure::new(what, remedy).into());
        }
        let wait = Duration::from_secs(u64::try_from(seconds).unwrap_or_default()).min(rest);
        if !wait.is_zero() {
            note(&format!(
                "account {accounts} has no room for more Route 53 requests now: {left} left, going on in {} s, giving \
                 up in {} s",
                wait.as_secs(),
                rest.as_secs()
            ));
        }
        pause(wait).await;
        Ok(())
    }
}

/// The plan of one look, for the VPCs that are not among `planned`.
fn plan(
    intent: &Intent,
    mut facts: Facts,
    policy: &Policy,
    planned: &mut BTreeSet<(AccountId, VpcId)>,
) -> (Facts, Planned) {
    facts.vpcs.retain(|seen| planned.insert((facts.account.clone(), seen.vpc.clone())));
    let plan = vpc::plan(intent, &facts, policy, &[]);
    let vpcs: BTreeSet<_> = facts.vpcs.iter().map(|seen| seen.vpc.clone()).collect();
    // To see these VPCs again, and no others with them.
    let again = Intent { vpcs: vpcs.clone(), vpc_endpoints: named(intent, &facts), ..intent.clone() };
    // Without any of them it would mean all: what led to nothing is looked at as it was.
    let again = if again.is_of_all() { intent.clone() } else { again };
    let (at, about) = (facts.now, About::Vpcs { vpcs, intent: Box::new(again) });
    (facts, Planned { at, about, plan })
}

/// An account that only this caller cannot read is not held: as far as the table says, the functions can.
fn refuse_unreadable(intent: &Intent, facts: &Facts) -> Result<(), Failure> {
    let Some(denied) = &facts.denied else { return Ok(()) };
    // Nor is one in which nothing is left.
    if facts.holds.contains_key(&Subject::Account(facts.account.clone()))
        || vpc::is_nothing_left(intent, facts)
    {
        return Ok(());
    }
    let Denied { account, operation, message, .. } = denied;
    Err(Failure::new(
        format!("account {account} cannot be read with these credentials: {operation}: {message}"),
        "use the stack's OperatorRole, which OperatorPrincipals makes and no --no-role declines; if the functions cannot read the \
         account either, the next sweep holds it, and the plan then says so",
    ))
}

/// The endpoints of an intent that these facts are about.
fn named(intent: &Intent, facts: &Facts) -> BTreeSet<VpcEndpointId> {
    let seen = facts.vpcs.iter().flat_map(|vpc| vpc.endpoints.keys()).chain(&facts.unknown);
    seen.filter(|id| intent.vpc_endpoints.contains(*id)).cloned().collect()
}
