//! What applying plans has left: what is to be looked at once more, now or later.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use jiff::{SignedDuration, Timestamp};

use crate::apply::{GroupOutcome, Outcome};
use crate::error::Error;
use crate::model::dns::DnsName;
use crate::model::facts::{Facts, RecordFacts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{HostedZoneId, VpcId};
use crate::model::run::Part;
use crate::observe::Deferred;
use crate::plan::vpc::{Met, Refused};
use crate::plan::{Group, Plan, Step};

/// What is left of an intent, and what was done for it so far.
#[derive(Default)]
pub(super) struct Unfinished {
    /// Another worker was first.
    raced: BTreeSet<VpcId>,
    /// AWS refused a change.
    refused: Vec<Refused>,
    /// A change was put off: Route 53 was not ready for it.
    pub(super) not_yet: BTreeSet<VpcId>,
    /// There was no quota for a change, or another worker's is on its way; and for how long.
    pub(super) waits: BTreeMap<VpcId, SignedDuration>,
    /// What was not looked at.
    pub(super) deferred: Vec<Deferred>,
    /// The first step that failed for a reason that time may mend.
    pub(super) failed: Option<Error>,
    /// What was done.
    pub(super) part: Part,
    /// How many messages have their names, sent or not.
    pub(super) numbered: usize,
}

impl Unfinished {
    /// Notes what is left to do after a group of a plan that was made of `facts`.
    pub(super) fn note(&mut self, facts: &Facts, outcome: GroupOutcome<'_>) {
        let GroupOutcome { group, outcome, .. } = outcome;
        if let (Subject::Name(vpc, domain), true) = (&group.subject, is_of_a_zone(group)) {
            return self.note_zone(vpc, domain, group, outcome);
        }
        let record = record_of(facts, &group.subject);
        match (outcome, record) {
            (Outcome::Raced | Outcome::Unanswered(_), Some((vpc, _))) => {
                self.raced.insert(vpc.clone());
            }
            (Outcome::NotYet(_), Some((vpc, _))) => {
                self.not_yet.insert(vpc.clone());
            }
            (Outcome::NoQuota(wait), Some((vpc, _))) => self.wait_for([vpc.clone()].into(), wait),
            (Outcome::Refused(message), Some(record)) => {
                self.refuse(record, HoldReason::Route53Refused { message });
            }
            (Outcome::TooManyDeletes { run, at_most }, Some(record)) => {
                self.refuse(record, HoldReason::TooManyDeletes { run, at_most });
            }
            (Outcome::Denied(denied), Some(record)) => self.refuse(record, HoldReason::NoAccess(denied)),
            (Outcome::Failed(error), _) => {
                // What is journalled is logged already.
                if !group.is_journalled() {
                    tracing::warn!(subject = %group.subject, error = error.chain(), "a step failed");
                }
                self.failed.get_or_insert(error);
            }
            _ => {}
        }
    }

    /// Notes what is left to do after the steps for a zone. One that was made is looked at again at once: only then is
    /// its id known, and its record written.
    fn note_zone(&mut self, vpc: &VpcId, domain: &DnsName, group: &Group, outcome: Outcome) {
        let reason = match outcome {
            Outcome::Done if group.steps.iter().any(|step| matches!(step, Step::CreateZone { .. })) => None,
            Outcome::Raced | Outcome::Unanswered(_) => None,
            Outcome::ZoneRefused(reason) => Some(reason),
            Outcome::Denied(denied) => Some(HoldReason::NoAccess(denied)),
            Outcome::TooManyDeletes { run, at_most } => Some(HoldReason::TooManyDeletes { run, at_most }),
            Outcome::NotYet(_) => {
                self.not_yet.insert(vpc.clone());
                return;
            }
            Outcome::NoQuota(wait) => return self.wait_for([vpc.clone()].into(), wait),
            Outcome::Failed(error) => {
                self.failed.get_or_insert(error);
                return;
            }
            _ => return,
        };
        match reason {
            None => _ = self.raced.insert(vpc.clone()),
            Some(reason) => {
                let met =
                    deleted_by(group).map_or(Met::NoZone(domain.clone()), |zone| Met::Zone(zone.clone()));
                self.refused.push(Refused { vpc: vpc.clone(), met, reason });
            }
        }
    }

    fn refuse(&mut self, (vpc, record): (&VpcId, &RecordFacts), reason: HoldReason) {
        self.refused.push(Refused { vpc: vpc.clone(), met: Met::Record(Box::new(record.clone())), reason });
    }

    /// Looks again at these VPCs after `wait`, or later where something else says so.
    pub(super) fn wait_for(&mut self, vpcs: BTreeSet<VpcId>, wait: SignedDuration) {
        for vpc in vpcs {
            let longest = self.waits.entry(vpc).or_insert(wait);
            *longest = wait.max(*longest);
        }
    }

    /// Looks again where another worker's change is on its way.
    pub(super) fn look_again(&mut self, plan: &Plan, now: Timestamp) {
        let busy = plan.look_again.iter().map(|(vpc, at)| (vpc.clone(), at.duration_since(now)));
        self.waits.extend(busy);
    }

    /// The VPCs in which another worker was first or AWS refused a change, and these changes. They are noted no
    /// longer.
    pub(super) fn take_contested(&mut self) -> (BTreeSet<VpcId>, Vec<Refused>) {
        let refused = take(&mut self.refused);
        let vpcs = refused.iter().map(|refused| refused.vpc.clone()).chain(take(&mut self.raced));
        (vpcs.collect(), refused)
    }
}

/// The zone that a group deletes, if it deletes one.
fn deleted_by(group: &Group) -> Option<&HostedZoneId> {
    group.steps.iter().find_map(|step| match step {
        Step::DeleteZone { zone, .. } => Some(zone),
        _ => None,
    })
}

/// Whether a group is about a zone that is made, or was.
fn is_of_a_zone(group: &Group) -> bool {
    let of_a_zone = |step: &Step| {
        matches!(
            step,
            Step::PutZoneClaim { .. }
                | Step::CreateZone { .. }
                | Step::DeleteZone { .. }
                | Step::ReleaseZoneClaim { .. }
        )
    };
    group.steps.iter().any(of_a_zone)
}

/// What had been seen of the record that a group is about.
fn record_of<'a>(facts: &'a Facts, subject: &'a Subject) -> Option<(&'a VpcId, &'a RecordFacts)> {
    let Subject::Record(vpc, key) = subject else { return None };
    let here = facts.vpcs.iter().filter(|facts| facts.vpc == *vpc);
    here.flat_map(|facts| &facts.records).find(|record| record.key == *key).map(|record| (vpc, record))
}
