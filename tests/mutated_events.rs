//! Events that somebody has tampered with, or that AWS writes otherwise than it has: the project's samples, mutated.
//!
//! Each ends as an intent, a lookup or a review, as ignored with a reason, or as one that cannot be read, and none as a
//! panic. What is none of our business may be anything: an event that still says which call it was, whose, and on
//! which endpoints leads where it led before.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use shared::model::policy::Policy;
use shared::trigger::event::Event;
use shared::trigger::intent::{Ignored, Intent};
use shared::trigger::own_calls::OwnCalls;

/// How many events are tried.
const CASES: u32 = 5_000;

/// EventBridge takes no event of more than 256 KB, so one that has more parts than this is not mutated further.
const MOST: usize = 10_000;

/// The project's samples of what EventBridge delivers.
static SAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let samples = paths.iter().map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap());
    let samples: Vec<Value> = samples.collect();
    assert!(samples.len() > 30);
    samples
});

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let definition = json!({"service": "vpce-svc-0a1b2c3d4e5f60718", "names": ["*.aws-us-west-2.byoc.example.com"],
                            "allowed_principals": ["444455556666", "044444444444"]});
    let definition: shared::model::policy::ServiceDefinition = serde_json::from_value(definition).unwrap();
    let services = [(definition.service.clone(), definition)].into();
    Policy { region: "us-west-2".parse().unwrap(), services }
});

fn own() -> OwnCalls {
    OwnCalls {
        account: "111122223333".parse().ok(),
        stack: "zonelink".into(),
        client_role: "zonelink-client-us-west-2".into(),
        session: "zonelink-111122223333".into(),
    }
}

/// The ways to everything in a value, itself left out.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, child)| (escaped(key), child)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(n, child)| (n.to_string(), child)).collect()
        }
        _ => Vec::new(),
    };
    for (step, child) in children {
        let way = format!("{at}/{step}");
        pointers(child, &way, found);
        found.push(way);
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[derive(Debug, Clone)]
enum Mutation {
    /// Another value in its place.
    Replaced(Value),
    /// It is not there.
    Removed,
    /// In a list, so often.
    Listed(usize),
    /// In an object, under this name.
    Wrapped(String),
    /// Beside it, under another name.
    Joined(String, Value),
}

fn odd_text() -> impl Strategy<Value = String> {
    let odd = [
        "",
        " ",
        "\0",
        "\u{202e}\n\u{1b}[2J",
        "vpce-",
        "vpce-0123456789abcdef0",
        "*",
        "../..",
        "null",
        "🦀",
        "0",
    ];
    prop_oneof![
        select(odd.to_vec()).prop_map(ToOwned::to_owned),
        any::<String>(),
        (1_usize..2_000).prop_map(|length| "vpce-0".repeat(length)),
    ]
}

fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
        odd_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((odd_text(), inner), 0..8)
                .prop_map(|all| Value::Object(Map::from_iter(all))),
        ]
    })
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let names = ["item", "items", "content", "member", "DeleteVpcEndpointsRequest", "vpcEndpointId", "id"];
    let name = || select(names.to_vec()).prop_map(ToOwned::to_owned);
    prop_oneof![
        4 => odd_value().prop_map(Mutation::Replaced),
        2 => Just(Mutation::Removed),
        2 => select(vec![0, 1, 2, 300]).prop_map(Mutation::Listed),
        1 => name().prop_map(Mutation::Wrapped),
        2 => (prop_oneof![odd_text(), name()], odd_value()).prop_map(|(key, value)| Mutation::Joined(key, value)),
    ]
}

fn mutate(event: &mut Value, way: &str, mutation: &Mutation) {
    let (parent, step) = way.rsplit_once('/').unwrap();
    let Some(there) = event.pointer_mut(way) else { return };
    match mutation {
        Mutation::Replaced(value) => *there = value.clone(),
        Mutation::Listed(count) => *there = Value::Array(vec![there.clone(); *count]),
        Mutation::Wrapped(name) => *there = json!({ name.as_str(): there.clone() }),
        Mutation::Removed | Mutation::Joined(..) => {
            let Some(parent) = event.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
            if let Mutation::Joined(key, value) = mutation {
                parent.entry(key.clone()).or_insert_with(|| value.clone());
            } else {
                parent.remove(&step.replace("~1", "/").replace("~0", "~"));
            }
        }
    }
}

