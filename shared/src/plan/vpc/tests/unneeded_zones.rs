//! The zones that nothing needs any more: a test for each row of the table in `plan/vpc/zone/unneeded.rs`.

use super::made_zones::{
    DOMAIN, NOTHING, REFERENCE, bare, claimed, creates, creating, done, listed, released,
};
use super::*;
use crate::model::ids::{HostedZoneId, VpcId};
use crate::model::policy::UnneededZones;
use crate::model::zone_claim::{ZoneContents, ZoneLook, ZoneState};

fn deleting() -> Policy {
    let mut policy = creating();
    policy.services.values_mut().for_each(|definition| definition.unneeded_zones = UnneededZones::Delete);
    policy
}

/// Our own zone, as we have made it.
fn own() -> ZoneContents {
    ZoneContents { caller_reference: REFERENCE.into(), record_sets: Some(2), vpcs: [id(HERE)].into() }
}

fn seen(contents: Option<ZoneContents>) -> ZoneLook {
    ZoneLook::Contents { contents, claimed: false }
}

fn made_state() -> ZoneState {
    ZoneState::Made { zone: id("Z1") }
}

/// Nothing of the VPC is left but the claim on its zone.
fn left_over(state: ZoneState, look: ZoneLook) -> World {
    let mut world = claimed(bare(), state, look);
    (world.vpc().zones, world.vpc().making) = (None, None);
    world.vpc().endpoints.clear();
    world
}

fn unneeded(look: ZoneLook) -> World {
    left_over(made_state(), look)
}

fn removing(until: &str, look: ZoneLook) -> World {
    left_over(ZoneState::Removing { zone: id("Z1"), until: now() + id::<jiff::Span>(until) }, look)
}

/// An available endpoint has come, and the zone is listed, or is not any more.
fn needed(mut world: World, is_listed: bool) -> World {
    let look = world.vpc().zone_claims[&id(DOMAIN)].look.clone();
    let mut here = if is_listed { listed(bare(), None) } else { bare() };
    here.vpc().zone_claims.clone_from(&world.vpc().zone_claims);
    here.vpc().zone_claims.get_mut(&id(DOMAIN)).unwrap().look = look;
    here
}

fn deletes() -> (Vec<String>, Vec<String>) {
    let steps = vec![
        format!("announce the end of zone {DOMAIN} of {HERE}: Z1"),
        format!("delete private hosted zone {DOMAIN} (Z1)"),
        format!("release claim on zone {DOMAIN} of {HERE}"),
    ];
    (steps, Vec::new())
}

/// Why the claim on the zone is released, and the zone left.
fn left_because(world: &World, refused: &[Refused]) -> String {
    assert_eq!(done(world, &deleting(), refused), released());
    let plan = plan(&intent(), &world.0, &deleting(), refused);
    let group = plan.groups.into_iter().find(|group| group.subject.to_string() == format!("{HERE}/{DOMAIN}"));
    group.unwrap().reason
}

fn refused(reason: HoldReason) -> [Refused; 1] {
    [Refused { vpc: id(HERE), met: Met::Zone(id("Z1")), reason }]
}

fn denied(operation: &str) -> Denied {
    let (account, message) = (id("444455556666"), "AccessDenied".into());
    Denied { account, operation: operation.into(), message, tried: None }
}

#[test]
fn zone_is_kept_unless_the_definition_says_otherwise() {
    for look in [ZoneLook::Unasked, seen(Some(own())), seen(None)] {
        assert_eq!(done(&unneeded(look), &creating(), &[]), released());
    }
}

