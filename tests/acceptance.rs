//! What holds for every review of connections, whatever was read and whatever could not be.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use shared::model::facts::{AllowListFacts, Connection, Membership, ServiceFacts, VpcEndpointState};
use shared::model::hold::{HoldReason, Subject};
use shared::model::ids::{AccountId, VpcEndpointId};
use shared::model::policy::{Disallowed, OrganizationPath, Principal, ServiceDefinition};
use shared::plan::service::review::{Question, SendOn, plan};
use shared::plan::{Plan, Step};

const OWNERS: [&str; 4] = ["111122223333", "222233334444", "333344445555", "444455556666"];
const RULES: [&str; 6] = [
    "111122223333",
    "222233334444",
    "o-exampleorgid",
    "o-otherorgid1",
    "o-exampleorgid/r-ab12/ou-ab12-11111111/",
    "service-permissions",
];
const PERMISSIONS: [&str; 4] =
    ["*", "arn:aws:iam::111122223333:root", "arn:aws:iam::222233334444:role/App", "333344445555"];
const UNITS: [&[&str]; 4] =
    [&[], &["ou-ab12-11111111"], &["ou-ab12-11111111", "ou-ab12-22222222"], &["ou-ab12-22222222"]];
const MOST: u32 = 3;
const NOW: i64 = 1_000_000;

fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn definition() -> impl Strategy<Value = ServiceDefinition> {
    let disallowed = select(vec![Disallowed::Leave, Disallowed::Reject]);
    (subsequence(RULES.to_vec(), 0..=4), disallowed, select(vec![0, 3600])).prop_map(
        |(rules, disallowed, revocation_grace)| {
            let json = r#"{"service":"vpce-svc-00000001","names":["*.aws.example.com"]}"#;
            let definition = serde_json::from_str(json).unwrap();
            let allowed_principals = rules.into_iter().map(id).collect();
            ServiceDefinition { allowed_principals, disallowed, revocation_grace, ..definition }
        },
    )
}

fn membership() -> impl Strategy<Value = Result<Membership, String>> {
    let place = |units: &[&str]| {
        let units = units.iter().map(ToString::to_string).collect();
        OrganizationPath::new(id("o-exampleorgid"), "r-ab12".into(), units)
    };
    prop_oneof![
        3 => select(UNITS.to_vec()).prop_map(move |units| Ok(place(units))),
        1 => Just(Ok(None)),
        1 => Just(Err("organizations:ListParents: AccessDeniedException".to_owned())),
    ]
    .prop_map(|read| read.map(|place| Membership { organization: id("o-exampleorgid"), place }))
}

fn allow_list() -> impl Strategy<Value = AllowListFacts> {
    let permissions = prop_oneof![
        3 => subsequence(PERMISSIONS.to_vec(), 0..=4)
            .prop_map(|named| Ok(named.into_iter().map(ToOwned::to_owned).collect())),
        1 => Just(Err("ec2:DescribeVpcEndpointServicePermissions: UnauthorizedOperation".to_owned())),
    ];
    (prop::collection::vec(membership(), OWNERS.len()), permissions).prop_map(|(places, permissions)| {
        AllowListFacts {
            memberships: OWNERS.into_iter().map(id).zip(places).collect(),
            permissions: Some(permissions),
        }
    })
}

fn connections() -> impl Strategy<Value = Vec<Connection>> {
    let states = ["pendingAcceptance", "pendingAcceptance", "pending", "available", "rejected", "deleting"];
    let one = (select(OWNERS.to_vec()), select(states.to_vec()));
    prop::collection::vec(one, 0..=6).prop_map(|all| {
        let connection = |(number, (owner, state)): (usize, (&str, &str))| Connection {
            vpc_endpoint: id(&format!("vpce-0000000{number}")),
            owner: id(owner),
            state: state.into(),
            region: None,
        };
        all.into_iter().enumerate().map(connection).collect()
    })
}

/// Facts, as they are after holds were kept since long ago for some of the connections.
fn facts() -> impl Strategy<Value = ServiceFacts> {
    (connections(), allow_list(), any::<bool>(), any::<bool>()).prop_map(
        |(mut connections, allow_list, complete, held)| {
            // A review of an event sees only who waits.
            connections.retain(|one| complete || one.state == VpcEndpointState::PendingAcceptance);
            let since = Some(Timestamp::from_second(NOW - 4000).unwrap());
            let hold = |one: &Connection| {
                let subject = Subject::Connection(id("vpce-svc-00000001"), one.vpc_endpoint.clone());
                (subject, HoldReason::Revoked { owner: one.owner.clone(), since })
            };
            let holds = connections.iter().filter(|_| held).map(hold).collect();
            ServiceFacts {
                service: id("vpce-svc-00000001"),
                exists: Some(true),
                connections,
                complete,
                allow_list,
                stored: BTreeMap::new(),
                holds,
            }
        },
    )
}

