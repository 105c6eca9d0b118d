use std::collections::BTreeSet;

use super::super::plan;
use super::super::tests::{World, endpoint_id, id, intent, policy};
use super::*;
use crate::model::consent::Consented;
use crate::model::facts::Denied;
use crate::model::ids::AccountId;
use crate::model::record::{RecordSet, SeenRecords};
use crate::plan::{Plan, Step};

const HERE: &str = "vpc-0123456789abcdef0";
const ELSEWHERE: &str = "vpc-0fedcba9876543210";
const OWNER: &str = "222233334444";
const OTHER: &str = "555566667777";
const HELD: &str = "ZoneOwnerConsent: account 222233334444 owns the zone, and has not said that it serves VPCs of account 444455556666";

/// One available endpoint in a zone of another account.
fn guest(consent: Consent) -> World {
    in_zone_of(OWNER, World::new().with(1, Some("available"), &["10.0.0.1"]), consent)
}

fn in_zone_of(owner: &str, mut world: World, consent: Consent) -> World {
    let record = &mut world.vpc().records[0];
    (record.zone_account, record.consent) = (id(owner), consent);
    if let Some(claim) = &mut record.claim {
        claim.zone_account = id(owner);
    }
    world
}

/// The record belongs to an endpoint of a VPC elsewhere, of this account.
fn of_account(account: &str, world: World) -> World {
    let mut world = world.claimed_by(2, ELSEWHERE, "10.1.0.1");
    let claim = world.vpc().records[0].claim.as_mut().unwrap();
    claim.contributions.values_mut().for_each(|given| given.account = id::<AccountId>(account));
    world
}

fn planned(world: &World, sharing: SharedZones) -> Plan {
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.shared_zones = sharing);
    plan(&intent(), &world.0, &policy, &[])
}

fn changes(plan: &Plan) -> Vec<String> {
    let steps = plan.steps().filter(|step| matches!(step, Step::ChangeRecords { .. }));
    steps.map(|step| step.to_string().split(": ").nth(1).unwrap_or_default().to_owned()).collect()
}

fn held(plan: &Plan) -> Vec<String> {
    plan.holds.values().map(ToString::to_string).collect()
}

fn claims(plan: &Plan) -> Vec<BTreeSet<String>> {
    let steps = plan.steps().filter_map(|step| match step {
        Step::PutClaim { claim, .. } => Some(claim.vpcs().iter().map(ToString::to_string).collect()),
        _ => None,
    });
    steps.collect()
}

#[test]
fn a_vpc_is_written_in_another_accounts_zone_where_the_owner_consents() {
    let plan = planned(&guest(Consent::Given), SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan)), (vec!["CREATE A TTL 60 10.0.0.1".into()], vec![]));
}

#[test]
fn nothing_is_written_or_claimed_without_the_zone_owners_consent() {
    let plan = planned(&guest(Consent::NotGiven), SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan)), (vec![], vec![HELD.to_owned()]));
    assert_eq!(claims(&plan), []);
    let remedy = plan.holds.values().next().unwrap().remedy().into_owned();
    for part in ["account 222233334444", "infra/client.yaml", "ServesVpcsOf=444455556666"] {
        assert!(remedy.contains(part), "{remedy}");
    }
}

#[test]
fn no_consent_is_needed_where_zone_and_vpc_are_of_one_account() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let plan = planned(&in_zone_of("444455556666", world, Consent::Unasked), SharedZones::Refuse);
    assert_eq!((changes(&plan).len(), held(&plan)), (1, vec![]));
}

#[test]
fn what_stands_without_consent_stays_as_it_was_and_is_held() {
    for given in ["10.0.0.1", "10.0.0.7"] {
        let world = guest(Consent::NotGiven).claimed_by(1, HERE, given);
        let plan = planned(&in_zone_of(OWNER, world, Consent::NotGiven), SharedZones::Refuse);
        assert_eq!((changes(&plan), held(&plan)), (vec![], vec![HELD.to_owned()]), "{given}");
        assert_eq!(claims(&plan), [], "{given}");
    }
}

#[test]
fn what_somebody_has_taken_away_is_not_written_again_without_consent() {
    let mut world = guest(Consent::NotGiven).claimed_by(1, HERE, "10.0.0.1");
    world.vpc().records[0].seen = Ok(SeenRecords::default());
    let plan = planned(&in_zone_of(OWNER, world, Consent::NotGiven), SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan)), (vec![], vec![HELD.to_owned()]));
    assert!(plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. })), "{plan}");
}

const BEFORE: &str = "2026-03-02T09:05:00Z";
const LONG_BEFORE: &str = "2026-03-02T09:00:00Z";

