//! The digest of a plan: the same as long as the same is done and held, and another as soon as not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use shared::model::claim::{Claim, Contribution, Origin, Pending};
use shared::model::facts::StoredEndpoint;
use shared::model::hold::{Hold, HoldReason, Subject};
use shared::model::ids::VpcEndpointId;
use shared::model::rate::Priority;
use shared::model::record::{Addresses, RecordKey, SeenRecords};
use shared::model::repairs::Repairs;
use shared::plan::digest::PlanContent;
use shared::plan::{Accepted, Group, Plan, Rejected, Step};
use shared::trigger::intent::Intent;

const VPC: &str = "vpc-00000001";
const ACCOUNT: &str = "444455556666";
const SERVICE: &str = "vpce-svc-00000001";

fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn digest(plan: &Plan) -> String {
    PlanContent::of([plan]).digest().to_string()
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..1_000_000i64)
        .prop_map(|seconds| id::<Timestamp>("2026-03-02T09:15:00Z") + SignedDuration::from_secs(seconds))
}

fn addresses() -> impl Strategy<Value = Addresses> {
    let a = subsequence(vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"], 1..=3);
    a.prop_map(|a| Addresses { a: a.into_iter().map(id).collect(), ..Addresses::default() })
}

/// What a plan is made of: what is done, and when.
#[derive(Debug, Clone)]
struct Made {
    what: What,
    when: When,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct What {
    seen: Addresses,
    desired: Addresses,
    /// The version of the claim that stands there; none when there is none.
    version: Option<u64>,
    accepted: BTreeSet<&'static str>,
    rejected: BTreeSet<&'static str>,
    held: Option<&'static str>,
}

#[derive(Debug, Clone)]
struct When {
    now: Timestamp,
    since: Timestamp,
    cause: String,
    /// How far the groups are turned.
    order: Index,
    /// Whether room is reserved in the plan, or was with the reads.
    reserves: bool,
    /// Whether the turn of a waiting chain has come.
    waits: bool,
}

fn what() -> impl Strategy<Value = What> {
    let endpoints = || subsequence(vec!["vpce-00000001", "vpce-00000002"], 0..=2);
    let version = prop::option::of(1..5u64);
    let held = prop::option::of(select(vec!["Z2", "Z3"]));
    (addresses(), addresses(), version, endpoints(), endpoints(), held).prop_map(
        |(seen, desired, version, accepted, rejected, held)| What {
            seen,
            desired,
            version,
            accepted: accepted.into_iter().collect(),
            rejected: rejected.into_iter().collect(),
            held,
        },
    )
}

fn when() -> impl Strategy<Value = When> {
    (moment(), moment(), "[a-z]{1,9}", any::<Index>(), any::<bool>(), any::<bool>()).prop_map(
        |(now, since, cause, order, reserves, waits)| When { now, since, cause, order, reserves, waits },
    )
}

fn made() -> impl Strategy<Value = Made> {
    (what(), when()).prop_map(|(what, when)| Made { what, when })
}

fn key(zone: &str) -> RecordKey {
    RecordKey { zone: id(zone), name: id("*.aws.byoc.example.com") }
}

impl Made {
    fn plan(&self) -> Plan {
        let mut plan =
            Plan { groups: vec![self.record(), self.connections(), self.memory()], ..Plan::default() };
        plan.groups.extend(self.when.waits.then(|| self.turn()));
        if let Some(zone) = self.what.held {
            let subject = Subject::Record(id(VPC), key(zone));
            let reason = HoldReason::Revoked { owner: id(ACCOUNT), since: Some(self.when.since) };
            let hold = Hold {
                subject: subject.clone(),
                reason: reason.clone(),
                account: None,
                since: self.when.now,
                expires_at: Some(self.when.now.as_second()),
            };
            let steps = vec![Step::PutHold { hold: Box::new(hold) }];
            plan.groups.push(Group { subject: subject.clone(), reason: "held".into(), steps });
            plan.holds.insert(subject, reason);
        }
        let turn = self.when.order.index(plan.groups.len());
        plan.groups.rotate_left(turn);
        plan
    }

    fn record(&self) -> Group {
        let What { seen, desired, version, .. } = &self.what;
        let now = self.when.now;
        let until = now + SignedDuration::from_secs(60);
        let contribution =
            Contribution { vpc: id(VPC), account: id(ACCOUNT), addresses: desired.clone(), consent: None };
        let claim = Claim {
            key: key("Z1"),
            zone_account: id(ACCOUNT),
            service: id(SERVICE),
            contributions: BTreeMap::from([(id("vpce-00000001"), contribution)]),
            origin: Origin::Created,
            confirmed: seen.clone(),
            pending: Some(Pending { from: seen.clone(), to: desired.clone(), ttl: Some(60), until }),
            ttl: None,
            repairs: Repairs::default(),
            released: None,
            version: version.map_or(u64::try_from(now.as_nanosecond()).unwrap(), |version| version + 1),
        };
        let put = |claim: &Claim, expects| Step::PutClaim {
            claim: Box::new(claim.clone()),
            expects,
            joins: BTreeSet::new(),
            leaves: BTreeSet::new(),
            zone: None,
        };
        let before = SeenRecords::default();
        let before = before.apply(&before.changes_to(seen, 300)).unwrap();
        let changes = before.changes_to(desired, 60);
        let reserve = Step::Reserve { account: id(ACCOUNT), requests: 1 };
        let mut steps: Vec<Step> = self.when.reserves.then_some(reserve).into_iter().collect();
        steps.push(put(&claim, *version));
        let put_back = vec![Step::ReleaseClaim { key: key("Z1"), expects: 8, leaves: BTreeSet::new() }];
        steps.push(Step::ChangeRecords { account: id(ACCOUNT), key: key("Z1"), changes, until, put_back });
        steps.push(put(&claim.confirm(), Some(claim.version)));
        Group { subject: Subject::Record(id(VPC), key("Z1")), reason: "drift".into(), steps }
    }

    fn connections(&self) -> Group {
        let accepted = Accepted { owner: id(ACCOUNT), rule: ACCOUNT.into() };
        let rejected = Rejected { owner: id(ACCOUNT), since: Some(self.when.since) };
        let endpoints =
            |names: &BTreeSet<&str>| names.iter().map(|name| id::<VpcEndpointId>(name)).collect::<Vec<_>>();
        let (yes, no) = (endpoints(&self.what.accepted), endpoints(&self.what.rejected));
        let accept = Step::AcceptConnections {
            service: id(SERVICE),
            vpc_endpoints: yes.into_iter().map(|id| (id, accepted.clone())).collect(),
        };
        let reject = Step::RejectConnections {
            service: id(SERVICE),
            vpc_endpoints: no.into_iter().map(|id| (id, rejected.clone())).collect(),
        };
        let steps = vec![accept, reject, self.send(0)];
        Group { subject: Subject::Service(id(SERVICE)), reason: "allowed".into(), steps }
    }

    fn memory(&self) -> Group {
        let endpoint = StoredEndpoint {
            service: id(SERVICE),
            vpc_endpoint: id("vpce-00000001"),
            account: id(ACCOUNT),
            vpc: id(VPC),
            state: Some("available".into()),
            addresses: self.what.desired.clone(),
            allowed: None,
            first_seen: self.when.now,
            expires_at: None,
        };
        let steps = vec![Step::PutEndpoint { endpoint: Box::new(endpoint) }];
        Group { subject: Subject::VpcEndpoint(id(VPC), id("vpce-00000001")), reason: "seen".into(), steps }
    }

    fn turn(&self) -> Group {
        let wait = shared::model::facts::Wait {
            due: self.when.now,
            deadline: self.when.since,
            delay_seconds: 10,
            owner: None,
        };
        let take = Step::PutWait { vpc_endpoint: id("vpce-00000002"), wait, not_due_after: self.when.now };
        let steps = vec![take, self.send(10)];
        Group { subject: Subject::VpcEndpoint(id(VPC), id("vpce-00000002")), reason: "pending".into(), steps }
    }

    fn send(&self, delay_seconds: i32) -> Step {
        let intent = Intent {
            account: id(ACCOUNT),
            vpc_endpoints: BTreeSet::from([id("vpce-00000001")]),
            vpcs: BTreeSet::new(),
            announced: false,
            reviewed: BTreeMap::new(),
            gone: None,
            message: None,
            attempt: 0,
            priority: Priority::Event,
            edit: None,
            cause: self.when.cause.clone(),
            since: Some(self.when.since),
            run: None,
        };
        Step::SendIntent { intent, delay_seconds }
    }
}

impl What {
    /// Takes one part from another.
    fn take(&mut self, part: usize, other: What) {
        match part {
            0 => self.seen = other.seen,
            1 => self.desired = other.desired,
            2 => self.version = other.version,
            3 => self.accepted = other.accepted,
            4 => self.rejected = other.rejected,
            _ => self.held = other.held,
        }
    }
}

proptest! {
    #[test]
    fn the_digest_does_not_depend_on_what_changes_by_itself(what in what(), one in when(), other in when()) {
        let before = Made { what: what.clone(), when: one }.plan();
        let after = Made { what, when: other }.plan();
        prop_assert_eq!(digest(&before), digest(&after));
        prop_assert!(PlanContent::of([&before]).difference_to(&PlanContent::of([&after])).is_empty());
    }

    #[test]
    fn the_digest_changes_with_anything_that_is_done_or_held(
        before in made(), other in what(), when in when(), part in 0..6usize,
    ) {
        let mut after = Made { when, ..before.clone() };
        after.what.take(part, other);
        let same = before.what == after.what;
        let (before, after) = (before.plan(), after.plan());
        prop_assert_eq!(digest(&before) == digest(&after), same);
        prop_assert_eq!(PlanContent::of([&before]).difference_to(&PlanContent::of([&after])).is_empty(), same);
    }

    #[test]
    fn plans_in_one_part_or_in_several_have_one_digest(made in made(), at in any::<Index>()) {
        let whole = made.plan();
        let mut first = whole.clone();
        let second = Plan { groups: first.groups.split_off(at.index(first.groups.len())), ..Plan::default() };
        prop_assert_eq!(PlanContent::of([&second, &first]).digest(), PlanContent::of([&whole]).digest());
    }

    #[test]
    fn a_plan_that_was_written_and_read_back_has_the_same_digest(made in made()) {
        let plan = made.plan();
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(digest(&serde_json::from_str(&text).unwrap()), digest(&plan));
    }
}

#[test]
fn what_has_moved_is_named_by_its_subject() {
    let hold = |zone: &str, seen: &[&str]| {
        let seen = Addresses { a: seen.iter().map(|text| id(text)).collect(), ..Addresses::default() };
        (Subject::Record(id(VPC), key(zone)), HoldReason::ForeignRecord { seen })
    };
    let before =
        Plan { holds: [hold("Z1", &["10.0.0.1"]), hold("Z2", &["10.0.0.1"])].into(), ..Plan::default() };
    let after =
        Plan { holds: [hold("Z2", &["10.0.0.2"]), hold("Z3", &["10.0.0.1"])].into(), ..Plan::default() };
    let moved = PlanContent::of([&before]).difference_to(&PlanContent::of([&after]));
    let named = |zone: &str| BTreeSet::from([format!("{VPC}/{}", key(zone))]);
    assert_eq!((moved.gone, moved.new, moved.changed), (named("Z1"), named("Z3"), named("Z2")));
}
