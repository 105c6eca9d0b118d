use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::*;
use crate::model::facts::{AllowListFacts, VpcEndpointState};
use crate::model::ids::{AccountId, Region};
use crate::model::policy::{Removal, ServiceDefinition};
use crate::model::record::Addresses;
use crate::plan::Step;
use crate::plan::service::review;

const SERVICE: &str = "vpce-svc-0123456789abcdef0";
const PARTNER: &str = "444455556666";
const NOW: i64 = 10_000;

static REGION: LazyLock<Region> = LazyLock::new(|| id("us-west-2"));

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn vpce(number: usize) -> VpcEndpointId {
    id(&format!("vpce-{number:08x}"))
}

/// A whole review's facts: these connections, and these remembered endpoints, each for so many seconds.
fn facts(connections: &[(usize, &str)], remembered: &[(usize, i64)]) -> ServiceFacts {
    let connection = |(number, state): &(usize, &str)| Connection {
        vpc_endpoint: vpce(*number),
        owner: id(PARTNER),
        state: VpcEndpointState::from(*state),
        region: None,
    };
    let stored = |(number, seconds): &(usize, i64)| StoredEndpoint {
        service: id(SERVICE),
        vpc_endpoint: vpce(*number),
        account: id(PARTNER),
        vpc: id("vpc-00000001"),
        state: Some(VpcEndpointState::Available),
        addresses: Addresses::default(),
        allowed: None,
        first_seen: Timestamp::from_second(NOW - seconds).unwrap(),
        expires_at: None,
    };
    ServiceFacts {
        service: id(SERVICE),
        exists: Some(true),
        connections: connections.iter().map(connection).collect(),
        complete: true,
        allow_list: AllowListFacts::default(),
        stored: remembered.iter().map(stored).map(|stored| (stored.vpc_endpoint.clone(), stored)).collect(),
        holds: BTreeMap::new(),
    }
}

fn asked(accounts: &BTreeSet<AccountId>, send_on: SendOn) -> Question<'_> {
    Question {
        send_on,
        region: &REGION,
        accounts,
        max_rejects: 10,
        allow_rejects: None,
        cause: "a test",
        since: None,
        now: Timestamp::from_second(NOW).unwrap(),
    }
}

/// What a whole review takes for over, by number.
fn over(facts: &ServiceFacts) -> Vec<usize> {
    let gone = gone(facts, &asked(&BTreeSet::new(), SendOn::All));
    (0..20).filter(|number| gone.contains(&vpce(*number))).collect()
}

const HOUR: i64 = 3_600;

#[test]
fn connection_that_is_deleted_or_rejected_is_over_whether_it_is_remembered_or_not() {
    for state in ["deleting", "deleted", "rejected", "failed", "expired"] {
        assert_eq!(over(&facts(&[(1, state)], &[])), [1], "{state}");
        assert_eq!(over(&facts(&[(1, state)], &[(1, 60)])), [1], "{state}");
    }
}

#[test]
fn connection_in_any_other_state_is_not_over() {
    for state in ["pendingAcceptance", "pending", "available", "partial", "resting"] {
        assert_eq!(over(&facts(&[(1, state)], &[(1, HOUR)])), [0; 0], "{state}");
    }
}

#[test]
fn endpoint_that_the_list_does_not_show_is_over_once_it_is_known_for_ten_minutes() {
    assert_eq!(over(&facts(&[(1, "available")], &[(2, HOUR), (3, 600)])), [2]);
    assert_eq!(over(&facts(&[(1, "available")], &[(3, 601)])), [3]);
}

#[test]
fn list_that_is_empty_says_nothing() {
    assert_eq!(over(&facts(&[], &[(1, HOUR)])), [0; 0]);
}

#[test]
fn list_that_was_not_read_to_the_end_or_for_an_event_says_nothing() {
    let whole = facts(&[(1, "deleted")], &[(1, HOUR), (2, HOUR)]);
    let (part, unread) = (
        ServiceFacts { complete: false, ..whole.clone() },
        ServiceFacts { exists: Some(false), ..whole.clone() },
    );
    assert_eq!((over(&part), over(&unread), over(&whole)), (vec![], vec![], vec![1, 2]));
    let named = SendOn::Named([vpce(1), vpce(2)].into());
    assert!(gone(&whole, &asked(&BTreeSet::new(), named)).is_empty());
}

#[test]
fn endpoint_of_another_region_is_shown_and_says_nothing_of_one_here() {
    let mut facts = facts(&[(1, "deleted"), (2, "available")], &[(1, HOUR)]);
    facts.connections[0].region = Some(id("eu-west-1"));
    assert_eq!(over(&facts), [0; 0]);
}

fn definition(removed: Option<Removal>) -> ServiceDefinition {
    let json = format!(
        r#"{{"service":"{SERVICE}","names":["*.aws.example.com"],"allowed_principals":["{PARTNER}"]}}"#
    );
    ServiceDefinition { removed, ..serde_json::from_str(&json).unwrap() }
}

/// Of each intent of a review: which endpoints it names, which of them are over.
fn told(facts: &ServiceFacts, removed: Option<Removal>, send_on: SendOn) -> Vec<(usize, usize)> {
    let plan = review::plan(facts, &definition(removed), &asked(&BTreeSet::new(), send_on));
    let intents = plan.steps().filter_map(|step| match step {
        Step::SendIntent { intent, .. } => Some(intent.clone()),
        _ => None,
    });
    intents
        .map(|intent| {
            let gone = intent.gone.map(|gone| gone.vpc_endpoints).unwrap_or_default();
            assert!(gone.is_subset(&intent.vpc_endpoints));
            (intent.vpc_endpoints.len(), gone.len())
        })
        .collect()
}

#[test]
fn sweep_tells_of_the_endpoints_that_it_sends_on_and_no_event_does() {
    let facts = facts(&[(1, "available"), (2, "rejected")], &[(1, HOUR), (2, HOUR), (3, HOUR)]);
    assert_eq!(told(&facts, None, SendOn::All), [(1, 0), (2, 2)]);
    assert_eq!(told(&facts, Some(Removal::DeleteRecords), SendOn::All), [(3, 2)]);
    let named = SendOn::Named([vpce(2), vpce(3)].into());
    assert_eq!(told(&facts, None, named), [(2, 0)]);
}

#[test]
fn hundreds_of_endpoints_are_told_of_each_in_the_intent_that_names_it() {
    let remembered: Vec<_> = (2..252).map(|number| (number, HOUR)).collect();
    let facts = facts(&[(1, "available")], &remembered);
    assert_eq!(told(&facts, None, SendOn::All), [(1, 0), (100, 100), (100, 100), (50, 50)]);
}