/// A guest whose address stands, with what its claim says of the consent.
fn consented(denied_since: Option<&str>, consent: Consent) -> World {
    let mut world = in_zone_of(OWNER, guest(consent).claimed_by(1, HERE, "10.0.0.1"), consent);
    let claim = world.vpc().records[0].claim.as_mut().unwrap();
    let had = Consented { denied_since: denied_since.map(id) };
    claim.contributions.values_mut().for_each(|given| given.consent = Some(had.clone()));
    world
}

/// Since when the claim that is written says that consent is denied.
fn denied_since(plan: &Plan) -> Vec<Option<String>> {
    let written = plan.steps().filter_map(|step| match step {
        Step::PutClaim { claim, .. } => Some(claim.contributions.values().next()?.consent.clone()?),
        _ => None,
    });
    written.map(|had| had.denied_since.map(|since| since.to_string())).collect()
}

#[test]
fn a_claim_says_that_the_owner_had_consented() {
    assert_eq!(denied_since(&planned(&guest(Consent::Given), SharedZones::Refuse))[0], None);
    // One from before anybody asked learns it.
    let world = in_zone_of(OWNER, guest(Consent::Given).claimed_by(1, HERE, "10.0.0.1"), Consent::Given);
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!((changes(&plan), denied_since(&plan)), (vec![], vec![None]));
}

#[test]
fn a_consent_that_is_denied_for_the_first_time_takes_nothing_away() {
    let plan = planned(&consented(None, Consent::NotGiven), SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan)), (vec![], vec![HELD.to_owned()]));
    assert_eq!(denied_since(&plan), [Some("2026-03-02T09:15:00Z".to_owned())]);
    let later = planned(&consented(Some(BEFORE), Consent::NotGiven), SharedZones::Refuse);
    assert_eq!((changes(&later), claims(&later)), (vec![], vec![]), "{later}");
}

#[test]
fn a_consent_that_is_denied_for_a_quarter_of_an_hour_is_gone_and_its_addresses_leave() {
    let plan = planned(&consented(Some(LONG_BEFORE), Consent::NotGiven), SharedZones::Refuse);
    assert_eq!(
        (changes(&plan), held(&plan)),
        (vec!["DELETE A TTL 60 10.0.0.1".into()], vec![HELD.to_owned()])
    );
    assert!(plan.to_string().contains("the zone's owner does not consent any more"), "{plan}");
}

#[test]
fn a_consent_that_is_given_again_was_never_gone() {
    let plan = planned(&consented(Some(LONG_BEFORE), Consent::Given), SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan), denied_since(&plan)), (vec![], vec![], vec![None]));
}

#[test]
fn an_owner_that_cannot_be_asked_takes_nothing_back() {
    let mut world = consented(Some(LONG_BEFORE), Consent::NotGiven);
    let (account, operation) = (id(OWNER), "sts:AssumeRole".to_owned());
    world.vpc().records[0].seen =
        Err(Denied { account, operation, message: "AccessDenied".into(), tried: None });
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!((changes(&plan), claims(&plan)), (vec![], vec![]));
    assert!(held(&plan)[0].starts_with("NoAccess"));
    // Nobody has asked: that is no denial either.
    let unasked = planned(&consented(Some(LONG_BEFORE), Consent::Unasked), SharedZones::Refuse);
    assert_eq!((changes(&unasked), claims(&unasked)), (vec![], vec![]));
}

#[test]
fn an_endpoint_that_is_not_available_just_now_keeps_its_claim_though_nobody_was_asked() {
    let world = World::new().with(1, Some("pending"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
    let mut world = in_zone_of(OWNER, world, Consent::Unasked);
    world.vpc().records[0].seen = Ok(SeenRecords::default());
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!((changes(&plan), held(&plan)), (vec![], vec![]));
    assert!(!plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. })), "{plan}");
}

#[test]
fn what_is_gone_is_taken_out_with_or_without_consent() {
    for consent in [Consent::Unasked, Consent::NotGiven, Consent::Given] {
        let world = World::new().with(1, Some("deleted"), &[]).claimed_by(1, HERE, "10.0.0.1");
        let plan = planned(&in_zone_of(OWNER, world, consent), SharedZones::Refuse);
        assert_eq!((changes(&plan), held(&plan)), (vec!["DELETE A TTL 60 10.0.0.1".into()], vec![]));
    }
}

