//! An account that cannot be read, and what its provider's list tells of it: a row of the table in `closed` each.

use super::*;
use crate::model::gone::Gone;

const OWNER: &str = "777788889999";

fn sts(account: &str) -> Denied {
    Denied {
        account: id(account),
        operation: "sts:AssumeRole".into(),
        message: "AccessDenied".into(),
        tried: None,
    }
}

fn addresses(all: &[&str]) -> Addresses {
    Addresses { a: all.iter().map(|address| id(address)).collect(), ..Addresses::default() }
}

fn standing(all: &[&str]) -> SeenRecords {
    let none = SeenRecords::default();
    none.apply(&none.changes_to(&addresses(all), 60)).unwrap()
}

/// Endpoint 1 of a closed account, in a zone of another account.
fn closed() -> World {
    let mut world = World::new().with(1, None, &[]).known_since(1, LONG_AGO).claimed_by(1, HERE, "10.0.0.1");
    world.0.denied = Some(sts("444455556666"));
    world.0.interfaces_read = false;
    world.vpc().zones = None;
    let record = &mut world.vpc().records[0];
    record.zone_account = id(OWNER);
    let claim = record.claim.as_mut().unwrap();
    (claim.zone_account, claim.ttl) = (id(OWNER), Some(60));
    world
}

/// The same, and the zone's owner has an endpoint in the record.
fn merged() -> World {
    let mut world = closed();
    let record = &mut world.vpc().records[0];
    record.seen = Ok(standing(&["10.0.0.1", "10.9.0.1"]));
    let claim = record.claim.as_mut().unwrap();
    let given = Claimed {
        vpc: id(ELSEWHERE),
        account: id(OWNER),
        addresses: addresses(&["10.9.0.1"]),
        consent: None,
    };
    claim.contributions.insert(endpoint_id(9), given);
    claim.confirmed = addresses(&["10.0.0.1", "10.9.0.1"]);
    world
}

/// What a sweep has told just now: that these endpoints are over.
fn told(over: &[u8]) -> Intent {
    let vpc_endpoints = over.iter().map(|number| endpoint_id(*number)).collect();
    Intent { gone: Some(Gone { seen: now(), vpc_endpoints }), ..named(&[1]) }
}

fn named(numbers: &[u8]) -> Intent {
    Intent { vpc_endpoints: numbers.iter().map(|number| endpoint_id(*number)).collect(), ..intent() }
}

fn planned(world: &World, intent: &Intent) -> Plan {
    plan(intent, &world.0, &policy(), &[])
}

fn changes(plan: &Plan) -> Vec<String> {
    let steps = plan.steps().filter(|step| matches!(step, Step::ChangeRecords { .. }));
    steps.map(|step| step.to_string().replace(&format!("change Z1/{NAME}: "), "")).collect()
}

fn held(plan: &Plan) -> Vec<String> {
    plan.holds.iter().map(|(subject, reason)| format!("{subject} {}", reason.code())).collect()
}

/// Nothing is done but that the account is held.
fn is_left_alone(world: &World, intent: &Intent) {
    let plan = planned(world, intent);
    let writes = plan.steps().filter(|step| !matches!(step, Step::PutHold { .. }));
    assert_eq!(writes.map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(held(&plan), ["444455556666/ NoAccess"]);
}

#[test]
fn endpoint_that_is_over_leaves_the_record_of_another_account_and_the_rest_stays() {
    let plan = planned(&merged(), &told(&[1]));
    assert_eq!(changes(&plan), ["DELETE A TTL 60 10.0.0.1 10.9.0.1; CREATE A TTL 60 10.9.0.1"]);
    let reasons: Vec<_> = plan.groups.iter().map(|group| group.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.starts_with("its provider shows the endpoint no more")));
    // Of the account, its endpoint is remembered still: the next look finds nothing.
    assert_eq!(held(&plan), ["444455556666/ NoAccess"]);
}

#[test]
fn record_in_which_nothing_is_left_is_removed_and_counted_as_any_removal() {
    let plan = planned(&closed(), &told(&[1]));
    assert_eq!(changes(&plan), ["DELETE A TTL 60 10.0.0.1"]);
    let by_run = Intent { run: run(20, false).run, ..told(&[1]) };
    let plan = planned(&closed(), &by_run);
    assert!(plan.steps().any(|step| matches!(step, Step::ReserveDeletion { at_most: 20, .. })), "{plan}");
    let at_limit = Intent { run: run(0, false).run, ..told(&[1]) };
    let plan = planned(&closed(), &at_limit);
    assert_eq!(changes(&plan), [""; 0]);
    assert!(held(&plan).iter().any(|hold| hold.ends_with("TooManyDeletes")), "{plan}");
}

