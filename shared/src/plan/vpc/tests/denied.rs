//! Writes that AWS denies: held, and not sent again at every look.

use super::*;
use crate::model::facts::Tried;

const BY_CLOUD_MAP: &str = "AccessDenied: The resource hostedzone/Z1 can only be managed through AWS Cloud Map (arn:aws:servicediscovery:…)";
const BY_POLICY: &str =
    "AccessDenied: User: arn:aws:sts::444455556666:assumed-role/zonelink-client/x is not authorized";

fn at(after: &str) -> Timestamp {
    now() + id::<jiff::Span>(after)
}

fn refused(world: &World, message: &str) -> Vec<Refused> {
    let denied = Denied {
        account: id("444455556666"),
        operation: "route53:ChangeResourceRecordSets".into(),
        message: message.into(),
        tried: None,
    };
    let record = world.0.vpcs[0].records[0].clone();
    vec![Refused { vpc: id(HERE), met: Met::Record(Box::new(record)), reason: HoldReason::NoAccess(denied) }]
}

/// A VPC whose record AWS has denied at `now`.
fn denied(message: &str) -> World {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let held = plan(&intent(), &world.0, &policy(), &refused(&world, message));
    world.vpc().holds = held.holds;
    world
}

/// Whether a look so much later sends the write again.
fn sends(world: &mut World, after: &str, intent: &Intent) -> bool {
    world.0.now = at(after);
    let plan = plan(intent, &world.0, &policy(), &[]);
    let sends = plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. }));
    assert!(sends || plan.holds.len() == 1, "{plan}");
    assert!(
        sends || !plan.steps().any(|step| matches!(step, Step::PutClaim { .. } | Step::PutHold { .. })),
        "{plan}"
    );
    sends
}

fn by_schedule() -> Intent {
    let run = run(20, false).run.map(|run| RunPart { requested_by: RequestedBy::Schedule, ..run });
    Intent { run, ..intent() }
}

#[test]
fn denied_write_is_held_in_awss_words_since_it_was_first_denied() {
    let mut world = denied(BY_POLICY);
    let (_, reason) = world.vpc().holds.clone().pop_first().unwrap();
    assert!(reason.to_string().ends_with(BY_POLICY), "{reason}");
    assert!(reason.remedy().contains("zonelink backfill"));
    world.0.now = at("PT2H");
    let again = plan(&intent(), &world.0, &policy(), &refused(&world, BY_POLICY));
    let holds: Vec<_> = again
        .steps()
        .filter_map(|step| match step {
            Step::PutHold { hold } => Some((hold.since, hold.reason.clone())),
            _ => None,
        })
        .collect();
    let [(since, HoldReason::NoAccess(denied))] = holds.as_slice() else { panic!("{again}") };
    assert_eq!((*since, denied.tried), (now(), Some(Tried { first: now(), last: at("PT2H") })));
}

#[test]
fn denied_write_is_tried_again_within_an_hour_then_within_a_day() {
    for intent in [intent(), by_schedule()] {
        let mut world = denied(BY_POLICY);
        assert!(!sends(&mut world, "PT59M", &intent));
        assert!(sends(&mut world, "PT1H", &intent));
        let tried = Tried { first: now(), last: at("PT24H") };
        for reason in world.vpc().holds.values_mut() {
            let HoldReason::NoAccess(denied) = reason else { panic!("{reason}") };
            denied.tried = Some(tried);
        }
        assert!(!sends(&mut world, "PT47H", &intent));
        assert!(sends(&mut world, "PT48H", &intent));
    }
}

#[test]
fn person_who_asks_for_a_run_has_it_tried_at_once() {
    for message in [BY_POLICY, BY_CLOUD_MAP] {
        assert!(sends(&mut denied(message), "PT1S", &run(20, false)), "{message}");
    }
}

#[test]
fn zone_of_cloud_map_is_held_in_awss_words_and_not_written_again() {
    let mut world = denied(BY_CLOUD_MAP);
    assert_eq!(
        world.vpc().holds.values().map(ToString::to_string).collect::<Vec<_>>(),
        [format!("CloudMapZone: {BY_CLOUD_MAP}")]
    );
    for after in ["PT1H", "PT1000H"] {
        assert!(!sends(&mut world, after, &intent()) && !sends(&mut world, after, &by_schedule()));
    }
    // Another zone in its place is another record.
    world.vpc().records[0].key.zone = id("Z7");
    let zone = world.vpc().zones.as_mut().unwrap().as_mut().unwrap().remove(&id("Z1")).unwrap();
    world.vpc().zones = Some(Ok([(id("Z7"), zone)].into()));
    let plan = world.plan();
    assert!(
        plan.holds.is_empty() && plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. })),
        "{plan}"
    );
}

#[test]
fn hold_on_a_denied_write_ends_with_what_wanted_it() {
    let mut world = denied(BY_CLOUD_MAP);
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Deleting);
    let plan = world.plan();
    assert!(
        plan.holds.is_empty() && plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })),
        "{plan}"
    );
}

#[test]
fn write_that_is_denied_in_a_shadowed_zone_is_noted_and_no_hold() {
    for message in [BY_POLICY, BY_CLOUD_MAP] {
        let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
        let refused = refused(&world, message);
        let exact = PrivateHostedZone::of_account(id("*.aws.byoc.example.com"), id("444455556666"));
        world.vpc().zones.as_mut().unwrap().as_mut().unwrap().insert(id("Z3"), exact);
        let plan = plan(&intent(), &world.0, &policy(), &refused);
        assert!(plan.holds.is_empty(), "{plan}");
        let notes: Vec<_> = plan.notes.values().map(HoldReason::code).collect();
        assert_eq!(notes, ["Shadowed"]);
        assert!(plan.steps().any(|step| matches!(step, Step::PutHold { .. })), "{plan}");
        world.vpc().holds = plan.notes;
        let later = world.plan();
        assert!(
            later.is_empty() || !later.steps().any(|step| matches!(step, Step::ChangeRecords { .. })),
            "{later}"
        );
        assert!(later.holds.is_empty() && later.notes.len() == 1, "{later}");
        // The closer zone goes: now it holds the VPC, without another write.
        world.vpc().zones.as_mut().unwrap().as_mut().unwrap().remove(&id("Z3"));
        let held = world.plan();
        assert!(held.notes.is_empty() && held.holds.len() == 1, "{held}");
        assert!(!held.steps().any(|step| matches!(step, Step::ChangeRecords { .. })), "{held}");
    }
}
