//! Private hosted zones and their VPCs.

use std::collections::BTreeMap;
use std::time::Duration;

use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::facts::{Association, PrivateHostedZone, ZoneOwner};
use shared::model::ids::{HostedZoneId, VpcId};
use shared::model::record::{Change, ChangeAction, RecordType};
use shared::model::zone_claim::{NewZone, ZoneContents};

use crate::failures::kind;
use crate::records::{change, create, key, set};
use crate::{Refusal, World, all, id};

pub(crate) const NO_ZONE: &str = "Z0FFFFFFFFFFFFFFFFFFF";

async fn zones<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
    vpc: &VpcId,
) -> (Vec<(HostedZoneId, PrivateHostedZone)>, usize) {
    let setting = world.setting();
    let page = async |token| {
        cloud.list_hosted_zones_by_vpc(&setting.client, vpc, &setting.region, token).await.unwrap()
    };
    all(page).await
}

pub(crate) async fn zones_of_a_vpc_are_listed_with_their_names_and_owners<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let (vpc, beside) = (world.vpc(&setting.client), world.vpc(&setting.client));
    let own = world.zone(&setting.client, "byoc.example.com", &vpc);
    let shared = world.zone(&setting.other, "example.com", &vpc);
    world.zone(&setting.client, "example.org", &beside);
    let listed: BTreeMap<_, _> = zones(cloud, world, &vpc).await.0.into_iter().collect();
    let zone = |name: &str, account| PrivateHostedZone::of_account(id(name), account);
    let wanted = BTreeMap::from([
        (own, zone("byoc.example.com", setting.client)),
        (shared, zone("example.com", setting.other)),
    ]);
    assert_eq!(listed, wanted);
}

pub(crate) async fn zones_of_aws_services_are_listed_with_their_service<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let vpc = world.vpc(&world.setting().client);
    let zone = world.zone_of_aws("vpce.amazonaws.com", "byoc.example.com", &vpc);
    let owner = ZoneOwner::Service("vpce.amazonaws.com".into());
    let wanted = PrivateHostedZone { name: id("byoc.example.com"), owner };
    assert_eq!(zones(cloud, world, &vpc).await.0, [(zone, wanted)]);
}

pub(crate) async fn zones_come_in_pages<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    for name in ["example.com", "byoc.example.com", "aws.byoc.example.com"] {
        world.zone(&client, name, &vpc);
    }
    world.pages_of(1);
    let (found, pages) = zones(cloud, world, &vpc).await;
    assert_eq!((found.len(), pages), (3, 3));
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>().len(), 3, "each of them once");
}

pub(crate) async fn a_zone_is_associated_or_left_or_gone<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let (vpc, beside) = (world.vpc(&client), world.vpc(&client));
    let zone = world.zone(&client, "example.com", &vpc);
    let association = async |vpc| cloud.get_hosted_zone(&client, &zone, vpc).await.unwrap();
    assert_eq!(association(&vpc).await, Association::Associated);
    assert_eq!(association(&beside).await, Association::Left);
    world.disassociate(&zone, &vpc);
    assert_eq!(association(&vpc).await, Association::Left);
    assert_eq!(zones(cloud, world, &vpc).await.0, []);
    world.delete_zone(&zone);
    assert_eq!(association(&vpc).await, Association::ZoneGone);
}

const CREATE: &str = "route53:CreateHostedZone";
const TIME: Duration = Duration::from_secs(30);

pub(crate) fn new_zone<W: World>(world: &W, vpc: &VpcId, name: &str, reference: &str) -> NewZone {
    NewZone {
        domain: id(name),
        vpc: vpc.clone(),
        region: world.setting().region,
        caller_reference: reference.to_owned(),
        comment: "Made for a claim".to_owned(),
    }
}

pub(crate) async fn a_private_zone_is_made_for_a_vpc_and_keeps_its_reference<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    let new = new_zone(world, &vpc, "aws.byoc.example.com", &format!("zl-made-{vpc}-1"));
    cloud.create_hosted_zone(&client, &new, TIME).await.unwrap();
    let (listed, _) = zones(cloud, world, &vpc).await;
    let [(zone, facts)] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(*facts, PrivateHostedZone::of_account(new.domain.clone(), client.clone()));
    let reference = async |zone| cloud.caller_reference(&client, zone).await.unwrap();
    assert_eq!(reference(zone).await, Some(new.caller_reference.clone()));
    assert_eq!(cloud.get_hosted_zone(&client, zone, &vpc).await.unwrap(), Association::Associated);
    assert_eq!(reference(&id(NO_ZONE)).await, None);
}

pub(crate) async fn a_second_zone_of_one_name_for_one_vpc_is_refused<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let (vpc, beside) = (world.vpc(&client), world.vpc(&client));
    let zone = world.zone(&client, "example.com", &vpc);
    let create = async |vpc: &VpcId, name: &str| {
        let new = new_zone(world, vpc, name, &format!("zl-second-{vpc}-{name}"));
        cloud.create_hosted_zone(&client, &new, TIME).await
    };
    let answer = create(&vpc, "example.com").await;
    assert!(answer.as_ref().is_err_and(|error| error.has_code(&["ConflictingDomainExists"])), "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
    let listed = zones(cloud, world, &vpc).await.0;
    assert_eq!(listed.iter().map(|(id, _)| id).collect::<Vec<_>>(), [&zone]);
    // Neither another name nor another VPC is concerned.
    create(&vpc, "aws.example.com").await.unwrap();
    create(&beside, "example.com").await.unwrap();
}