#[test]
fn endpoint_that_has_left_is_forgotten_as_any_that_is_gone() {
    let plan = planned(&closed(), &told(&[1]));
    let kept: Vec<_> = plan
        .steps()
        .filter_map(|step| match step {
            Step::PutEndpoint { endpoint } => Some((endpoint.state.clone(), endpoint.expires_at.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(kept.last(), Some(&(None, true)), "{plan}");
}

#[test]
fn endpoint_of_which_the_list_says_nothing_or_that_is_connected_stays() {
    for intent in [named(&[1]), told(&[]), told(&[2])] {
        for world in [closed(), merged()] {
            is_left_alone(&world, &intent);
        }
    }
}

#[test]
fn record_in_a_zone_of_the_closed_account_itself_stays_and_the_account_is_held() {
    let mut world = closed();
    let record = &mut world.vpc().records[0];
    (record.zone_account, record.seen) = (id("444455556666"), Err(sts("444455556666")));
    let plan = planned(&world, &told(&[1]));
    assert_eq!((changes(&plan), held(&plan)), (vec![], vec!["444455556666/ NoAccess".to_owned()]));
    // What a claim names is never forgotten: it leads the sweep to the claim.
    let forgets =
        |step: &Step| matches!(step, Step::PutEndpoint { endpoint } if endpoint.expires_at.is_some());
    assert!(!plan.steps().any(forgets), "{plan}");
}

#[test]
fn record_in_a_zone_of_which_the_account_is_closed_too_stays_and_is_held() {
    let mut world = closed();
    world.vpc().records[0].seen = Err(sts(OWNER));
    let plan = planned(&world, &told(&[1]));
    assert_eq!(changes(&plan), [""; 0]);
    let holds = held(&plan);
    assert!(holds.iter().all(|hold| hold.ends_with("NoAccess")) && holds.len() == 2, "{holds:?}");
}

#[test]
fn account_that_can_be_read_has_an_answer_of_its_own() {
    let mut world = closed();
    world.0.denied = None;
    world.vpc().endpoints.clear();
    let world = world.with(1, Some("available"), &["10.0.0.1"]);
    let plan = planned(&world, &told(&[1]));
    assert!(changes(&plan).is_empty(), "{plan}");
}

#[test]
fn what_was_told_an_hour_ago_is_not_believed() {
    let mut world = closed();
    world.0.now = now() + jiff::SignedDuration::from_mins(59);
    assert!(!changes(&planned(&world, &told(&[1]))).is_empty());
    world.0.now = now() + jiff::SignedDuration::from_mins(60);
    is_left_alone(&world, &told(&[1]));
}

#[test]
fn record_that_was_edited_is_left_and_its_claim_goes() {
    let mut world = closed();
    world.vpc().records[0].seen = Ok(standing(&["192.0.2.1"]));
    let plan = planned(&world, &told(&[1]));
    assert!(changes(&plan).is_empty(), "{plan}");
    assert!(plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. })), "{plan}");
}

#[test]
fn consent_that_is_gone_takes_nothing_away_that_the_list_shows_as_connected() {
    let mut world = merged();
    world.vpc().records[0].consent = Consent::NotGiven;
    is_left_alone(&world, &told(&[]));
}

#[test]
fn holds_on_what_is_over_end_and_the_others_stay() {
    let mut world = merged().with(2, None, &[]).known_since(2, LONG_AGO);
    let stalled = HoldReason::Stalled { state: None };
    for number in [1, 2] {
        let subject = Subject::VpcEndpoint(id(HERE), endpoint_id(number));
        world.vpc().holds.insert(subject, stalled.clone());
    }
    let name = Subject::Name(id(HERE), id(NAME));
    world.vpc().holds.insert(name.clone(), HoldReason::NoZone { tried: None });
    let ended = |intent: &Intent| -> Vec<String> {
        let plan = planned(&world, intent);
        let ended = plan.steps().filter_map(|step| match step {
            Step::DeleteHold { subject } => Some(subject.to_string()),
            _ => None,
        });
        ended.collect()
    };
    assert_eq!(ended(&told(&[1])), [format!("{HERE}/{}", endpoint_id(1))]);
    assert_eq!(ended(&told(&[1, 2])).len(), 3);
}

#[test]
fn account_of_which_nothing_is_left_is_not_held_and_its_hold_is_the_sweeps_to_end() {
    let mut world = closed();
    world.vpc().records.clear();
    let stored = world.vpc().stored.get_mut(&endpoint_id(1)).unwrap();
    (stored.expires_at, stored.state) = (Some(now().as_second() + 60), None);
    assert!(planned(&world, &told(&[1])).is_empty());
    let hold = HoldReason::NoAccess(sts("444455556666"));
    world.0.holds.insert(Subject::Account(id("444455556666")), hold);
    assert!(planned(&world, &told(&[1])).is_empty());
    // Where the list says nothing, it stays held.
    assert_eq!(held(&planned(&world, &told(&[]))), ["444455556666/ NoAccess"]);
}
