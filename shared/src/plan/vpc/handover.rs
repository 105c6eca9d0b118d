//! What people do to single records: hand one over to zonelink, or take it back.
//!
//! ```text
//! record sets seen          claim      handed over          taken back
//! A, AAAA, simple           –          claim as it stands   refused: it is not ours
//! absent                    –          refused              refused
//! A, AAAA, simple, absent   released   claim as it stands   refused: it was already
//! CNAME, alias, weighted…   not ours   refused              refused
//! any, marked by another controller   not ours   refused   refused
//! any                       ours       refused: it is       mark it as released, whatever stands there
//! any                       pending    refused: it is       refused until its time is over
//! ```
//!
//! Neither touches a record set. A claim on what stands there lets the next reconciliation write what is right; a
//! mark keeps every worker away until it is handed over again, whichever endpoints come and go meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::record::take_over;
use super::steps::{memories, put};
use super::view::View;
use crate::model::claim::{Claim, Released, union};
use crate::model::facts::{Association, Facts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, VpcId};
use crate::model::mark::Mark;
use crate::model::policy::Policy;
use crate::model::record::{Addresses, RecordKey};
use crate::model::repairs::Repairs;
use crate::plan::steps::{Plan, Step};
use crate::trigger::intent::Intent;

/// Why a record is not handed over, or not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No endpoint of the VPC gives an address to this name in this zone.
    #[error("no available endpoint of {0} leads to that name in that zone")]
    NotNeeded(VpcId),
    /// zonelink keeps it already.
    #[error("zonelink keeps it already, for {}", .0.service)]
    Ours(Box<Claim>),
    /// No record set stands there, so that nothing can be handed over.
    #[error("no record set stands there, and nothing keeps zonelink from making one")]
    Absent,
    /// What stands there cannot be kept by zonelink, or may not.
    #[error("{0}")]
    Held(HoldReason),
    /// A person has taken it back already.
    #[error("{} took it back at {:.0}", .0.by, .0.at)]
    AlreadyReleased(Released),
    /// A change is on its way.
    #[error("a change of it is on its way until {0:.0}")]
    Busy(jiff::Timestamp),
    /// Its claim names no endpoint any more.
    #[error("nothing needs it any more: the next sweep lets go of it")]
    Unused,
}

/// A record that is handed over: what answers now, what is to answer, and how it is brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    /// What the record answers now.
    pub before: Addresses,
    /// What it is to answer.
    pub after: Addresses,
    /// The claim, and the intent that makes it so.
    pub plan: Plan,
}

/// Hands over to zonelink what stands at a name that a VPC needs. `intent` is the one that led to `facts`.
///
/// # Errors
/// Why not.
pub fn adopt(
    intent: &Intent,
    facts: &Facts,
    policy: &Policy,
    vpc: &VpcId,
    key: &RecordKey,
) -> Result<HandOver, Refusal> {
    let not_needed = || Refusal::NotNeeded(vpc.clone());
    let vpc_facts = facts.vpcs.iter().find(|one| one.vpc == *vpc).ok_or_else(not_needed)?;
    let record = vpc_facts.records.iter().find(|record| record.key == *key).ok_or_else(not_needed)?;
    if let Some(claim) = record.claim.as_ref().filter(|claim| claim.released.is_none()) {
        return Err(Refusal::Ours(Box::new(claim.clone())));
    }
    let seen = record.seen.as_ref().map_err(|denied| Refusal::Held(HoldReason::NoAccess(denied.clone())))?;
    if let Some(Mark { controller, owner }) = seen.mark.clone() {
        return Err(Refusal::Held(HoldReason::ForeignController { controller, owner }));
    }
    if !seen.incompatible.is_empty() {
        let kinds = seen.incompatible.iter().cloned().collect();
        return Err(Refusal::Held(HoldReason::IncompatibleRecord { kinds }));
    }
    if seen.addresses().is_empty() && record.claim.is_none() {
        return Err(Refusal::Absent);
    }
    let view = View::new(intent, facts, policy, vpc_facts);
    let answer = view.answer(record);
    let desired = answer.desired.filter(|_| record.association == Association::Associated);
    let Some(desired) = desired else {
        return Err(answer.hold.map_or_else(not_needed, Refusal::Held));
    };
    let after = union(&desired.contributions);
    if after.is_empty() {
        return Err(not_needed());
    }
    let claim = put(&take_over(record, seen, &desired, vpc, facts.now));
    let vpcs = BTreeSet::from([vpc.clone()]);
    let send = Step::SendIntent { intent: of_vpcs(intent, &facts.account, vpcs), delay_seconds: 0 };
    let subject = Subject::Record(vpc.clone(), key.clone());
    let mut plan = Plan::default();
    let steps = memories(&view, &answer.own).into_iter().chain([claim, send]).collect();
    plan.push(subject, "handed over by hand: claim it as it stands", steps);
    Ok(HandOver { before: seen.addresses(), after, plan })
}

/// Takes a record back from zonelink, and leaves it as it is. `intent` gives the cause.
///
/// # Errors
/// Why not.
pub fn release(intent: &Intent, claim: &Claim, released: Released) -> Result<Plan, Refusal> {
    if let Some(released) = &claim.released {
        return Err(Refusal::AlreadyReleased(released.clone()));
    }
    if let Some(pending) = claim.pending.as_ref().filter(|pending| released.at < pending.until) {
        return Err(Refusal::Busy(pending.until));
    }
    let mut vpcs: BTreeMap<&AccountId, BTreeSet<VpcId>> = BTreeMap::new();
    for contribution in claim.contributions.values() {
        vpcs.entry(&contribution.account).or_default().insert(contribution.vpc.clone());
    }
    let leaves = claim.vpcs();
    let first = leaves.first().cloned().ok_or(Refusal::Unused)?;
    let mark = Claim {
        contributions: BTreeMap::new(),
        confirmed: Addresses::default(),
        ttl: None,
        repairs: Repairs::default(),
        pending: None,
        released: Some(released),
        version: claim.version + 1,
        ..claim.clone()
    };
    let mut steps = vec![Step::PutClaim {
        claim: Box::new(mark),
        expects: Some(claim.version),
        joins: BTreeSet::new(),
        leaves,
        zone: None,
    }];
    // So that the holds say so at once.
    steps.extend(vpcs.into_iter().map(|(account, vpcs)| Step::SendIntent {
        intent: of_vpcs(intent, account, vpcs),
        delay_seconds: 0,
    }));
    let mut plan = Plan::default();
    plan.push(Subject::Record(first, claim.key.clone()), "taken back by hand: leave it as it is", steps);
    Ok(plan)
}

fn of_vpcs(intent: &Intent, account: &AccountId, vpcs: BTreeSet<VpcId>) -> Intent {
    let account = account.clone();
    Intent {
        account,
        vpc_endpoints: BTreeSet::new(),
        vpcs,
        reviewed: BTreeMap::new(),
        gone: None,
        ..intent.clone()
    }
}

#[cfg(test)]
mod tests;
