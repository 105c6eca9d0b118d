//! Who may connect.
//!
//! ```text
//! connection           owner allowed   step
//! pendingAcceptance    yes             AcceptVpcEndpointConnections
//! pendingAcceptance    no              Hold(NotAllowed)
//! pending, available   no              Hold(Revoked)
//! anything else        –               nothing
//! ```
//!
//! What is accepted is decided from `DescribeVpcEndpointConnections` alone, never from an event. The
//! endpoints of what is accepted, and those that the event named, are sent on to be reconciled.

mod removed;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Accepted, Plan, Step};
use crate::facts::{ServiceFacts, VpcEndpointState};
use crate::hold::{HoldReason, Subject};
use crate::ids::{AccountId, VpcEndpointId};
use crate::intent::Intent;
use crate::policy::{Policy, ServiceDefinition};
use crate::rate::Priority;

/// How many connections one call accepts.
const ACCEPT_AT_ONCE: usize = 100;

/// Which endpoints a review sends on to be reconciled, besides those that it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOn {
    /// These.
    Named(BTreeSet<VpcEndpointId>),
    /// Every one that EC2 lists or the table remembers: a sweep.
    All,
}

/// What a review is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// Which endpoints are sent on.
    pub send_on: SendOn,
    /// Only connections and endpoints of these accounts count; all when empty.
    pub accounts: &'a BTreeSet<AccountId>,
    /// What led here, for the journal.
    pub cause: &'a str,
    /// When that happened.
    pub since: Option<Timestamp>,
    /// The plan's clock.
    pub now: Timestamp,
}

/// Decides on the connections of one service.
#[must_use]
pub fn plan(facts: &ServiceFacts, definition: &ServiceDefinition, question: &Question) -> Plan {
    let mut plan = Plan::default();
    let in_scope = |account: &AccountId| question.accounts.is_empty() || question.accounts.contains(account);
    if definition.removed.is_some() {
        return removed::plan(facts, question, &in_scope);
    }
    if facts.exists == Some(false) {
        plan.holds.insert(Subject::Service(facts.service.clone()), HoldReason::ServiceNotFound);
    }
    let mut accepted = BTreeMap::new();
    for connection in facts.connections.iter().filter(|connection| in_scope(&connection.owner)) {
        let owner = connection.owner.clone();
        let subject = Subject::Connection(facts.service.clone(), connection.vpc_endpoint.clone());
        match (&connection.state, definition.allows(&owner)) {
            (VpcEndpointState::PendingAcceptance, Some(rule)) => {
                let rule = rule.to_string();
                accepted.insert(connection.vpc_endpoint.clone(), Accepted { owner, rule });
            }
            (VpcEndpointState::PendingAcceptance, None) => {
                plan.holds.insert(subject, HoldReason::NotAllowed { owner });
            }
            (VpcEndpointState::Pending | VpcEndpointState::Available, None) => {
                plan.holds.insert(subject, HoldReason::Revoked { owner });
            }
            _ => {}
        }
    }
    let to_send = endpoints_to_send(facts, question, &accepted, &in_scope);
    let subject = Subject::Service(facts.service.clone());
    let mut rest = accepted.into_iter().peekable();
    while rest.peek().is_some() {
        let vpc_endpoints: BTreeMap<_, _> = rest.by_ref().take(ACCEPT_AT_ONCE).collect();
        let step = Step::AcceptConnections { service: facts.service.clone(), vpc_endpoints };
        plan.push(subject.clone(), "their owners are allowed", vec![step]);
    }
    for (account, vpc_endpoints) in to_send {
        send(&mut plan, &subject, &account, &vpc_endpoints, question);
    }
    plan.settle_holds(&holds_in_scope(facts, &in_scope), None, question.now);
    plan
}

/// Holds the definitions that cannot be accepted, each for its reason, and ends the holds of those that can
/// again, and of services that nothing defines any more.
#[must_use]
pub fn plan_definitions(
    refused: &BTreeMap<String, String>,
    policy: &Policy,
    holds: &BTreeMap<Subject, HoldReason>,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan::default();
    for (key, message) in refused {
        let reason = HoldReason::InvalidDefinition { message: message.clone() };
        plan.holds.insert(Subject::Definition(key.clone()), reason);
    }
    let judged = |subject: &Subject| match subject {
        Subject::Definition(_) => true,
        Subject::Service(service) | Subject::Connection(service, _) => {
            !policy.services.contains_key(service) && !refused.contains_key(service.as_str())
        }
        _ => false,
    };
    let stored = holds.iter().filter(|(subject, _)| judged(subject));
    plan.settle_holds(&stored.map(|(s, r)| (s.clone(), r.clone())).collect(), None, now);
    plan
}

