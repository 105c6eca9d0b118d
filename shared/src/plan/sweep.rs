//! Where a sweep looks besides the endpoints that reviews of services send on.
//!
//! ```text
//! VPC in which stands                                                   a review sends for it   step
//! a remembered endpoint of a defined or removed service                 yes                     nothing more
//! a claim whose VPC has no remembered endpoint: its memory was lost     no                      SendIntent
//! a claim or a remembered endpoint of a service that nothing defines,
//!   or whose definition is refused                                      no                      SendIntent
//! a hold of which nothing else is left                                  no                      SendIntent
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::steps::{Plan, Step};
use crate::limits::Limit;
use crate::model::claim::IndexedClaim;
use crate::model::facts::{Place, SweepFacts};
use crate::model::hold::Subject;
use crate::model::ids::{AccountId, ServiceId, VpcId};
use crate::model::rate::Priority;
use crate::trigger::intent::Intent;

/// What a sweep asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// Only claims of these services; all when empty.
    pub services: &'a BTreeSet<ServiceId>,
    /// Only VPCs of these accounts; all when empty.
    pub accounts: &'a BTreeSet<AccountId>,
    /// VPCs to which reviews of services have led.
    pub reviewed: &'a BTreeSet<Place>,
    /// What led here, for the journal.
    pub cause: &'a str,
}

/// Sends one intent for each hundred VPCs of an account that nothing else leads to.
#[must_use]
pub fn plan(facts: &SweepFacts, question: &Question) -> Plan {
    let service = |service: &ServiceId| question.services.is_empty() || question.services.contains(service);
    let claims = facts.claims.iter().filter(|claim| service(&claim.service));
    let undefined = facts.undefined.iter().filter(|endpoint| service(&endpoint.service));
    let remembered = undefined.map(|endpoint| (endpoint.account.clone(), endpoint.vpc.clone()));
    // A hold does not say of which service it is.
    let held = facts.held.iter().filter(|_| question.services.is_empty()).cloned();
    let mut by_account: BTreeMap<AccountId, BTreeSet<VpcId>> = BTreeMap::new();
    for (account, vpc) in claims.flat_map(IndexedClaim::places).chain(remembered).chain(held) {
        let wanted = question.accounts.is_empty() || question.accounts.contains(&account);
        if wanted && !question.reviewed.contains(&(account.clone(), vpc.clone())) {
            by_account.entry(account).or_default().insert(vpc);
        }
    }
    let mut plan = Plan::default();
    for (account, vpcs) in by_account {
        for vpcs in Limit::IntentSubjects.split(&vpcs.into_iter().collect::<Vec<_>>()) {
            let intent = Intent {
                account: account.clone(),
                vpc_endpoints: BTreeSet::new(),
                vpcs: vpcs.iter().cloned().collect(),
                announced: false,
                reviewed: BTreeMap::new(),
                gone: None,
                message: None,
                attempt: 0,
                priority: Priority::Sweep,
                edit: None,
                cause: question.cause.to_owned(),
                since: None,
                run: None,
            };
            let step = Step::SendIntent { intent, delay_seconds: 0 };
            plan.push(Subject::Account(account.clone()), "claims and holds lead there", vec![step]);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::StoredEndpoint;
    use crate::model::record::Addresses;

    const PARTNER: &str = "444455556666";

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn claim(service: u8, vpc: u32) -> IndexedClaim {
        IndexedClaim {
            service: id(&format!("vpce-svc-0000000{service}")),
            account: id(PARTNER),
            vpc: id(&format!("vpc-{vpc:08x}")),
            others: BTreeMap::new(),
        }
    }

    fn visited(facts: &SweepFacts, services: &[&str], accounts: &[&str], reviewed: &[u32]) -> Vec<usize> {
        let question = Question {
            services: &services.iter().map(|service| id(service)).collect(),
            accounts: &accounts.iter().map(|account| id(account)).collect(),
            reviewed: &reviewed.iter().map(|vpc| (id(PARTNER), id(&format!("vpc-{vpc:08x}")))).collect(),
            cause: "a test",
        };
        let plan = plan(facts, &question);
        let vpcs = plan.steps().map(|step| match step {
            Step::SendIntent { intent, .. } => intent.vpcs.len(),
            _ => 0,
        });
        vpcs.collect()
    }

    #[test]
    fn claim_that_no_review_leads_to_is_visited() {
        let facts = SweepFacts { claims: vec![claim(1, 1), claim(1, 2)], ..SweepFacts::default() };
        assert_eq!(visited(&facts, &[], &[], &[]), [2]);
        assert_eq!(visited(&facts, &[], &[], &[1]), [1]);
        assert_eq!(visited(&facts, &[], &[], &[1, 2]), [0; 0]);
    }

    #[test]
    fn remembered_endpoint_of_a_service_that_nothing_defines_is_visited() {
        let endpoint = StoredEndpoint {
            service: id("vpce-svc-00000001"),
            vpc_endpoint: id("vpce-00000001"),
            account: id(PARTNER),
            vpc: id("vpc-00000007"),
            state: None,
            addresses: Addresses::default(),
            allowed: None,
            first_seen: jiff::Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        let facts =
            SweepFacts { claims: vec![claim(1, 7)], undefined: vec![endpoint], ..SweepFacts::default() };
        assert_eq!(visited(&facts, &[], &[], &[]), [1], "once, though a claim names it too");
    }

    #[test]
    fn hold_that_nothing_else_leads_to_is_visited_so_that_it_can_end() {
        let held = [(id(PARTNER), id("vpc-00000001"))].into();
        let facts = SweepFacts { held, ..SweepFacts::default() };
        assert_eq!(visited(&facts, &[], &[], &[]), [1]);
        assert_eq!(visited(&facts, &[], &[], &[1]), [0; 0]);
        assert_eq!(visited(&facts, &["vpce-svc-00000001"], &[], &[]), [0; 0]);
    }

    #[test]
    fn every_vpc_that_adds_to_a_claim_is_visited_each_in_its_own_account() {
        let mut shared = claim(1, 1);
        shared.others = [(id("vpc-00000002"), id("777788889999"))].into();
        let facts = SweepFacts { claims: vec![shared], ..SweepFacts::default() };
        assert_eq!(visited(&facts, &[], &[], &[]), [1, 1]);
        assert_eq!(visited(&facts, &[], &["777788889999"], &[]), [1]);
    }

    #[test]
    fn services_that_are_not_asked_for_are_left_out_and_hundreds_are_parted() {
        let claims = (0..250).map(|vpc| claim(1, vpc)).chain([claim(2, 1)]).collect();
        let facts = SweepFacts { claims, ..SweepFacts::default() };
        assert_eq!(visited(&facts, &["vpce-svc-00000001"], &[], &[]), [100, 100, 50]);
        assert_eq!(visited(&facts, &["vpce-svc-00000002"], &[], &[]), [1]);
    }
}
