//! Route 53 Profiles, and the zones that they bring.

use std::collections::BTreeSet;

use shared::cloud::Cloud;
use shared::model::ids::{AccountId, HostedZoneId, ProfileId, VpcId};

use crate::zones::NO_ZONE;
use crate::{World, all, id};

async fn profiles<C: Cloud>(cloud: &C, account: &AccountId, vpc: &VpcId) -> (Vec<ProfileId>, usize) {
    all(async |page| cloud.list_profile_associations(account, vpc, page).await.unwrap()).await
}

async fn brought<C: Cloud>(
    cloud: &C,
    account: &AccountId,
    profile: &ProfileId,
) -> (Vec<(HostedZoneId, AccountId)>, usize) {
    all(async |page| cloud.list_profile_resource_associations(account, profile, page).await.unwrap()).await
}

pub(crate) async fn profiles_of_a_vpc_bring_zones_of_whichever_account<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let (vpc, elsewhere) = (world.vpc(&setting.client), world.vpc(&setting.client));
    let own = world.zone(&setting.client, "byoc.example.com", &elsewhere);
    let shared = world.zone(&setting.other, "example.com", &elsewhere);
    let profile = world.profile(&vpc, &[own.clone(), shared.clone()]);
    assert_eq!(profiles(cloud, &setting.client, &vpc).await.0, std::slice::from_ref(&profile));
    assert_eq!(profiles(cloud, &setting.client, &elsewhere).await.0, []);
    let zones: BTreeSet<_> = brought(cloud, &setting.client, &profile).await.0.into_iter().collect();
    assert_eq!(zones, BTreeSet::from([(own, setting.client.clone()), (shared, setting.other.clone())]));
    let listed = cloud.list_hosted_zones_by_vpc(&setting.client, &vpc, &setting.region, None).await;
    assert_eq!(listed.unwrap().items, [], "the VPC's own list shows none of them");
}

pub(crate) async fn profiles_and_their_zones_come_in_pages<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let (vpc, elsewhere) = (world.vpc(&client), world.vpc(&client));
    let zones = ["example.com", "byoc.example.com"].map(|name| world.zone(&client, name, &elsewhere));
    let first = world.profile(&vpc, &zones);
    world.profile(&vpc, &[]);
    world.pages_of(1);
    let (found, pages) = profiles(cloud, &client, &vpc).await;
    assert_eq!((found.len(), pages), (2, 2));
    let (found, pages) = brought(cloud, &client, &first).await;
    assert_eq!((found.into_iter().collect::<BTreeSet<_>>().len(), pages), (2, 2));
}

pub(crate) async fn a_zone_has_a_name_and_one_that_does_not_exist_has_none<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let zone = world.zone(&client, "byoc.example.com", &world.vpc(&client));
    let name = async |zone| cloud.hosted_zone_name(&client, zone).await.unwrap();
    assert_eq!(name(&zone).await, Some(id("byoc.example.com")));
    assert_eq!(name(&id(NO_ZONE)).await, None);
}