/// Ends the holds on accounts that have nothing left to look at, so that nothing else would end them.
#[must_use]
pub fn plan_accounts(
    known: &BTreeSet<AccountId>,
    holds: &BTreeMap<Subject, HoldReason>,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan::default();
    let left = holds.iter().filter(|(subject, _)| match subject {
        Subject::Account(account) => !known.contains(account),
        _ => false,
    });
    plan.settle_holds(&left.map(|(s, r)| (s.clone(), r.clone())).collect(), None, now);
    plan
}

fn endpoints_to_send(
    facts: &ServiceFacts,
    question: &Question,
    accepted: &BTreeMap<VpcEndpointId, Accepted>,
    in_scope: &impl Fn(&AccountId) -> bool,
) -> BTreeMap<AccountId, BTreeMap<VpcEndpointId, bool>> {
    let wanted = |id: &VpcEndpointId| match &question.send_on {
        SendOn::All => true,
        SendOn::Named(named) => named.contains(id),
    };
    let mut by_account: BTreeMap<AccountId, BTreeMap<VpcEndpointId, bool>> = BTreeMap::new();
    for stored in facts.stored.values().filter(|stored| wanted(&stored.vpc_endpoint)) {
        by_account.entry(stored.account.clone()).or_default().insert(stored.vpc_endpoint.clone(), false);
    }
    for connection in &facts.connections {
        let held = connection.state == VpcEndpointState::PendingAcceptance
            && !accepted.contains_key(&connection.vpc_endpoint);
        if accepted.contains_key(&connection.vpc_endpoint) || (wanted(&connection.vpc_endpoint) && !held) {
            let alive = matches!(
                connection.state,
                VpcEndpointState::PendingAcceptance | VpcEndpointState::Pending | VpcEndpointState::Available
            );
            let of_owner = by_account.entry(connection.owner.clone()).or_default();
            of_owner.insert(connection.vpc_endpoint.clone(), alive);
        }
    }
    by_account.retain(|account, _| in_scope(account));
    by_account
}

/// One intent for each hundred endpoints of an account; those that AWS says exist apart from the others.
fn send(
    plan: &mut Plan,
    subject: &Subject,
    account: &AccountId,
    vpc_endpoints: &BTreeMap<VpcEndpointId, bool>,
    question: &Question,
) {
    for announced in [true, false] {
        let ids: Vec<_> = vpc_endpoints.iter().filter(|(_, alive)| **alive == announced).collect();
        for ids in ids.chunks(Intent::MOST) {
            let intent = Intent {
                account: account.clone(),
                vpc_endpoints: ids.iter().map(|(id, _)| (*id).clone()).collect(),
                vpcs: BTreeSet::new(),
                announced,
                priority: match question.send_on {
                    SendOn::Named(_) => Priority::Event,
                    SendOn::All => Priority::Sweep,
                },
                cause: question.cause.to_owned(),
                since: question.since,
                run: None,
            };
            let step = Step::SendIntent { intent, delay_seconds: 0 };
            plan.push(subject.clone(), "their VPCs are to be looked at", vec![step]);
        }
    }
}

/// The stored holds that this review can judge. One that saw only waiting connections can tell that a
/// connection waits no longer, and nothing about established ones.
fn holds_in_scope(
    facts: &ServiceFacts,
    in_scope: &impl Fn(&AccountId) -> bool,
) -> BTreeMap<Subject, HoldReason> {
    let judged = |reason: &HoldReason| match reason {
        HoldReason::NotAllowed { owner } => in_scope(owner),
        HoldReason::Revoked { owner } => facts.complete && in_scope(owner),
        HoldReason::ServiceNotFound => facts.exists.is_some(),
        _ => false,
    };
    let holds = facts.holds.iter().filter(|(_, reason)| judged(reason));
    holds.map(|(subject, reason)| (subject.clone(), reason.clone())).collect()
}

#[cfg(test)]
mod tests;
