//! Who may connect.
//!
//! ```text
//! connection           owner is     definition, facts                step
//! pendingAcceptance    allowed                                       AcceptVpcEndpointConnections
//! pendingAcceptance    not allowed  disallowed: leave                Hold(NotAllowed)
//! pendingAcceptance    not allowed  disallowed: reject               RejectVpcEndpointConnections
//! pending, available   not allowed  disallowed: leave                Hold(Revoked since)
//! pending, available   not allowed  reject, within the grace         Hold(Revoked since)
//! pending, available   not allowed  reject, after the grace          RejectVpcEndpointConnections
//! any of these         not allowed  reject, the list is empty        Hold as for leave, Hold(AllowListEmpty)
//! any of these         not allowed  more rejects than max_rejects    Hold as for leave, Hold(TooManyRejects)
//! pendingAcceptance    unknown      –                                Hold(AllowListUnreadable)
//! pending, available   unknown      –                                its stored hold stays
//! pending, available   allowed      –                                nothing
//! any of these         allowed      its region is another            as above, Hold(OtherRegion), no intent
//! anything else        –            –                                nothing
//! ```
//!
//! Who is allowed, who is not, and of whom nobody knows, is decided in `allowance`. The list itself is held as
//! `AllowListUnreadable` while somebody is unknown, and as `UncheckablePrincipals` while it mirrors principals
//! that match nobody. A review that sees a part only (the waiting connections, some accounts) neither ends these
//! holds nor one of `TooManyRejects`, and rejects nobody while the latter stands.
//!
//! A service that this account does not have is a mistake, held as `ServiceNotFound`, or somebody else's, of which the
//! accounts on the list are clients: then nothing is accepted, and each of these accounts is asked for its endpoints.
//! The first that is remembered ends the hold.
//!
//! One review accepts so many at most, its owners in turns, and leaves the others to the next one.
//!
//! What is accepted is decided from `DescribeVpcEndpointConnections` alone, never from an event. The
//! endpoints of what is accepted, and those that the event named, are sent on to be reconciled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;

use super::allowance::{Allowance, allowance};
use super::gone::gone;
pub use super::question::{Question, SendOn};
use super::question::{Told, intent_of, send};
use super::removed;
use super::verdicts::Verdicts;
use crate::limits::Limit;
use crate::model::facts::{AllowListFacts, ServiceFacts, StoredEndpoint, VpcEndpointState};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, ServiceId, VpcEndpointId};
use crate::model::policy::{Policy, Principal, ServiceDefinition};
use crate::plan::steps::{Accepted, Plan, Step};

/// How many rules a reason names.
const RULES_NAMED: usize = 5;

/// Decides on the connections of one service.
#[must_use]
pub fn plan(facts: &ServiceFacts, definition: &ServiceDefinition, question: &Question) -> Plan {
    if definition.removed.is_some() {
        return removed::plan(facts, question);
    }
    let verdicts = Verdicts::of(facts, definition, question);
    let mut plan = Plan { holds: verdicts.holds.clone(), ..Plan::default() };
    let subject = Subject::Service(facts.service.clone());
    if facts.exists == Some(false) {
        if !facts.stored.values().any(StoredEndpoint::is_alive) {
            plan.holds.insert(subject.clone(), HoldReason::ServiceNotFound);
        }
        find_endpoints(&mut plan, &subject, definition, question);
    }
    accept(&mut plan, facts, &verdicts);
    reject(&mut plan, facts, &verdicts, definition.revocation_grace);
    let mut told = Told { gone: gone(facts, question), ..Told::default() };
    for (account, vpc_endpoints) in endpoints_to_send(facts, question, &verdicts) {
        told.reviewed = reviewed(definition, facts, &account);
        send(&mut plan, &subject, &account, &vpc_endpoints, &told, question);
    }
    plan.settle_holds(&judged_holds(facts, question, &plan), None, question.now);
    plan
}

