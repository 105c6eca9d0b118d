//! The zones that zonelink makes: a test for each row of the table in `plan/vpc/zone.rs`.

use super::*;
use crate::model::facts::{Tried, ZoneOwner};
use crate::model::ids::VpcId;
use crate::model::policy::ZoneChoice;
use crate::model::zone_claim::{ClaimedZone, ZoneClaim, ZoneLook, ZoneMaking, ZoneState};

pub(super) const DOMAIN: &str = "aws.byoc.example.com";
pub(super) const REFERENCE: &str = "zl-00112233445566778899aabbccddeeff-7";

pub(super) fn creating() -> Policy {
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.zones = ZoneChoice::Create);
    policy
}

/// A VPC with an available endpoint and no zone.
pub(super) fn bare() -> World {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    world.vpc().zones = Some(Ok([].into()));
    world.vpc().records.clear();
    world.vpc().making = Some(ZoneMaking {
        installation: "111122223333/us-west-2/zonelink".into(),
        provider: id("111122223333"),
        zones: 0,
        at_most: 20,
    });
    world
}

pub(super) fn claimed(mut world: World, state: ZoneState, look: ZoneLook) -> World {
    let claim = ZoneClaim {
        vpc: id(HERE),
        account: id("444455556666"),
        domain: id(DOMAIN),
        service: id(SERVICE),
        caller_reference: REFERENCE.into(),
        state,
        made_anew: None,
        version: 7,
    };
    world.vpc().zone_claims.insert(id(DOMAIN), ClaimedZone { claim, look });
    world
}

fn claim_of(world: &mut World) -> &mut ZoneClaim {
    &mut world.vpc().zone_claims.get_mut(&id(DOMAIN)).unwrap().claim
}

fn making(until: &str, look: ZoneLook) -> World {
    claimed(bare(), ZoneState::Making { until: now() + id::<jiff::Span>(until) }, look)
}

fn made(world: World, look: ZoneLook) -> World {
    claimed(world, ZoneState::Made { zone: id("Z1") }, look)
}

/// The VPC answers with a zone of the domain, which has this `CallerReference`.
pub(super) fn listed(mut world: World, caller_reference: Option<&str>) -> World {
    let zone = PrivateHostedZone::of_account(id(DOMAIN), id("444455556666"));
    world.vpc().zones = Some(Ok([(id("Z1"), zone)].into()));
    world.vpc().records = vec![record("Z1")];
    world.vpc().making = None;
    if let Some(claimed) = world.vpc().zone_claims.get_mut(&id(DOMAIN)) {
        let caller_reference = caller_reference.map(Into::into);
        claimed.look = ZoneLook::Reference { zone: id("Z1"), caller_reference };
    }
    world
}

/// What a plan does about zones, and what it holds.
pub(super) fn done(world: &World, policy: &Policy, refused: &[Refused]) -> (Vec<String>, Vec<String>) {
    let plan = plan(&intent(), &world.0, policy, refused);
    let of_zones = plan.steps().filter(|step| {
        matches!(
            step,
            Step::PutZoneClaim { .. }
                | Step::CreateZone { .. }
                | Step::DeleteZone { .. }
                | Step::ReleaseZoneClaim { .. }
        )
    });
    let holds = plan.holds.iter().map(|(subject, reason)| format!("{subject} {}", reason.code()));
    (of_zones.map(ToString::to_string).collect(), holds.collect())
}

fn held(code: &str) -> (Vec<String>, Vec<String>) {
    (Vec::new(), vec![format!("{HERE}/{NAME} {code}")])
}

pub(super) fn creates(reference: &str) -> (Vec<String>, Vec<String>) {
    let steps = vec![
        format!("claim zone {DOMAIN} of {HERE}"),
        format!("create private hosted zone {DOMAIN} for {HERE} as {reference}"),
    ];
    (steps, Vec::new())
}

fn first_reference() -> String {
    let beginning = ZoneClaim::reference_of("111122223333/us-west-2/zonelink", &id(HERE), &id(DOMAIN));
    format!("{beginning}{}", now().as_nanosecond())
}

pub(super) fn released() -> (Vec<String>, Vec<String>) {
    (vec![format!("release claim on zone {DOMAIN} of {HERE}")], Vec::new())
}

pub(super) const NOTHING: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());

#[test]
fn zone_that_can_hold_the_name_is_served_and_none_is_made() {
    for zone in [DOMAIN, "byoc.example.com", "example.com"] {
        let mut world = listed(bare(), None);
        let parent = PrivateHostedZone::of_account(id(zone), id("777788889999"));
        world.vpc().zones = Some(Ok([(id("Z1"), parent)].into()));
        assert_eq!(done(&world, &creating(), &[]), NOTHING, "{zone}");
    }
}

