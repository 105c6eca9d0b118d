//! Which zone is asked for a name, and what follows for the others.

use super::*;
use crate::model::facts::{ZoneOwner, Zones};
use crate::model::policy::WriteTo;

const PARENT: &str = "Z2";
const SERVICE_OF_AWS: &str = "vpce.amazonaws.com";

fn of_aws(name: &str) -> PrivateHostedZone {
    PrivateHostedZone { name: id(name), owner: ZoneOwner::Service(SERVICE_OF_AWS.into()) }
}

fn zones(world: &mut World) -> &mut Zones {
    world.vpc().zones.as_mut().unwrap().as_mut().unwrap()
}

/// A VPC with an exact zone, Z1, and its parent, Z2, and an endpoint.
fn with_parent() -> World {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let zone = PrivateHostedZone::of_account(id("example.com"), id("444455556666"));
    zones(&mut world).insert(id(PARENT), zone);
    world.vpc().records.push(record(PARENT));
    world
}

/// The same, where the parent's record is this VPC's as the exact zone's is.
fn with_both() -> World {
    let mut world = with_parent().claimed_by(1, HERE, "10.0.0.1");
    let mut second = world.vpc().records[0].clone();
    second.key.zone = id(PARENT);
    second.claim.as_mut().unwrap().key.zone = id(PARENT);
    world.vpc().records[1] = second;
    world
}

/// The parent's record is another VPC's.
fn of_another_vpc(world: &mut World) {
    let other = World::new().claimed_by(9, ELSEWHERE, "10.9.0.1").0.vpcs.remove(0).records.remove(0);
    let record = &mut world.vpc().records[1];
    (record.seen, record.claim) = (other.seen, other.claim);
    record.claim.as_mut().unwrap().key.zone = id(PARENT);
}

fn answering_policy() -> Policy {
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.write = WriteTo::Answering);
    policy
}

/// The zones whose record sets a plan changes.
fn changed(plan: &Plan) -> Vec<String> {
    let of = |step: &Step| match step {
        Step::ChangeRecords { key, .. } => Some(key.zone.to_string()),
        _ => None,
    };
    plan.steps().filter_map(of).collect()
}

fn holds(plan: &Plan) -> Vec<String> {
    plan.holds.iter().map(|(subject, reason)| format!("{subject} {}", reason.code())).collect()
}

#[test]
fn every_zone_that_can_hold_the_name_is_written() {
    let plan = with_parent().plan();
    assert_eq!(changed(&plan), ["Z1", "Z2"]);
    assert_eq!(holds(&plan), [""; 0]);
}

#[test]
fn vpcs_with_zones_of_their_own_and_one_shared_parent_are_in_order() {
    let facts: Vec<_> = (1..=3u8)
        .map(|number| {
            let mut world = with_both();
            if number > 1 {
                of_another_vpc(&mut world);
            }
            let subject = Subject::Record(id(HERE), world.vpc().records[1].key.clone());
            world.vpc().stored = World::new().known_since(1, LONG_AGO).0.vpcs.remove(0).stored;
            world.vpc().stored.get_mut(&endpoint_id(1)).unwrap().addresses.a.insert(id("10.0.0.1"));
            // As an older version has held it.
            if number == 3 {
                world.vpc().holds.insert(subject, HoldReason::SharedZone { vpc: id(ELSEWHERE) });
            }
            world
        })
        .collect();
    for (world, steps) in facts.iter().zip([0, 0, 1]) {
        let plan = world.plan();
        assert_eq!(holds(&plan), [""; 0]);
        assert_eq!(plan.steps().count(), steps, "{plan}");
        assert!(plan.steps().all(|step| matches!(step, Step::DeleteHold { .. })), "{plan}");
    }
}

#[test]
fn zone_that_is_asked_is_held_whatever_stands_in_a_parent() {
    let mut world = with_both();
    of_another_vpc(&mut world);
    world.vpc().records.swap(0, 1);
    for (record, zone) in world.vpc().records.iter_mut().zip(["Z1", "Z2"]) {
        record.key.zone = id(zone);
        record.claim.as_mut().unwrap().key.zone = id(zone);
    }
    assert_eq!(holds(&world.plan()), [format!("{HERE}/Z1/{NAME} SharedZone")]);
}

#[test]
fn nothing_that_stands_in_a_shadowed_zone_is_held() {
    let denied = Denied {
        account: id("777788889999"),
        operation: "route53:ListResourceRecordSets".into(),
        message: "AccessDenied for Z2".into(),
        tried: None,
    };
    let cname = SeenRecords { incompatible: ["CNAME".into()].into(), ..SeenRecords::default() };
    let foreign = World::new().claimed_by(1, HERE, "192.0.2.1").0.vpcs.remove(0).records.remove(0).seen;
    for seen in [Err(denied), Ok(cname), foreign] {
        let mut world = with_parent();
        world.vpc().records[1].seen = seen.clone();
        let plan = world.plan();
        assert_eq!((holds(&plan), changed(&plan)), (Vec::new(), vec!["Z1".to_owned()]), "{plan}");
        // Once the closer zone is gone, the parent is asked, and its trouble is the VPC's.
        zones(&mut world).remove(&id("Z1"));
        world.vpc().records.remove(0);
        assert_eq!(holds(&world.plan()).len(), 1);
    }
}