#[test]
fn a_vpc_of_the_zones_owner_takes_the_record_from_another_accounts() {
    let world = of_account(OTHER, World::new().with(1, Some("available"), &["10.0.0.1"]));
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!(changes(&plan), ["DELETE A TTL 60 10.1.0.1; CREATE A TTL 60 10.0.0.1"]);
    assert_eq!((held(&plan), claims(&plan)[0].clone()), (vec![], BTreeSet::from([HERE.to_owned()])));
    let sent: Vec<_> = plan
        .steps()
        .filter_map(|step| match step {
            Step::SendIntent { intent, .. } => Some((intent.account.to_string(), intent.vpcs.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [(OTHER.to_owned(), BTreeSet::from([id(ELSEWHERE)]))], "who has to leave is told");
}

#[test]
fn a_vpc_of_the_zones_owner_does_not_take_the_record_from_another_of_its_account() {
    let world = of_account("444455556666", World::new().with(1, Some("available"), &["10.0.0.1"]));
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!(changes(&plan), [""; 0]);
    assert_eq!(held(&plan), [format!("SharedZone: the zone's record belongs to {ELSEWHERE}")]);
}

#[test]
fn a_guest_does_not_take_the_record_from_anybody() {
    for account in [OWNER, OTHER] {
        let world = of_account(account, guest(Consent::Given));
        let plan = planned(&in_zone_of(OWNER, world, Consent::Given), SharedZones::Refuse);
        assert_eq!(changes(&plan), [""; 0]);
        assert_eq!(held(&plan), [format!("SharedZone: the zone's record belongs to {ELSEWHERE}")]);
    }
}

#[test]
fn where_records_are_merged_owner_and_guest_stand_side_by_side() {
    let world = of_account(OTHER, World::new().with(1, Some("available"), &["10.0.0.1"]));
    let plan = planned(&world, SharedZones::Merge);
    assert_eq!(changes(&plan), ["DELETE A TTL 60 10.1.0.1; CREATE A TTL 60 10.0.0.1 10.1.0.1"]);
}

#[test]
fn an_owners_endpoint_that_is_not_available_takes_nothing() {
    let world = of_account(OTHER, World::new().with(1, Some("pending"), &["10.0.0.1"]));
    let plan = planned(&world, SharedZones::Refuse);
    assert_eq!(changes(&plan), [""; 0]);
}

#[test]
fn a_merged_record_keeps_a_guest_that_stands_there_without_consent() {
    let mut world = of_account(OWNER, guest(Consent::NotGiven));
    let vpc = world.vpc();
    let claim = vpc.records[0].claim.as_mut().unwrap();
    let mut own = claim.contributions.values().next().unwrap().clone();
    own.vpc = id(HERE);
    own.account = id("444455556666");
    own.addresses.a = BTreeSet::from([id("10.0.0.1")]);
    claim.contributions.insert(endpoint_id(1), own);
    let values = ["10.0.0.1".to_owned(), "10.1.0.1".to_owned()].into();
    vpc.records[0].seen =
        Ok(SeenRecords { a: Some(RecordSet { ttl: 60, values }), ..SeenRecords::default() });
    vpc.records[0].claim.as_mut().unwrap().confirmed = vpc.records[0].seen.as_ref().unwrap().addresses();
    let world = in_zone_of(OWNER, world, Consent::NotGiven);
    let plan = planned(&world, SharedZones::Merge);
    assert_eq!((changes(&plan), held(&plan), claims(&plan)), (vec![], vec![HELD.to_owned()], vec![]));
}

#[test]
fn what_somebody_took_out_of_a_merged_record_is_not_written_for_a_guest_without_consent() {
    let found = |consent: Option<Consented>, seen: SeenRecords| {
        let mut world = of_account(OTHER, World::new().with(1, Some("available"), &["10.0.0.1"]));
        let record = &mut world.vpc().records[0];
        record.seen = Ok(seen);
        let claim = record.claim.as_mut().unwrap();
        claim.contributions.values_mut().for_each(|given| given.consent.clone_from(&consent));
        planned(&world, SharedZones::Merge)
    };
    let denied = Consented { denied_since: Some(id(BEFORE)) };
    let set = RecordSet { ttl: 60, values: ["10.1.0.1".to_owned()].into() };
    let stands = SeenRecords { a: Some(set), ..SeenRecords::default() };
    for consent in [None, Some(denied)] {
        let deleted = found(consent.clone(), SeenRecords::default());
        assert_eq!(changes(&deleted), ["CREATE A TTL 60 10.0.0.1"], "{deleted}");
        assert_eq!(claims(&deleted), vec![BTreeSet::from([HERE.to_owned()]); 2]);
        let sent_for = |step: &Step| matches!(step, Step::SendIntent { intent, .. } if intent.vpcs == [id(ELSEWHERE)].into());
        assert!(deleted.steps().any(sent_for), "{deleted}");
        let kept = changes(&found(consent, stands.clone()));
        assert!(kept[0].ends_with("CREATE A TTL 60 10.0.0.1 10.1.0.1"), "{kept:?}");
    }
    let consented = changes(&found(Some(Consented::default()), SeenRecords::default()));
    assert_eq!(consented, ["CREATE A TTL 60 10.0.0.1 10.1.0.1"]);
}