#[test]
fn zone_whose_last_record_goes_is_looked_at_again_once_that_is_gone() {
    let mut world = listed(bare(), None);
    world.vpc().records[0] = World::new().claimed_by(1, HERE, "10.0.0.1").0.vpcs[0].records[0].clone();
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Deleting);
    world.vpc().zones = None;
    let world = claimed(world, made_state(), ZoneLook::Unasked);
    assert_eq!(done(&world, &deleting(), &[]), NOTHING, "nobody knows what else is in it");
    let sends = |policy: &Policy| {
        let plan = plan(&intent(), &world.0, policy, &[]);
        let group = plan
            .groups
            .iter()
            .find(|group| group.steps.iter().any(|step| matches!(step, Step::ReleaseClaim { .. })));
        let steps = group.unwrap().steps.clone();
        let released = steps.iter().position(|step| matches!(step, Step::ReleaseClaim { .. })).unwrap();
        steps[released..].iter().any(|step| {
            matches!(step, Step::SendIntent { intent, .. } if intent.vpcs == [id::<VpcId>(HERE)].into())
        })
    };
    assert!(sends(&deleting()));
    assert!(!sends(&creating()), "a zone that is kept costs no message");
}

#[test]
fn zone_of_ours_that_holds_nothing_and_answers_nobody_else_is_deleted() {
    let world = unneeded(seen(Some(own())));
    assert_eq!(done(&world, &deleting(), &[]), deletes());
    let plan = plan(&intent(), &world.0, &deleting(), &[]);
    let group = plan.groups.iter().find(|group| group.subject.to_string() == format!("{HERE}/{DOMAIN}"));
    let [reserve, announce, delete, release] = group.unwrap().steps.as_slice() else { panic!("{plan}") };
    assert!(matches!(reserve, Step::Reserve { requests: 1, .. }), "{plan}");
    let Step::PutZoneClaim { claim, expects: Some(7), unclaimed, .. } = announce else { panic!("{plan}") };
    let Step::DeleteZone { zone, until, put_back, .. } = delete else { panic!("{plan}") };
    assert_eq!(claim.state, ZoneState::Removing { zone: zone.clone(), until: *until });
    assert_eq!(unclaimed, &[format!("Z1/{NAME}").parse().unwrap()].into(), "no claim may stand on a record");
    assert!(matches!(release, Step::ReleaseZoneClaim { expects: 8, .. }), "{plan}");
    let [Step::PutZoneClaim { claim, expects: Some(8), .. }] = put_back.as_slice() else { panic!("{plan}") };
    assert_eq!((&claim.state, claim.version), (&made_state(), 9));
}

#[test]
fn deletion_by_a_run_is_counted_and_one_that_is_too_many_is_held() {
    let mut world = unneeded(seen(Some(own())));
    let by = |world: &World, deletes, allowed| {
        let plan = plan(&run(deletes, allowed), &world.0, &deleting(), &[]);
        let steps: Vec<_> = plan.steps().map(ToString::to_string).collect();
        (
            steps,
            plan.holds.into_iter().map(|(on, reason)| format!("{on} {}", reason.code())).collect::<Vec<_>>(),
        )
    };
    let (steps, holds) = by(&world, 20, false);
    assert_eq!((steps[1].as_str(), &holds[..]), ("reserve 1 of the 20 removals of run r", &[][..]));
    let put_back = plan(&run(20, false), &world.0, &deleting(), &[]).steps().find_map(|step| match step {
        Step::DeleteZone { put_back, .. } => put_back.last().cloned(),
        _ => None,
    });
    assert!(matches!(put_back, Some(Step::ReturnDeletion { run }) if run == "r"));
    let held = format!("{HERE}/{DOMAIN} TooManyDeletes");
    assert_eq!(by(&world, 0, false).1, [held.as_str()]);
    let reason = HoldReason::TooManyDeletes { run: "r".into(), at_most: 20 };
    let full = plan(&run(20, false), &world.0, &deleting(), &refused(reason.clone()));
    assert_eq!(full.holds.values().map(HoldReason::code).collect::<Vec<_>>(), ["TooManyDeletes"]);
    world.vpc().holds.insert(Subject::Name(id(HERE), id(DOMAIN)), reason);
    assert_eq!(by(&world, 20, false), (Vec::new(), vec![held]), "it stays held");
    assert!(by(&world, 20, true).0.iter().any(|step| step.starts_with("delete private hosted zone")));
    assert_eq!(done(&world, &deleting(), &[]), deletes(), "an event is bound by no run");
}