#[test]
fn zone_of_an_aws_service_is_held_and_none_is_made_below_it() {
    for zone in [DOMAIN, "example.com"] {
        let mut world = bare();
        let of_aws =
            PrivateHostedZone { name: id(zone), owner: ZoneOwner::Service("vpce.amazonaws.com".into()) };
        world.vpc().zones = Some(Ok([(id("ZS"), of_aws)].into()));
        assert_eq!(done(&world, &creating(), &[]), held("ShadowedByPrivateDns"), "{zone}");
    }
}

#[test]
fn nothing_is_made_where_the_definition_does_not_say_so() {
    assert_eq!(done(&bare(), &policy(), &[]), held("NoZone"));
}

#[test]
fn no_zone_is_made_in_a_vpc_of_the_providers_account() {
    let mut world = bare();
    world.vpc().making.as_mut().unwrap().provider = id("444455556666");
    assert_eq!(done(&world, &creating(), &[]), held("ProviderVpc"));
}

#[test]
fn no_more_zones_are_made_than_may_live_in_the_account() {
    let mut world = bare();
    world.vpc().making.as_mut().unwrap().zones = 20;
    assert_eq!(done(&world, &creating(), &[]), held("TooManyZones"));
}

#[test]
fn bare_vpc_gets_a_zone_of_the_names_own_domain() {
    assert_eq!(done(&bare(), &creating(), &[]), creates(&first_reference()));
    let plan = plan(&intent(), &bare().0, &creating(), &[]);
    let group = plan.groups.iter().find(|group| group.subject.to_string() == format!("{HERE}/{DOMAIN}"));
    let steps = &group.unwrap().steps;
    assert!(matches!(&steps[0], Step::Reserve { requests: 1, .. }), "{plan}");
    let Step::PutZoneClaim { claim, expects: None, at_most: 20, .. } = &steps[1] else { panic!("{plan}") };
    let Step::CreateZone { zone, until, put_back, .. } = &steps[2] else { panic!("{plan}") };
    assert_eq!(claim.state, ZoneState::Making { until: *until });
    assert_eq!((zone.region.as_str(), &zone.caller_reference), ("us-west-2", &claim.caller_reference));
    assert!(matches!(&put_back[..], [Step::ReleaseZoneClaim { expects, .. }] if *expects == claim.version));
}

#[test]
fn vpc_that_publishes_nothing_gets_no_zone() {
    for state in [Some("pending"), Some("pendingAcceptance"), Some("deleting"), None] {
        let mut world = bare();
        world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = state.map(VpcEndpointState::from);
        assert_eq!(done(&world, &creating(), &[]).0, [""; 0], "{state:?}");
    }
    let mut stranger = creating();
    stranger.services.values_mut().for_each(|definition| definition.allowed_principals.clear());
    assert_eq!(done(&bare(), &stranger, &[]).0, [""; 0], "connected without being allowed");
}

#[test]
fn vpc_whose_zones_cannot_be_read_gets_none() {
    let mut world = bare();
    let denied = Denied {
        account: id("444455556666"),
        operation: "route53:ListHostedZonesByVPC".into(),
        message: "AccessDenied".into(),
        tried: None,
    };
    world.vpc().zones = Some(Err(denied));
    assert_eq!(done(&world, &creating(), &[]), held("NoAccess"));
}

#[test]
fn zone_that_may_be_on_its_way_is_waited_for_and_what_is_held_stays() {
    let mut world = making("10s", ZoneLook::Unasked);
    assert_eq!(done(&world, &creating(), &[]), NOTHING);
    world.vpc().holds.insert(Subject::Name(id(HERE), id(NAME)), HoldReason::NoZone { tried: None });
    assert_eq!(done(&world, &creating(), &[]), held("NoZone"));
    let plan = plan(&intent(), &world.0, &creating(), &[]);
    assert_eq!(plan.look_again.get(&id::<VpcId>(HERE)), Some(&(now() + id::<jiff::Span>("10s"))));
}

#[test]
fn zone_of_which_nobody_knows_is_asked_for_again_with_the_same_reference() {
    let world = making("-1s", ZoneLook::Unasked);
    assert_eq!(done(&world, &creating(), &[]), creates(REFERENCE));
    let plan = plan(&intent(), &world.0, &creating(), &[]);
    let put_back = plan.steps().find_map(|step| match step {
        Step::CreateZone { put_back, .. } => put_back.first(),
        _ => None,
    });
    // The first request may have made it after all: the claim stays.
    assert!(matches!(put_back, Some(Step::PutZoneClaim { expects: Some(8), .. })), "{plan}");
}