fn mutated(event: &Value, mutations: &[(Index, Mutation)], may: impl Fn(&str) -> bool) -> Value {
    let mut event = event.clone();
    for (index, mutation) in mutations {
        let mut ways = Vec::new();
        pointers(&event, "", &mut ways);
        if ways.len() > MOST {
            break;
        }
        ways.retain(|way| may(way));
        if !ways.is_empty() {
            let way: &String = index.get(&ways);
            mutate(&mut event, way, mutation);
        }
    }
    event
}

fn intent_of(event: &Value) -> Option<Intent> {
    Event::from_eventbridge(event).ok()?.intent(&POLICY).ok()
}

/// What reading, looking and reviewing say when they lead nowhere.
fn reasons(event: &Value) -> Vec<String> {
    match Event::from_eventbridge(event) {
        Err(error) => vec![error.why],
        Ok(event) => {
            let (intent, review) = (event.intent(&POLICY).map(drop), event.review(&POLICY, &own()).map(drop));
            let lookup = event.lookup(&POLICY, &own()).map(drop);
            [intent, review, lookup]
                .into_iter()
                .filter_map(|said| said.err().map(|Ignored(why)| why))
                .collect()
        }
    }
}

/// What says which call it was, whose and on what: the rest may be anything.
fn is_beside_the_point(way: &str) -> bool {
    let telling = [
        "/source",
        "/detail-type",
        "/account",
        "/region",
        "/detail",
        "/detail/eventSource",
        "/detail/eventName",
        "/detail/eventType",
        "/detail/recipientAccountId",
    ];
    let parts = ["/detail/requestParameters", "/detail/responseElements", "/detail/errorCode"];
    !telling.contains(&way) && !parts.iter().any(|part| way.starts_with(part))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_event_leads_somewhere_or_says_why_not(
        sample in select(SAMPLES.clone()),
        mutations in prop::collection::vec((any::<Index>(), mutation()), 1..6),
    ) {
        let event = mutated(&sample, &mutations, |_| true);
        for why in reasons(&event) {
            prop_assert!(!why.is_empty());
            prop_assert!(why.chars().count() < 1_000 && !why.chars().any(char::is_control), "{why}");
        }
        for part in intent_of(&event).into_iter().flat_map(Intent::split) {
            prop_assert!(!part.is_of_too_many() && part.cause.chars().count() < 400);
        }
    }

    #[test]
    fn event_that_still_names_our_endpoints_leads_to_them(
        sample in select(SAMPLES.clone()),
        mutations in prop::collection::vec((any::<Index>(), mutation()), 1..6),
    ) {
        let Some(before) = intent_of(&sample) else { return Ok(()) };
        let event = mutated(&sample, &mutations, is_beside_the_point);
        // What was joined to the record itself may be the word that it failed, or was another kind of event.
        prop_assume!(is_beside(&sample, &event));
        let after = intent_of(&event);
        prop_assert!(after.is_some(), "{:?}", reasons(&event));
        let after = after.unwrap();
        prop_assert_eq!((before.account, before.vpc_endpoints), (after.account, after.vpc_endpoints));
    }
}

fn is_beside(sample: &Value, event: &Value) -> bool {
    let said = |event: &Value, name: &str| event["detail"].get(name).cloned();
    ["errorCode", "eventType", "recipientAccountId"]
        .iter()
        .all(|name| said(sample, name) == said(event, name))
}

#[test]
fn samples_lead_to_intents_lookups_and_reviews() {
    let led: BTreeSet<_> =
        SAMPLES.iter().filter_map(intent_of).flat_map(|intent| intent.vpc_endpoints).collect();
    assert!(led.len() > 1, "{led:?}");
}