#[test]
fn zone_that_is_gone_is_released() {
    assert_eq!(left_because(&unneeded(seen(None)), &[]), "the zone is gone: release it");
}

#[test]
fn zone_with_another_reference_is_left() {
    for reference in ["terraform-20260302", "zl-00112233445566778899aabbccddeeff-6"] {
        let contents = ZoneContents { caller_reference: reference.into(), ..own() };
        assert!(left_because(&unneeded(seen(Some(contents))), &[]).contains(reference));
    }
}

#[test]
fn zone_that_holds_more_than_its_own_record_sets_is_left() {
    for (record_sets, words) in [(Some(3), "it holds 3 record sets"), (None, "does not say how many")] {
        let contents = ZoneContents { record_sets, ..own() };
        let why = left_because(&unneeded(seen(Some(contents))), &[]);
        assert!(why.contains(words) && why.ends_with("it stays, and is the client's"), "{why}");
    }
}

#[test]
fn zone_that_answers_another_vpc_or_none_is_left() {
    for vpcs in [vec![HERE, ELSEWHERE], vec![ELSEWHERE], vec![]] {
        let contents = ZoneContents { vpcs: vpcs.iter().map(|vpc| id(vpc)).collect(), ..own() };
        let why = left_because(&unneeded(seen(Some(contents))), &[]);
        assert!(why.contains(&format!("it answers [{}]", vpcs.join(", "))), "{why}");
    }
}

#[test]
fn zone_in_which_somebody_has_claimed_a_record_is_left() {
    let look = ZoneLook::Contents { contents: Some(own()), claimed: true };
    assert!(left_because(&unneeded(look), &[]).contains("a claim on a record"));
}

#[test]
fn zone_of_which_aws_does_not_say_what_stands_in_it_is_left() {
    let look = ZoneLook::Denied(denied("route53:GetHostedZone"));
    assert!(left_because(&unneeded(look), &[]).contains("route53:GetHostedZone"));
}

#[test]
fn zone_of_more_names_than_one_transaction_checks_is_left() {
    let with = |names: usize| {
        let mut policy = deleting();
        let definition = policy.services.values_mut().next().unwrap();
        definition.names = (0..names).map(|number| id(&format!("n{number}.{DOMAIN}"))).collect();
        policy
    };
    let world = unneeded(seen(Some(own())));
    assert_eq!(done(&world, &with(99), &[]), deletes());
    assert_eq!(done(&world, &with(100), &[]), released());
}

#[test]
fn zone_is_kept_where_another_service_of_its_names_says_so() {
    let mut policy = deleting();
    let mut other = policy.services.values().next().unwrap().clone();
    other.service = id("vpce-svc-00000009");
    other.names = [id(&format!("n.{DOMAIN}"))].into();
    other.unneeded_zones = UnneededZones::Keep;
    policy.services.insert(other.service.clone(), other);
    assert_eq!(done(&unneeded(seen(Some(own()))), &policy, &[]), released());
}

#[test]
fn zone_of_an_endpoint_that_may_publish_again_is_not_touched() {
    let mut world = bare();
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Pending);
    let world = claimed(world, made_state(), seen(Some(own())));
    assert_eq!(done(&world, &deleting(), &[]).0, [""; 0]);
}

#[test]
fn zone_that_may_be_deleted_right_now_is_waited_for_whether_it_is_needed_or_not() {
    for (world, is_needed) in [
        (removing("10s", seen(Some(own()))), false),
        (needed(removing("10s", seen(Some(own()))), true), true),
    ] {
        assert_eq!(done(&world, &deleting(), &[]), NOTHING);
        let plan = plan(&intent(), &world.0, &deleting(), &[]);
        assert_eq!(plan.look_again.get(&id::<VpcId>(HERE)), Some(&(now() + id::<jiff::Span>("10s"))));
        let writes =
            plan.steps().any(|step| matches!(step, Step::PutClaim { .. } | Step::ChangeRecords { .. }));
        assert!(!writes, "no record comes into it, needed or not ({is_needed}): {plan}");
    }
}