#[test]
fn zone_of_which_nobody_knows_is_released_when_it_is_wanted_no_more() {
    let mut world = making("-1s", ZoneLook::Unasked);
    assert_eq!(done(&world, &policy(), &[]).0, released().0);
    assert_eq!(done(&making("10s", ZoneLook::Unasked), &policy(), &[]).0, [""; 0]);
    // While its endpoint only changes, another claim would make a second zone.
    for (state, expected) in [(VpcEndpointState::Pending, vec![]), (VpcEndpointState::Deleted, released().0)]
    {
        world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(state);
        assert_eq!(done(&world, &creating(), &[]).0, expected);
    }
}

#[test]
fn zone_with_our_reference_is_ours_though_the_answer_was_lost() {
    for (until, reference) in [("10s", REFERENCE), ("-1s", "zl-00112233445566778899aabbccddeeff-3")] {
        for policy in [creating(), policy()] {
            let world = listed(making(until, ZoneLook::Unasked), Some(reference));
            let confirmed = vec![format!("confirm claim on zone {DOMAIN} of {HERE}: Z1")];
            assert_eq!(done(&world, &policy, &[]), (confirmed, Vec::new()));
            assert_eq!(plan(&intent(), &world.0, &policy, &[]).holds.len(), 0);
        }
    }
}

#[test]
fn somebody_was_first_and_theirs_is_served() {
    for reference in ["terraform-20260302", "zl-ffffffffffffffffffffffffffffffff-7"] {
        let world = listed(making("-1s", ZoneLook::Unasked), Some(reference));
        assert_eq!(done(&world, &creating(), &[]), released());
        let plan = plan(&intent(), &world.0, &creating(), &[]);
        assert!(plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. })), "{plan}");
        let world = listed(making("10s", ZoneLook::Unasked), Some(reference));
        assert_eq!(done(&world, &creating(), &[]), NOTHING, "our request may still come");
    }
}

#[test]
fn zone_that_is_made_is_served_without_a_step() {
    for policy in [creating(), policy()] {
        let mut world = made(listed(bare(), None), ZoneLook::Unasked);
        world.vpc().records[0] = World::new().claimed_by(1, HERE, "10.0.0.1").0.vpcs[0].records[0].clone();
        assert_eq!(done(&world, &policy, &[]), NOTHING);
    }
}

#[test]
fn zone_that_somebody_deleted_is_made_once_anew_and_then_left_for_a_day() {
    let gone = || made(bare(), ZoneLook::Unlisted(Association::ZoneGone));
    assert_eq!(done(&gone(), &creating(), &[]), creates("zl-00112233445566778899aabbccddeeff-8"));
    let plan = plan(&intent(), &gone().0, &creating(), &[]);
    let anew = plan.steps().find_map(|step| match step {
        Step::PutZoneClaim { claim, .. } => claim.made_anew,
        _ => None,
    });
    assert_eq!(anew, Some(now()));
    for (ago, again) in [("1h", false), ("23h 59m", false), ("24h", true)] {
        let mut world = gone();
        claim_of(&mut world).made_anew = Some(now() - id::<jiff::Span>(ago));
        let expected =
            if again { creates("zl-00112233445566778899aabbccddeeff-8") } else { held("ZoneTakenAway") };
        assert_eq!(done(&world, &creating(), &[]), expected, "{ago}");
    }
    assert_eq!(done(&gone(), &policy(), &[]).0, released().0, "switched off since");
}

#[test]
fn zone_that_is_deleted_is_released_where_another_can_hold_the_name() {
    let mut world = made(listed(bare(), None), ZoneLook::Unlisted(Association::ZoneGone));
    claim_of(&mut world).state = ZoneState::Made { zone: id("Z7") };
    assert_eq!(done(&world, &creating(), &[]), released());
}

#[test]
fn zone_that_somebody_disassociated_is_never_associated_again_and_none_is_made_beside_it() {
    let left = made(bare(), ZoneLook::Unlisted(Association::Left));
    assert_eq!(done(&left, &creating(), &[]), held("ZoneDisassociated"));
    assert_eq!(done(&left, &policy(), &[]), held("NoZone"));
    let mut served = made(listed(bare(), None), ZoneLook::Unlisted(Association::Left));
    claim_of(&mut served).state = ZoneState::Made { zone: id("Z7") };
    assert_eq!(done(&served, &creating(), &[]), NOTHING);
}

