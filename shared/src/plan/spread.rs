//! Spreading what a scheduled sweep sends: each account's messages come at a moment of their own.
//!
//! The moment is the same in each sweep, so an account is looked at as often as the schedule says. What a sweep finds
//! for the first time is sent at once.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::steps::{Plan, Step};
use crate::model::ids::{AccountId, VpcEndpointId};
use crate::model::rate::LONGEST_DELAY;

/// Delays the messages of a plan by their accounts, over the longest time for which SQS keeps a message back. That is
/// the interval of the template's schedule, too. `known` are the endpoints of which something is remembered: a message
/// that names another one, or one whose connection this plan decides on, is not delayed.
pub fn spread(plan: &mut Plan, known: &BTreeSet<&VpcEndpointId>) {
    let decided: BTreeSet<VpcEndpointId> = plan.steps().flat_map(decided).cloned().collect();
    let is_old = |id: &VpcEndpointId| known.contains(id) && !decided.contains(id);
    for step in plan.groups.iter_mut().flat_map(|group| &mut group.steps) {
        if let Step::SendIntent { intent, delay_seconds } = step
            && intent.vpc_endpoints.iter().all(is_old)
        {
            *delay_seconds = moment(&intent.account).max(*delay_seconds);
        }
    }
}

/// The endpoints whose connections a step accepts or rejects.
fn decided(step: &Step) -> Vec<&VpcEndpointId> {
    match step {
        Step::AcceptConnections { vpc_endpoints, .. } => vpc_endpoints.keys().collect(),
        Step::RejectConnections { vpc_endpoints, .. } => vpc_endpoints.keys().collect(),
        _ => Vec::new(),
    }
}

/// An account's moment, in seconds after the sweep. A hash, because account numbers that were given together lie
/// close together.
fn moment(account: &AccountId) -> i32 {
    let hash = Sha256::digest(account.as_str());
    let hash = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let moments = u32::try_from(LONGEST_DELAY.as_secs()).unwrap_or(1);
    i32::try_from(hash % moments).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::hold::Subject;
    use crate::model::rate::Priority;
    use crate::plan::steps::Accepted;
    use crate::trigger::intent::Intent;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn send(plan: &mut Plan, account: &str, vpc_endpoints: &[&str]) {
        let intent = Intent {
            account: id(account),
            vpc_endpoints: vpc_endpoints.iter().map(|text| id(text)).collect(),
            vpcs: BTreeSet::new(),
            announced: false,
            reviewed: BTreeMap::new(),
            gone: None,
            message: None,
            priority: Priority::Sweep,
            edit: None,
            cause: "a sweep".into(),
            since: None,
            run: None,
            attempt: 0,
        };
        let step = Step::SendIntent { intent, delay_seconds: 0 };
        plan.push(Subject::Account(id(account)), "a test", vec![step]);
    }

    fn delays(plan: &mut Plan, known: &[&str]) -> Vec<i32> {
        let known: Vec<VpcEndpointId> = known.iter().map(|text| id(text)).collect();
        spread(plan, &known.iter().collect());
        let delay = |step: &Step| match step {
            Step::SendIntent { delay_seconds, .. } => Some(*delay_seconds),
            _ => None,
        };
        plan.steps().filter_map(delay).collect()
    }

    #[test]
    fn accounts_come_evenly_over_the_longest_delay() {
        let mut plan = Plan::default();
        for number in 0..1000 {
            send(&mut plan, &format!("{}", 500_000_000_000_u64 + number), &[]);
        }
        let mut minutes = BTreeMap::new();
        for delay in delays(&mut plan, &[]) {
            assert!((0..=900).contains(&delay));
            *minutes.entry(delay / 60).or_insert(0) += 1;
        }
        assert_eq!(minutes.len(), 15);
        assert!(minutes.values().all(|accounts| (40..=100).contains(accounts)), "{minutes:?}");
    }

    #[test]
    fn account_has_the_same_moment_in_each_sweep_and_for_each_of_its_messages() {
        let mut plan = Plan::default();
        send(&mut plan, "444455556666", &["vpce-00000001"]);
        send(&mut plan, "444455556666", &["vpce-00000002"]);
        let first = delays(&mut plan, &["vpce-00000001", "vpce-00000002"]);
        assert_eq!(first, [moment(&id("444455556666")); 2]);
        assert!(first[0] > 0);
        assert_eq!(delays(&mut plan, &["vpce-00000001", "vpce-00000002"]), first);
    }

    #[test]
    fn what_is_found_for_the_first_time_or_accepted_here_is_sent_at_once() {
        let mut plan = Plan::default();
        send(&mut plan, "444455556666", &["vpce-00000001", "vpce-00000002"]);
        assert_eq!(delays(&mut plan, &["vpce-00000001"]), [0]);
        let accepted = Accepted { owner: id("444455556666"), rule: "444455556666".into() };
        let step = Step::AcceptConnections {
            service: id("vpce-svc-00000001"),
            vpc_endpoints: [(id("vpce-00000002"), accepted)].into(),
        };
        plan.push(Subject::Service(id("vpce-svc-00000001")), "a test", vec![step]);
        assert_eq!(delays(&mut plan, &["vpce-00000001", "vpce-00000002"]), [0]);
    }
}