/// Whether a rule allows `owner` without Organizations being asked, given the service's permissions.
#[must_use]
pub fn is_allowed_without_organizations(
    definition: &ServiceDefinition,
    read: &AllowListFacts,
    owner: &AccountId,
) -> bool {
    matches!(allowance(definition, read, owner, false), Allowance::Allowed(_))
}

/// What is known of an account that AWS has connected, for those who make the records.
fn reviewed(
    definition: &ServiceDefinition,
    facts: &ServiceFacts,
    account: &AccountId,
) -> BTreeMap<ServiceId, bool> {
    let allowed = match allowance(definition, &facts.allow_list, account, true) {
        Allowance::Allowed(_) => Some(true),
        Allowance::NotAllowed => Some(false),
        Allowance::Unknown(_) => None,
    };
    allowed.map(|allowed| (facts.service.clone(), allowed)).into_iter().collect()
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
        Subject::Service(service) | Subject::AllowList(service) | Subject::Connection(service, _) => {
            !policy.services.contains_key(service) && !refused.contains_key(service.as_str())
        }
        _ => false,
    };
    let stored = holds.iter().filter(|(subject, _)| judged(subject));
    plan.settle_holds(&stored.map(|(s, r)| (s.clone(), r.clone())).collect(), None, now);
    plan
}

/// Ends the holds to which a sweep of everything leads no message: on accounts that have nothing left to look at, and
/// on endpoints that were announced, never seen, and are connected to no service. Nothing else would end them.
#[must_use]
pub fn plan_left_holds(
    accounts: &BTreeSet<AccountId>,
    vpc_endpoints: &BTreeSet<(AccountId, VpcEndpointId)>,
    holds: &BTreeMap<Subject, HoldReason>,
    now: Timestamp,
) -> Plan {
    let mut plan = Plan::default();
    let left = holds.iter().filter(|(subject, _)| match subject {
        Subject::Account(account) => !accounts.contains(account),
        Subject::UnknownEndpoint(account, vpc_endpoint) => {
            !vpc_endpoints.contains(&(account.clone(), vpc_endpoint.clone()))
        }
        _ => false,
    });
    plan.settle_holds(&left.map(|(s, r)| (s.clone(), r.clone())).collect(), None, now);
    plan
}

fn accept(plan: &mut Plan, facts: &ServiceFacts, verdicts: &Verdicts) {
    let accepted: Vec<_> = verdicts.accepted.clone().into_iter().collect();
    for some in Limit::Connections.split(&accepted) {
        let vpc_endpoints: BTreeMap<_, _> = some.iter().cloned().collect();
        let mut reason = format!("their owners are allowed by {}", rules(&vpc_endpoints));
        if verdicts.left > 0 {
            _ = write!(reason, "; {} more wait for the next review", verdicts.left);
        }
        let step = Step::AcceptConnections { service: facts.service.clone(), vpc_endpoints };
        plan.push(Subject::Service(facts.service.clone()), reason, vec![step]);
    }
}

/// The rules by which some are accepted, a few of them by name.
fn rules(accepted: &BTreeMap<VpcEndpointId, Accepted>) -> String {
    let rules: BTreeSet<&str> = accepted.values().map(|accepted| accepted.rule.as_str()).collect();
    let named: Vec<&str> = rules.iter().copied().take(RULES_NAMED).collect();
    match rules.len().saturating_sub(RULES_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more rules", named.join(", ")),
    }
}

/// Rejects those that wait and those that are established apart, for their reasons differ.
fn reject(plan: &mut Plan, facts: &ServiceFacts, verdicts: &Verdicts, grace: u32) {
    let rejected = verdicts.rejected.clone().into_iter();
    let (waiting, established): (Vec<_>, Vec<_>) = rejected.partition(|(_, one)| one.since.is_none());
    let at_once = "no rule of the allow list matches their owners (disallowed: reject)".to_owned();
    let in_time = format!("no rule has matched their owners for {grace} s or longer (disallowed: reject)");
    for (rejected, reason) in [(waiting, at_once), (established, in_time)] {
        for some in Limit::Connections.split(&rejected) {
            let vpc_endpoints: BTreeMap<_, _> = some.iter().cloned().collect();
            // What was held ends being held when it is done: until then the hold keeps the moment.
            let held = vpc_endpoints.keys().map(|id| Subject::Connection(facts.service.clone(), id.clone()));
            let held = held.filter(|subject| facts.holds.contains_key(subject));
            let ended: Vec<_> = held.map(|subject| Step::DeleteHold { subject }).collect();
            let step = Step::RejectConnections { service: facts.service.clone(), vpc_endpoints };
            let steps = [step].into_iter().chain(ended).collect();
            plan.push(Subject::Service(facts.service.clone()), reason.clone(), steps);
        }
    }
}