#[test]
fn zone_that_nothing_needs_stays_and_its_claim_goes_with_the_last_record() {
    let mut world = made(listed(bare(), None), ZoneLook::Unasked);
    world.vpc().records[0] = World::new().claimed_by(1, HERE, "10.0.0.1").0.vpcs[0].records[0].clone();
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Deleting);
    world.vpc().zones = None;
    assert_eq!(done(&world, &creating(), &[]), released());
    // A record that stays keeps the claim on its zone.
    let denied = Denied {
        account: id("444455556666"),
        operation: "route53:ListResourceRecordSets".into(),
        message: "AccessDenied".into(),
        tried: None,
    };
    world.vpc().records[0].seen = Err(denied);
    assert_eq!(done(&world, &creating(), &[]).0, [""; 0]);
    // So does a definition that is lost, and an endpoint that may publish again.
    world.vpc().records.clear();
    let lost = Policy { services: BTreeMap::new(), ..creating() };
    assert_eq!(done(&world, &lost, &[]).0, [""; 0]);
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Pending);
    assert_eq!(done(&world, &creating(), &[]).0, [""; 0]);
}

#[test]
fn what_aws_refuses_is_held_and_what_it_denies_is_tried_again_later() {
    let denied = |tried| {
        HoldReason::NoAccess(Denied {
            account: id("444455556666"),
            operation: "route53:CreateHostedZone".into(),
            message: "AccessDenied: not authorized".into(),
            tried,
        })
    };
    let refused = |reason| Refused { vpc: id(HERE), met: Met::NoZone(id(DOMAIN)), reason };
    for (reason, code) in [
        (HoldReason::ZoneQuota { message: "TooManyHostedZones: 500".into() }, "ZoneQuota"),
        (HoldReason::ZoneDisassociated { domain: id(DOMAIN), zone: None }, "ZoneDisassociated"),
        (HoldReason::Route53Refused { message: "ConflictingDomainExists: …".into() }, "Route53Refused"),
        (denied(None), "NoAccess"),
    ] {
        assert_eq!(done(&bare(), &creating(), &[refused(reason.clone())]), held(code));
        let elsewhere = Refused { vpc: id(ELSEWHERE), ..refused(reason) };
        assert_eq!(done(&bare(), &creating(), &[elsewhere]), creates(&first_reference()));
    }
    let mut world = bare();
    let subject = Subject::Name(id(HERE), id(NAME));
    for (ago, sends) in [("59m", false), ("1h", true)] {
        let at = now() - id::<jiff::Span>(ago);
        let held = denied(Some(Tried { first: at, last: at }));
        world.vpc().holds.insert(subject.clone(), held);
        assert_eq!(!done(&world, &creating(), &[]).0.is_empty(), sends, "{ago}");
    }
}

#[test]
fn remedy_of_a_zone_that_may_not_be_made_names_the_parameter() {
    let denied = Denied {
        account: id("444455556666"),
        operation: "route53:CreateHostedZone".into(),
        message: "AccessDenied".into(),
        tried: Some(Tried { first: now(), last: now() }),
    };
    assert!(HoldReason::NoAccess(denied).remedy().contains("MayCreateZones=true"));
}

#[test]
fn one_zone_serves_all_names_that_its_domain_can_hold() {
    let with = |names: &[&str]| {
        let mut policy = creating();
        let definition = policy.services.values_mut().next().unwrap();
        definition.names = names.iter().map(|name| id(name)).collect();
        policy
    };
    let domains = |names: &[&str]| -> Vec<String> {
        let plan = plan(&intent(), &bare().0, &with(names), &[]);
        let domain = |step: &Step| match step {
            Step::CreateZone { zone, .. } => Some(zone.domain.to_string()),
            _ => None,
        };
        plan.steps().filter_map(domain).collect()
    };
    assert_eq!(domains(&["*.a.example.com"]), ["a.example.com"]);
    assert_eq!(domains(&["n.a.example.com"]), ["n.a.example.com"], "never a parent of an exact name");
    assert_eq!(domains(&["*.a.example.com", "n.a.example.com"]), ["a.example.com"]);
    assert_eq!(domains(&["*.b.a.example.com", "*.a.example.com"]), ["a.example.com"]);
    assert_eq!(domains(&["*.a.example.com", "*.b.example.com"]), ["a.example.com", "b.example.com"]);
}

#[test]
fn no_row_has_a_step_left_once_its_steps_are_applied() {
    // Announced, asked for, seen: each look plans what follows, and the last one nothing.
    let plan = plan(&intent(), &bare().0, &creating(), &[]);
    let claim = plan.steps().find_map(|step| match step {
        Step::PutZoneClaim { claim, .. } => Some((**claim).clone()),
        _ => None,
    });
    let mut world = bare();
    let claim = claim.unwrap();
    let reference = claim.caller_reference.clone();
    world.vpc().zone_claims.insert(id(DOMAIN), ClaimedZone { claim, look: ZoneLook::Unasked });
    let world = listed(world, Some(&reference));
    assert_eq!(done(&world, &creating(), &[]).0, [format!("confirm claim on zone {DOMAIN} of {HERE}: Z1")]);
    assert_eq!(done(&made(listed(bare(), None), ZoneLook::Unasked), &creating(), &[]), NOTHING);
}