fn planned(facts: &ServiceFacts, definition: &ServiceDefinition) -> Plan {
    let question = Question {
        send_on: SendOn::All,
        region: &id("us-west-2"),
        accounts: &BTreeSet::new(),
        max_rejects: MOST,
        allow_rejects: None,
        cause: "a test",
        since: None,
        now: Timestamp::from_second(NOW).unwrap(),
    };
    plan(facts, definition, &question)
}

fn accepted(plan: &Plan) -> BTreeSet<VpcEndpointId> {
    let ids = plan.steps().filter_map(|step| match step {
        Step::AcceptConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().cloned()),
        _ => None,
    });
    ids.flatten().collect()
}

fn rejected(plan: &Plan) -> BTreeSet<VpcEndpointId> {
    let ids = plan.steps().filter_map(|step| match step {
        Step::RejectConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().cloned()),
        _ => None,
    });
    ids.flatten().collect()
}

/// Whether an account may connect, in this file's own way; none when nobody knows.
fn may(definition: &ServiceDefinition, read: &AllowListFacts, owner: &AccountId) -> Option<bool> {
    let says = |principal: &Principal| match principal {
        Principal::Account(account) => Some(account == owner),
        Principal::ServicePermissions => {
            let root = format!("arn:aws:iam::{owner}:root");
            let permitted = read.permissions.as_ref().unwrap().as_ref().ok()?;
            Some(permitted.contains(&root) || permitted.contains(owner.as_str()))
        }
        principal => {
            let membership = read.memberships[owner].as_ref().ok()?;
            let place = membership.place.as_ref().map(ToString::to_string);
            match place {
                Some(place) => Some(place.starts_with(&principal.to_string())),
                None => principal.to_string().starts_with("o-exampleorgid").then_some(false),
            }
        }
    };
    let said: Vec<_> = definition.allowed_principals.iter().map(says).collect();
    if said.contains(&Some(true)) { Some(true) } else { (!said.contains(&None)).then_some(false) }
}

/// The facts after the plan was carried out and EC2 shows it.
fn applied(mut facts: ServiceFacts, plan: &Plan) -> ServiceFacts {
    let (accepted, rejected) = (accepted(plan), rejected(plan));
    for connection in &mut facts.connections {
        if accepted.contains(&connection.vpc_endpoint) {
            connection.state = VpcEndpointState::Pending;
        } else if rejected.contains(&connection.vpc_endpoint) {
            connection.state = VpcEndpointState::Rejected;
        }
    }
    for step in plan.steps() {
        match step {
            Step::PutHold { hold } => _ = facts.holds.insert(hold.subject.clone(), hold.reason.clone()),
            Step::DeleteHold { subject } => _ = facts.holds.remove(subject),
            _ => {}
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn exactly_those_who_wait_and_may_connect_are_accepted(definition in definition(), facts in facts()) {
        let expected = facts.connections.iter().filter(|one| {
            one.state == VpcEndpointState::PendingAcceptance
                && may(&definition, &facts.allow_list, &one.owner) == Some(true)
        });
        let expected: BTreeSet<_> = expected.map(|one| one.vpc_endpoint.clone()).collect();
        prop_assert_eq!(accepted(&planned(&facts, &definition)), expected);
    }

    #[test]
    fn nobody_is_rejected_who_may_connect_or_of_whom_nobody_knows(definition in definition(), facts in facts()) {
        let rejected = rejected(&planned(&facts, &definition));
        prop_assert!(rejected.len() <= usize::try_from(MOST).unwrap());
        prop_assert!(rejected.is_empty() || definition.disallowed == Disallowed::Reject);
        prop_assert!(rejected.is_empty() || !definition.allowed_principals.is_empty());
        for one in facts.connections.iter().filter(|one| rejected.contains(&one.vpc_endpoint)) {
            prop_assert_eq!(may(&definition, &facts.allow_list, &one.owner), Some(false));
            let established = one.state != VpcEndpointState::PendingAcceptance;
            let held = facts.holds.keys().any(|subject| subject.to_string().ends_with(one.vpc_endpoint.as_str()));
            prop_assert!(!established || held || definition.revocation_grace == 0, "before its grace was over");
        }
    }

    #[test]
    fn a_review_that_was_applied_leaves_nothing_to_do(definition in definition(), facts in facts()) {
        let first = planned(&facts, &definition);
        let facts = applied(facts, &first);
        let again = planned(&facts, &definition);
        let again: Vec<_> = again.steps().filter(|step| !matches!(step, Step::SendIntent { .. })).collect();
        prop_assert!(again.is_empty(), "{:?} after {}", again, first);
    }
}