#[test]
fn name_of_another_service_in_a_shadowed_zone_is_no_hold() {
    let mut world = with_parent();
    of_another_vpc(&mut world);
    world.vpc().records[1].claim.as_mut().unwrap().service = id("vpce-svc-00000009");
    let mut policy = policy();
    let other =
        ServiceDefinition { service: id("vpce-svc-00000009"), ..policy.services[&id(SERVICE)].clone() };
    policy.services.insert(other.service.clone(), other);
    assert_eq!(holds(&plan(&intent(), &world.0, &policy, &[])), [""; 0]);
}

#[test]
fn zone_of_an_aws_service_that_is_asked_is_held_and_records_stay() {
    let mut world = with_both();
    zones(&mut world).insert(id("ZS"), of_aws("*.aws.byoc.example.com"));
    let plan = world.plan();
    assert_eq!(holds(&plan), [format!("{HERE}/{NAME} ShadowedByPrivateDns")]);
    assert_eq!(changed(&plan), [""; 0], "{plan}");
    assert!(!plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. })), "{plan}");
    let words = world.held().join("");
    assert!(words.contains("zone ZS of vpce.amazonaws.com is asked for the name"), "{words}");
}

#[test]
fn zone_of_an_aws_service_that_is_not_asked_or_stands_beside_the_name_is_no_hold() {
    for name in ["byoc.example.com", "in02.aws.byoc.example.com", "vpce.amazonaws.com"] {
        let mut world = with_parent();
        zones(&mut world).insert(id("ZS"), of_aws(name));
        assert_eq!(holds(&world.plan()), [""; 0], "{name}");
    }
}

#[test]
fn zone_of_an_aws_service_alone_is_asked_and_no_other_can_be_written() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    *zones(&mut world) = [(id("ZS"), of_aws("aws.byoc.example.com"))].into();
    world.vpc().records.clear();
    assert_eq!(holds(&world.plan()), [format!("{HERE}/{NAME} ShadowedByPrivateDns")]);
}

#[test]
fn answering_writes_the_closest_zone_alone() {
    let plan = plan(&intent(), &with_parent().0, &answering_policy(), &[]);
    assert_eq!(changed(&plan), ["Z1"], "{plan}");
}

#[test]
fn answering_keeps_the_closest_zone_that_can_be_written_while_a_service_shadows_it() {
    let mut world = with_both();
    zones(&mut world).insert(id("ZS"), of_aws("*.aws.byoc.example.com"));
    let plan = plan(&run(20, false), &world.0, &answering_policy(), &[]);
    assert_eq!(changed(&plan), ["Z2"], "{plan}");
    zones(&mut world).remove(&id("Z1"));
    world.vpc().records.remove(0);
    let plan = super::plan(&run(20, false), &world.0, &answering_policy(), &[]);
    assert_eq!(changed(&plan), [""; 0], "{plan}");
}

#[test]
fn what_answering_leaves_goes_by_a_run_under_its_limit_and_not_by_an_event() {
    let policy = answering_policy();
    let told = plan(&intent(), &with_both().0, &policy, &[]);
    assert_eq!((changed(&told), holds(&told)), (Vec::new(), Vec::new()), "{told}");
    let swept = plan(&run(20, false), &with_both().0, &policy, &[]);
    assert_eq!(changed(&swept), ["Z2"], "{swept}");
    assert!(swept.steps().any(|step| matches!(step, Step::ReserveDeletion { at_most: 20, .. })), "{swept}");
    let at_limit = plan(&run(0, false), &with_both().0, &policy, &[]);
    assert_eq!(changed(&at_limit), [""; 0]);
    assert_eq!(holds(&at_limit), [format!("{HERE}/Z2/{NAME} TooManyDeletes")]);
    let mut held = with_both();
    held.vpc().holds = at_limit.holds;
    let told = plan(&intent(), &held.0, &policy, &[]);
    assert!(
        holds(&told).len() == 1 && !told.steps().any(|step| matches!(step, Step::DeleteHold { .. })),
        "{told}"
    );
}

#[test]
fn event_still_removes_what_an_endpoint_leaves_that_is_gone() {
    let mut world = with_both();
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Deleting);
    assert_eq!(changed(&plan(&intent(), &world.0, &answering_policy(), &[])), ["Z1", "Z2"]);
}

#[test]
fn answering_leaves_a_shared_parent_to_those_that_it_answers() {
    let mut world = with_both();
    let others = World::new().claimed_by(9, ELSEWHERE, "10.9.0.1").0.vpcs.remove(0).records.remove(0);
    let record = &mut world.vpc().records[1];
    let claim = record.claim.as_mut().unwrap();
    claim.contributions.extend(others.claim.unwrap().contributions);
    claim.confirmed.a.insert(id("10.9.0.1"));
    let both = SeenRecords::default().changes_to(&claim.confirmed, 60);
    record.seen = Ok(SeenRecords::default().apply(&both).unwrap());
    let mut policy = answering_policy();
    policy.services.values_mut().for_each(|definition| definition.shared_zones = SharedZones::Merge);
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(plan.to_string().contains("CREATE A TTL 60 10.9.0.1"), "{plan}");
}

#[test]
fn zones_that_were_not_listed_change_nothing() {
    let mut world = with_both();
    world.vpc().zones = None;
    world.vpc().records[1].seen =
        Ok(SeenRecords { incompatible: ["CNAME".into()].into(), ..SeenRecords::default() });
    let plan = plan(&run(20, false), &world.0, &answering_policy(), &[]);
    assert_eq!(
        (changed(&plan), holds(&plan)),
        (Vec::new(), vec![format!("{HERE}/Z2/{NAME} IncompatibleRecord")])
    );
}
