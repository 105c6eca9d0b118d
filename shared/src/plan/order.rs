//! In which order the groups of a plan are applied, and what may be done side by side.

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{Group, Plan, Step};
use crate::model::hold::Subject;
use crate::model::ids::VpcId;

/// How many changes are under way side by side in one VPC: a function has few connections to spare.
const MOST: usize = 20;

/// Groups that do not depend on each other.
type Wave<'a> = Vec<&'a Group>;

impl Plan {
    /// The groups VPC by VPC. VPCs do not depend on each other; the waves of one are applied one after the other.
    #[must_use]
    pub fn waves(&self) -> Vec<Vec<Wave<'_>>> {
        let mut by_vpc: BTreeMap<Option<&VpcId>, Vec<Wave<'_>>> = BTreeMap::new();
        for group in &self.groups {
            let waves = by_vpc.entry(group.subject.vpc()).or_default();
            match waves.last_mut() {
                Some(wave) if wave.len() < MOST && joins(wave, group) => wave.push(group),
                _ => waves.push(vec![group]),
            }
        }
        by_vpc.into_values().collect()
    }
}

/// Whether a group may be applied together with those of a wave: all are about records, each about another one.
fn joins(wave: &Wave<'_>, group: &Group) -> bool {
    let records: Option<BTreeSet<_>> = wave.iter().map(|group| alone(group)).collect();
    alone(group).zip(records).is_some_and(|(record, records)| !records.contains(record))
}

/// The record that a group is about, if it is about nothing else. An endpoint is remembered before a claim
/// names it, and forgotten after the last one. Two claims that come into one zone that was made would be in each other's
/// way: the transaction of each has the claim on the zone.
fn alone(group: &Group) -> Option<&Subject> {
    let is_of_more =
        |step: &Step| matches!(step, Step::PutEndpoint { .. } | Step::PutClaim { zone: Some(_), .. });
    let is_of_more = group.steps.iter().any(is_of_more);
    matches!(group.subject, Subject::Record(..)).then_some(&group.subject).filter(|_| !is_of_more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::StoredEndpoint;
    use crate::model::record::Addresses;

    fn record(vpc: u32, name: &str) -> Group {
        let key = format!("Z1/{name}.example.com").parse().unwrap_or_else(|error| panic!("{error}"));
        group(Subject::Record(id(vpc), key))
    }

    fn endpoint(vpc: u32) -> Group {
        let vpc_endpoint = "vpce-00000001".parse().unwrap_or_else(|error| panic!("{error}"));
        group(Subject::VpcEndpoint(id(vpc), vpc_endpoint))
    }

    fn group(subject: Subject) -> Group {
        Group { subject, reason: String::new(), steps: Vec::new() }
    }

    fn id(vpc: u32) -> VpcId {
        format!("vpc-{vpc:08x}").parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn sizes(groups: Vec<Group>) -> Vec<Vec<usize>> {
        let plan = Plan { groups, ..Plan::default() };
        plan.waves().iter().map(|waves| waves.iter().map(Vec::len).collect()).collect()
    }

    #[test]
    fn different_records_of_a_vpc_are_changed_side_by_side() {
        assert_eq!(sizes(vec![record(1, "a"), record(1, "b"), record(1, "c")]), [[3]]);
    }

    #[test]
    fn a_vpc_of_many_zones_is_changed_in_parts() {
        let many = (0..45).map(|number| record(1, &format!("z{number}"))).collect();
        assert_eq!(sizes(many), [[20, 20, 5]]);
    }

    #[test]
    fn one_record_is_changed_step_by_step() {
        assert_eq!(sizes(vec![record(1, "a"), record(1, "a")]), [[1, 1]]);
    }

    #[test]
    fn what_is_known_of_an_endpoint_comes_before_its_records_and_its_wait_after_them() {
        assert_eq!(sizes(vec![endpoint(1), record(1, "a"), record(1, "b"), endpoint(1)]), [[1, 2, 1]]);
    }

    #[test]
    fn endpoint_is_forgotten_when_all_other_records_are_done() {
        let endpoint = StoredEndpoint {
            vpc_endpoint: "vpce-00000001".parse().unwrap_or_else(|error| panic!("{error}")),
            account: "111111111111".parse().unwrap_or_else(|error| panic!("{error}")),
            service: "vpce-svc-00000001".parse().unwrap_or_else(|error| panic!("{error}")),
            vpc: id(1),
            state: None,
            addresses: Addresses::default(),
            allowed: None,
            first_seen: jiff::Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        let mut last = record(1, "c");
        last.steps.push(Step::PutEndpoint { endpoint: Box::new(endpoint) });
        assert_eq!(sizes(vec![record(1, "a"), record(1, "b"), last, record(1, "d")]), [[2, 1, 1]]);
    }

    #[test]
    fn vpcs_do_not_wait_for_each_other() {
        assert_eq!(sizes(vec![record(1, "a"), record(2, "a"), record(1, "b")]), [vec![2], vec![1]]);
    }
}
