//! What is held of a name that none of the VPC's own zones can hold.

use jiff::SignedDuration;

use super::*;
use crate::model::facts::{ProfileZone, Tried};

const PROFILE: &str = "rp-0123456789abcdef";

/// A VPC without a zone, and an endpoint that publishes. `zones` are what its Profiles bring, if they were read.
fn zoneless(zones: Option<&[(&str, &str)]>) -> World {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    world.vpc().records.clear();
    world.vpc().zones = Some(Ok(BTreeMap::new()));
    let brought =
        |(zone, name): &(&str, &str)| ProfileZone { profile: id(PROFILE), zone: id(zone), name: id(name) };
    world.vpc().profiles = zones.map(|zones| zones.iter().map(brought).collect());
    world
}

fn subject() -> Subject {
    Subject::Name(id(HERE), id(NAME))
}

fn held(world: &World) -> HoldReason {
    world.plan().holds.remove(&subject()).unwrap()
}

fn at(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

/// The plan of a later look, at which this is held.
fn later(world: &mut World, minutes: i64, reason: HoldReason) -> Plan {
    world.0.now = at(minutes);
    world.vpc().holds.insert(subject(), reason);
    world.plan()
}

fn writes_holds(plan: &Plan) -> bool {
    plan.steps().any(|step| matches!(step, Step::PutHold { .. } | Step::DeleteHold { .. }))
}

#[test]
fn zone_that_only_a_profile_brings_is_named_in_the_hold() {
    let tried = Tried { first: now(), last: now() };
    let profile = |zone| HoldReason::ProfileZone { profile: id(PROFILE), zone: id(zone), tried };
    let wide = ("Z2", "example.com");
    assert_eq!(held(&zoneless(Some(&[wide]))), profile("Z2"));
    assert_eq!(held(&zoneless(Some(&[("Z3", "aws.byoc.example.com"), wide]))), profile("Z3"), "the closest");
    let beside = ("Z4", "example.org");
    assert_eq!(held(&zoneless(Some(&[beside]))), HoldReason::NoZone { tried: Some(tried) });
    assert_eq!(held(&zoneless(Some(&[]))), HoldReason::NoZone { tried: Some(tried) });
    assert_eq!(held(&zoneless(None)), HoldReason::NoZone { tried: None });
}

#[test]
fn what_profiles_bring_is_nothing_to_a_vpc_with_a_zone_of_its_own() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    world.vpc().profiles = zoneless(Some(&[("Z3", "aws.byoc.example.com")])).vpc().profiles.take();
    assert_eq!(world.plan().holds, BTreeMap::new());
}

#[test]
fn what_is_not_read_at_this_look_stays_held_as_it_is() {
    let first = held(&zoneless(Some(&[("Z2", "example.com")])));
    let plan = later(&mut zoneless(None), 15, first.clone());
    assert_eq!(plan.holds[&subject()], first);
    assert!(!writes_holds(&plan), "{plan}");
}

#[test]
fn what_is_read_again_is_written_when_it_is_due_or_another_and_held_since_the_first_time() {
    let read = [("Z2", "example.com")];
    let first = held(&zoneless(Some(&read)));
    assert!(!writes_holds(&later(&mut zoneless(Some(&read)), 15, first.clone())), "a run by hand");
    let due = later(&mut zoneless(Some(&read)), 60, first.clone());
    assert_eq!(due.holds[&subject()].profiles_read(), Some(Tried { first: now(), last: at(60) }));
    let put = due.steps().find_map(|step| match step {
        Step::PutHold { hold } => Some(hold.since),
        _ => None,
    });
    assert_eq!(put, Some(now()));
    let gone = later(&mut zoneless(Some(&[])), 15, first);
    assert_eq!(gone.holds[&subject()].code(), "NoZone");
    assert!(writes_holds(&gone));
}