fn endpoints_to_send(
    facts: &ServiceFacts,
    question: &Question,
    verdicts: &Verdicts,
) -> BTreeMap<AccountId, BTreeMap<VpcEndpointId, bool>> {
    let wanted = |id: &VpcEndpointId| match &question.send_on {
        SendOn::All => true,
        SendOn::Named(named) => named.contains(id),
    };
    let mut by_account: BTreeMap<AccountId, BTreeMap<VpcEndpointId, bool>> = BTreeMap::new();
    for stored in facts.stored.values().filter(|stored| wanted(&stored.vpc_endpoint)) {
        by_account.entry(stored.account.clone()).or_default().insert(stored.vpc_endpoint.clone(), false);
    }
    for connection in facts.connections.iter().filter(|one| question.elsewhere(one).is_none()) {
        let id = &connection.vpc_endpoint;
        let waits = connection.state == VpcEndpointState::PendingAcceptance;
        // An established connection that is rejected leaves its records.
        let changes = verdicts.accepted.contains_key(id) || (!waits && verdicts.rejected.contains_key(id));
        if changes || (wanted(id) && !waits) {
            let alive =
                waits || matches!(connection.state, VpcEndpointState::Pending | VpcEndpointState::Available);
            by_account.entry(connection.owner.clone()).or_default().insert(id.clone(), alive);
        }
    }
    by_account.retain(|account, _| question.concerns(account));
    by_account
}

/// One intent for each account that the definition names. No connections are shown of somebody else's service, so only
/// the accounts themselves tell which endpoints they have.
fn find_endpoints(plan: &mut Plan, subject: &Subject, definition: &ServiceDefinition, question: &Question) {
    for account in definition.allowed_principals.iter().filter_map(Principal::account) {
        if question.concerns(account) {
            let intent = intent_of(account, &BTreeSet::new(), false, &Told::default(), question);
            let step = Step::SendIntent { intent, delay_seconds: 0 };
            plan.push(
                subject.clone(),
                "the service is not of this account: its endpoints are to be found",
                vec![step],
            );
        }
    }
}

/// The stored holds that this review can judge. One that saw only waiting connections can tell that a
/// connection waits no longer, and nothing about established ones.
fn judged_holds(facts: &ServiceFacts, question: &Question, plan: &Plan) -> BTreeMap<Subject, HoldReason> {
    let judged = |subject: &Subject, reason: &HoldReason| match (subject, reason) {
        (_, HoldReason::NotAllowed { owner }) => question.concerns(owner),
        (_, HoldReason::Revoked { owner, .. } | HoldReason::OtherRegion { owner, .. }) => {
            facts.complete && question.concerns(owner)
        }
        (_, HoldReason::ServiceNotFound) => facts.exists.is_some(),
        (Subject::Connection(_, id), HoldReason::AllowListUnreadable { .. }) => {
            let seen = facts.connections.iter().find(|connection| connection.vpc_endpoint == *id);
            seen.map_or(question.accounts.is_empty(), |connection| question.concerns(&connection.owner))
        }
        (Subject::AllowList(_) | Subject::Service(_), _) => {
            question.sees_all(facts) || plan.holds.contains_key(subject)
        }
        // Of a reason that only another version writes there it is not known what would show it.
        _ => question.sees_all(facts),
    };
    let holds = facts.holds.iter().filter(|(subject, reason)| judged(subject, reason));
    holds.map(|(subject, reason)| (subject.clone(), reason.clone())).collect()
}

#[cfg(test)]
mod tests;