pub(crate) async fn a_reference_that_a_zone_has_is_refused<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let (vpc, beside) = (world.vpc(&client), world.vpc(&client));
    let reference = format!("zl-twice-{vpc}");
    let first = new_zone(world, &vpc, "example.com", &reference);
    cloud.create_hosted_zone(&client, &first, TIME).await.unwrap();
    let second = new_zone(world, &beside, "example.com", &reference);
    let answer = cloud.create_hosted_zone(&client, &second, TIME).await;
    assert!(answer.as_ref().is_err_and(|error| error.has_code(&["HostedZoneAlreadyExists"])), "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
    assert_eq!(zones(cloud, world, &beside).await.0, []);
}

pub(crate) async fn a_zone_whose_answer_is_lost_is_no_answer<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    cloud.assume_role(&client).await.unwrap();
    world.fail(&client, CREATE, Refusal::Lost);
    let new = new_zone(world, &vpc, "example.com", &format!("zl-lost-{vpc}"));
    let answer = cloud.create_hosted_zone(&client, &new, TIME).await;
    assert_eq!(kind(answer), CallFailure::Unavailable);
    world.heal();
    assert!(zones(cloud, world, &vpc).await.0.len() <= 1);
}

/// A zone that was made for a VPC, and what it is.
async fn made<C: Cloud, W: World>(cloud: &C, world: &W, vpc: &VpcId) -> (HostedZoneId, NewZone) {
    let new = new_zone(world, vpc, "aws.byoc.example.com", &format!("zl-goes-{vpc}"));
    cloud.create_hosted_zone(&world.setting().client, &new, TIME).await.unwrap();
    let (listed, _) = zones(cloud, world, vpc).await;
    let [(zone, _)] = listed.as_slice() else { panic!("{listed:?}") };
    (zone.clone(), new)
}

pub(crate) async fn what_stands_in_a_zone_is_counted_and_its_vpcs_are_named<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    let (zone, new) = made(cloud, world, &vpc).await;
    let contents = async || cloud.zone_contents(&client, &zone).await.unwrap().unwrap();
    let caller_reference = new.caller_reference;
    let vpcs = [vpc].into();
    assert_eq!(contents().await, ZoneContents { caller_reference, record_sets: Some(2), vpcs });
    let addresses = set(60, &["10.0.0.1"]);
    change(cloud, world, &key(&zone, "a.aws.byoc.example.com"), &[create(RecordType::A, addresses)])
        .await
        .unwrap();
    assert_eq!(contents().await.record_sets, Some(3));
    assert_eq!(cloud.zone_contents(&client, &id(NO_ZONE)).await.unwrap(), None);
}

const DELETE: &str = "route53:DeleteHostedZone";

pub(crate) async fn an_empty_zone_is_deleted_whichever_vpcs_it_answers<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let (vpc, beside) = (world.vpc(&setting.client), world.vpc(&setting.client));
    let (zone, _) = made(cloud, world, &vpc).await;
    let other = world.zone(&setting.client, "example.org", &beside);
    cloud.delete_hosted_zone(&setting.client, &zone, TIME).await.unwrap();
    assert_eq!(zones(cloud, world, &vpc).await.0, []);
    let association = async |zone| cloud.get_hosted_zone(&setting.client, zone, &vpc).await.unwrap();
    assert_eq!(association(&zone).await, Association::ZoneGone);
    assert_eq!(association(&other).await, Association::Left, "another zone is not concerned");
}

pub(crate) async fn a_zone_that_holds_records_is_not_deleted<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    let (zone, _) = made(cloud, world, &vpc).await;
    let (key, addresses) = (key(&zone, "a.aws.byoc.example.com"), set(60, &["10.0.0.1"]));
    change(cloud, world, &key, &[create(RecordType::A, addresses.clone())]).await.unwrap();
    let answer = cloud.delete_hosted_zone(&client, &zone, TIME).await;
    assert!(answer.as_ref().is_err_and(|error| error.has_code(&["HostedZoneNotEmpty"])), "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
    let delete = Change { action: ChangeAction::Delete, record_type: RecordType::A, set: addresses };
    change(cloud, world, &key, &[delete]).await.unwrap();
    cloud.delete_hosted_zone(&client, &zone, TIME).await.unwrap();
}

pub(crate) async fn a_zone_that_does_not_exist_cannot_be_deleted<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let answer = cloud.delete_hosted_zone(&client, &id(NO_ZONE), TIME).await;
    assert!(answer.as_ref().is_err_and(|error| error.has_code(&["NoSuchHostedZone"])), "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
}

pub(crate) async fn a_deletion_whose_answer_is_lost_is_no_answer<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    let (zone, _) = made(cloud, world, &vpc).await;
    world.fail(&client, DELETE, Refusal::Lost);
    let answer = cloud.delete_hosted_zone(&client, &zone, TIME).await;
    assert_eq!(kind(answer), CallFailure::Unavailable);
    world.heal();
    assert!(zones(cloud, world, &vpc).await.0.len() <= 1);
}
