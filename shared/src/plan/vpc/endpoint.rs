//! What is remembered of endpoints, and how they are waited for.
//!
//! ```text
//! endpoint to be waited for   chain in the table   step
//! yes                         none                 start: look again in 10 s, for 30 minutes at most
//! yes                         due                  next turn: 10 s in the first 3 minutes, 20 s until 6 minutes,
//!                                                    30 s until 10 minutes, then 60 s
//! yes                         due later            nothing: its message is on the way
//! yes                         due later, by this   send the message once more: it may not have been sent
//!                               very message
//! yes                         past its deadline    Hold(Stalled)
//! no                          any                  end it
//! ```
//!
//! A turn writes the chain's item first and sends the message second. Where the second fails, the message that had
//! the turn comes back and sends the next one: the item names it. A crash brings it back after the queue's visibility
//! timeout, which is longer than any delay, so that the next turn is due by then.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::contribution::Contribution;
use crate::model::facts::Wait;
use crate::model::facts::{EndpointFacts, Facts, StoredEndpoint};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, VpcEndpointId, VpcId};
use crate::model::record::Addresses;
use crate::model::run::RunPart;
use crate::plan::steps::{Plan, Step};
use crate::trigger::intent::Intent;

/// Until how many seconds after a chain began its delay is so many seconds: what comes does so in the first minutes as a
/// rule, and what does not may come at any time.
const DELAYS: [(i64, i32); 3] = [(180, 10), (360, 20), (600, 30)];
const LONGEST_DELAY: i32 = 60;
/// For how long an endpoint is waited for.
pub const WAIT_AT_MOST: SignedDuration = SignedDuration::from_mins(30);
/// SQS may deliver a delayed message slightly early.
const EARLY: SignedDuration = SignedDuration::from_secs(2);
/// For how long the table remembers an endpoint that is gone, in seconds.
const REMEMBER_GONE: i64 = 24 * 60 * 60;

/// Seconds until a waiting chain looks again, by how long ago it began.
#[must_use]
pub fn chain_delay(waited: SignedDuration) -> i32 {
    let delay = DELAYS.iter().find(|(until, _)| waited.as_secs() < *until);
    delay.map_or(LONGEST_DELAY, |(_, delay)| *delay)
}

/// Plans the next turn of an endpoint's waiting chain.
pub(super) fn wait(
    plan: &mut Plan,
    facts: &Facts,
    subject: Subject,
    vpc_endpoint: &VpcEndpointId,
    state: Option<&str>,
    intent: &Intent,
) {
    let now = facts.now;
    let chain = facts.waits.get(vpc_endpoint);
    let is_ours = |chain: &Wait| chain.owner.is_some() && chain.owner == intent.message;
    let (delay_seconds, deadline) = match chain {
        Some(chain) if chain.deadline <= now => {
            plan.holds.insert(subject, HoldReason::Stalled { state: state.map(ToOwned::to_owned) });
            return;
        }
        Some(chain) if chain.due > now + EARLY => {
            if is_ours(chain) {
                let delay_seconds =
                    i32::try_from(chain.due.duration_since(now).as_secs()).unwrap_or_default();
                let step = Step::SendIntent { intent: next_turn(facts, vpc_endpoint, intent), delay_seconds };
                plan.push(subject, "its turn was taken: send for the next one", vec![step]);
            }
            return;
        }
        Some(chain) => (chain_delay(WAIT_AT_MOST - chain.deadline.duration_since(now)), chain.deadline),
        None => (chain_delay(SignedDuration::ZERO), now + WAIT_AT_MOST),
    };
    let due = now + SignedDuration::from_secs(delay_seconds.into());
    let reason =
        format!("it is {} yet: look again", state.map_or("not seen".into(), |s| format!("only {s}")));
    let steps = vec![
        Step::PutWait {
            vpc_endpoint: vpc_endpoint.clone(),
            wait: Wait { due, deadline, delay_seconds, owner: intent.message.clone() },
            not_due_after: now + EARLY,
        },
        Step::SendIntent { intent: next_turn(facts, vpc_endpoint, intent), delay_seconds },
    ];
    plan.push(subject, reason, steps);
}

/// What the message of the next turn says.
fn next_turn(facts: &Facts, vpc_endpoint: &VpcEndpointId, intent: &Intent) -> Intent {
    Intent {
        account: facts.account.clone(),
        vpc_endpoints: BTreeSet::from([vpc_endpoint.clone()]),
        vpcs: BTreeSet::new(),
        announced: intent.announced,
        reviewed: intent.reviewed.clone(),
        // The turn is of an account that can be read.
        gone: None,
        message: None,
        attempt: 0,
        priority: intent.priority,
        edit: None,
        cause: intent.cause.clone(),
        since: intent.since,
        run: intent.run.as_ref().map(RunPart::uncounted),
    }
}

/// Ends the chain of an endpoint that has not to be waited for, if there is one.
pub(super) fn end_wait(plan: &mut Plan, facts: &Facts, subject: Subject, vpc_endpoint: &VpcEndpointId) {
    if facts.waits.contains_key(vpc_endpoint) {
        let step = Step::DeleteWait { vpc_endpoint: vpc_endpoint.clone() };
        plan.push(subject, "it has not to be waited for", vec![step]);
    }
}

/// An endpoint, as the table is to remember it from now on.
pub(super) struct Remember<'a> {
    pub(super) account: &'a AccountId,
    pub(super) vpc: &'a VpcId,
    pub(super) vpc_endpoint: &'a VpcEndpointId,
    pub(super) endpoint: &'a EndpointFacts,
    pub(super) contribution: &'a Contribution,
    /// Whether a review has allowed its owner, where the definition does not tell.
    pub(super) allowed: Option<bool>,
    pub(super) stored: Option<&'a StoredEndpoint>,
    /// Whether a claim names it.
    pub(super) claimed: bool,
    pub(super) now: Timestamp,
}

impl Remember<'_> {
    /// The step that makes the table say so, unless it does already or never knew the endpoint.
    pub(super) fn step(&self) -> Option<Step> {
        let endpoint = self.endpoint();
        let gone = *self.contribution == Contribution::Withdraw;
        let unknown = gone && self.stored.is_none();
        (!unknown && self.stored != Some(&endpoint))
            .then(|| Step::PutEndpoint { endpoint: Box::new(endpoint) })
    }

    /// The same for what this very plan has written already: what the table said before it is no guide then.
    pub(super) fn step_after_another(&self) -> Option<Step> {
        self.stored.map(|_| Step::PutEndpoint { endpoint: Box::new(self.endpoint()) })
    }

    fn endpoint(&self) -> StoredEndpoint {
        let gone = *self.contribution == Contribution::Withdraw;
        let addresses = match self.contribution {
            Contribution::Publish(addresses) => addresses.clone(),
            Contribution::Keep { .. } => self.stored.map(|s| s.addresses.clone()).unwrap_or_default(),
            Contribution::Withdraw => Addresses::default(),
        };
        StoredEndpoint {
            service: self.endpoint.service.clone(),
            vpc_endpoint: self.vpc_endpoint.clone(),
            account: self.account.clone(),
            vpc: self.vpc.clone(),
            state: self.endpoint.state.clone(),
            addresses,
            allowed: self.allowed,
            first_seen: self.stored.map_or(self.now, |stored| stored.first_seen),
            // What a claim names is never forgotten: it leads the sweep to the claim.
            expires_at: (gone && !self.claimed).then(|| {
                let known = self.stored.and_then(|stored| stored.expires_at);
                known.unwrap_or(self.now.as_second() + REMEMBER_GONE)
            }),
        }
    }
}
