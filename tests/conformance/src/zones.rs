//! Private hosted zones and their VPCs.

use std::collections::BTreeMap;

use shared::cloud::Cloud;
use shared::model::facts::{Association, PrivateHostedZone, ZoneOwner};
use shared::model::ids::{HostedZoneId, VpcId};

use crate::{World, all, id};

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