#[test]
fn zone_that_is_deleted_is_released_though_its_answer_was_lost() {
    for until in ["10s", "-1s"] {
        assert_eq!(
            left_because(&removing(until, seen(None)), &[]),
            "the zone is deleted, as nothing needed it: release it"
        );
    }
}

#[test]
fn zone_that_we_have_deleted_is_made_anew_when_it_is_needed_and_nobody_has_taken_it_away() {
    for until in ["10s", "-1s"] {
        let world = needed(removing(until, seen(None)), false);
        assert_eq!(done(&world, &deleting(), &[]), creates("zl-00112233445566778899aabbccddeeff-8"));
        let plan = plan(&intent(), &world.0, &deleting(), &[]);
        let anew = plan.steps().find_map(|step| match step {
            Step::PutZoneClaim { claim, .. } => Some(claim.made_anew),
            _ => None,
        });
        assert_eq!(anew, Some(None), "our own deletion is none of somebody else's");
    }
}

#[test]
fn zone_that_is_needed_again_and_was_not_deleted_is_ours_as_before() {
    for look in [seen(Some(own())), ZoneLook::Denied(denied("route53:GetHostedZone"))] {
        let world = needed(removing("-1s", look), true);
        let confirmed = vec![format!("confirm claim on zone {DOMAIN} of {HERE}: Z1")];
        assert_eq!(done(&world, &deleting(), &[]), (confirmed, Vec::new()));
        let plan = plan(&intent(), &world.0, &deleting(), &[]);
        assert_eq!(plan.look_again.get(&id::<VpcId>(HERE)), Some(&now()), "then its record is written");
    }
}

#[test]
fn zone_whose_deletion_was_never_made_is_deleted_once_more_or_left_as_the_definition_says_now() {
    let world = removing("-1s", seen(Some(own())));
    assert_eq!(done(&world, &deleting(), &[]), deletes());
    assert_eq!(done(&world, &creating(), &[]), released(), "it is to be kept by now");
    let full = ZoneContents { record_sets: Some(3), ..own() };
    assert!(left_because(&removing("-1s", seen(Some(full))), &[]).contains("3 record sets"));
}

#[test]
fn zone_that_route_53_does_not_delete_is_left_and_why_is_said() {
    let world = unneeded(seen(Some(own())));
    let message = "HostedZoneNotEmpty: there are record sets".to_owned();
    let why = left_because(&world, &refused(HoldReason::Route53Refused { message }));
    assert!(why.contains("HostedZoneNotEmpty"), "{why}");
    let elsewhere = |zone: HostedZoneId| {
        let [one] = refused(HoldReason::Route53Refused { message: "HostedZoneNotEmpty".into() });
        [Refused { met: Met::Zone(zone), ..one }]
    };
    assert_eq!(done(&world, &deleting(), &elsewhere(id("Z9"))), deletes(), "another zone was refused");
}

#[test]
fn zone_that_may_not_be_deleted_is_left_and_the_grant_is_named() {
    let denied = HoldReason::NoAccess(denied("route53:DeleteHostedZone"));
    let why = left_because(&unneeded(seen(Some(own()))), &refused(denied));
    assert!(why.contains("MayDeleteZones=true"), "{why}");
}

#[test]
fn first_claim_in_a_zone_that_was_made_is_bound_to_the_claim_on_the_zone_and_no_other_is() {
    let guard = |world: &World| {
        let plan = plan(&intent(), &world.0, &deleting(), &[]);
        plan.steps().find_map(|step| match step {
            Step::PutClaim { zone, .. } => Some(zone.as_ref().map(|claim| claim.version)),
            _ => None,
        })
    };
    let world = claimed(listed(bare(), None), made_state(), ZoneLook::Unasked);
    assert_eq!(guard(&world), Some(Some(7)));
    assert_eq!(guard(&listed(bare(), None)), Some(None), "the zone is none of ours");
}
