//! Endpoints and their network interfaces.

use std::collections::BTreeSet;

use shared::cloud::Cloud;
use shared::model::facts::{IpAddressType, VpcEndpointState};
use shared::model::ids::{NetworkInterfaceId, VpcEndpointId};
use shared::model::listed::{EndpointFilter, ListedEndpoint, Shown};

use crate::{World, all, id};

/// An id that no endpoint has.
pub(crate) const NO_ENDPOINT: &str = "vpce-0fffffffffffffff0";

async fn listed<C: Cloud, W: World>(cloud: &C, world: &W, filter: &EndpointFilter) -> Vec<ListedEndpoint> {
    let client = world.setting().client;
    let page = async |token| {
        cloud.describe_vpc_endpoints(&client, filter, token).await.unwrap_or_else(|e| panic!("{e}"))
    };
    all(page).await.0.into_iter().map(interface).collect()
}

fn interface(shown: Shown) -> ListedEndpoint {
    let Shown::Interface(endpoint) = shown else { panic!("{shown:?} is no interface endpoint") };
    endpoint
}

fn ids(listed: &[ListedEndpoint]) -> BTreeSet<VpcEndpointId> {
    listed.iter().map(|endpoint| endpoint.vpc_endpoint.clone()).collect()
}

pub(crate) async fn endpoints_are_listed_by_id_by_service_and_by_vpc<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let (vpc, beside) = (world.vpc(&setting.client), world.vpc(&setting.client));
    let (endpoint, other) = (world.endpoint(&vpc, 2), world.endpoint(&beside, 1));
    let name = setting.service.service_name(&setting.region);
    let one = listed(cloud, world, &EndpointFilter::Ids(vec![endpoint.clone()])).await;
    let [found] = one.as_slice() else { panic!("{one:?}") };
    assert_eq!((&found.vpc_endpoint, &found.vpc), (&endpoint, &vpc));
    assert_eq!((&found.service_name, found.ip_address_type), (&name, IpAddressType::Ipv4));
    assert_eq!(found.state, VpcEndpointState::PendingAcceptance);
    assert_eq!((found.subnets.len(), found.interfaces.len()), (2, 2));
    let services = EndpointFilter::Services(vec![name.clone()]);
    assert_eq!(ids(&listed(cloud, world, &services).await), BTreeSet::from([endpoint.clone(), other]));
    let vpcs = EndpointFilter::Vpcs(vec![vpc.clone()], vec![name]);
    assert_eq!(listed(cloud, world, &vpcs).await, one);
    let elsewhere =
        EndpointFilter::Vpcs(vec![vpc], vec!["com.amazonaws.vpce.us-west-2.vpce-svc-0fffffff".into()]);
    assert_eq!(listed(cloud, world, &elsewhere).await, []);
}

pub(crate) async fn an_endpoint_that_does_not_exist_is_left_out_of_a_list<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let endpoint = world.endpoint(&world.vpc(&world.setting().client), 1);
    let filter = EndpointFilter::Ids(vec![id(NO_ENDPOINT), endpoint.clone()]);
    assert_eq!(ids(&listed(cloud, world, &filter).await), BTreeSet::from([endpoint]));
}

pub(crate) async fn an_unknown_endpoint_is_none_and_no_error<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let endpoint = world.endpoint(&world.vpc(&client), 1);
    let found = cloud.describe_vpc_endpoint(&client, &endpoint).await.unwrap();
    assert_eq!(found.map(|found| interface(found).vpc_endpoint), Some(endpoint));
    assert_eq!(cloud.describe_vpc_endpoint(&client, &id(NO_ENDPOINT)).await.unwrap(), None);
}

pub(crate) async fn an_endpoint_is_nothing_to_another_account<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let endpoint = world.endpoint(&world.vpc(&setting.client), 1);
    assert_eq!(cloud.describe_vpc_endpoint(&setting.other, &endpoint).await.unwrap(), None);
    let filter = EndpointFilter::Ids(vec![endpoint]);
    let page = cloud.describe_vpc_endpoints(&setting.other, &filter, None).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
}

pub(crate) async fn endpoints_come_in_pages<C: Cloud, W: World>(cloud: &C, world: &W) {
    let client = world.setting().client;
    let vpc = world.vpc(&client);
    let made: Vec<_> = (0..5).map(|_| world.endpoint(&vpc, 1)).collect();
    world.pages_of(2);
    let filter = EndpointFilter::Ids(made.clone());
    let page = async |token| cloud.describe_vpc_endpoints(&client, &filter, token).await.unwrap();
    let (found, pages) = all(page).await;
    let found: Vec<_> = found.into_iter().map(interface).collect();
    assert_eq!((found.len(), pages), (5, 3), "each of them once");
    assert_eq!(ids(&found), made.into_iter().collect());
}

pub(crate) async fn each_subnet_has_a_network_interface_with_an_address<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let endpoint = world.endpoint(&world.vpc(&client), 2);
    let endpoint = cloud.describe_vpc_endpoint(&client, &endpoint).await.unwrap().map(interface).unwrap();
    let asked: Vec<_> = endpoint.interfaces.iter().cloned().collect();
    let page = async |token| cloud.describe_network_interfaces(&client, &asked, token).await.unwrap();
    let (found, _) = all(page).await;
    let subnets: BTreeSet<_> = found.iter().map(|(_, facts)| facts.subnet.clone()).collect();
    assert_eq!((found.len(), subnets), (2, endpoint.subnets));
    for (interface, facts) in found {
        assert_eq!((facts.addresses.a.len(), facts.addresses.aaaa.len()), (1, 0), "{interface}");
    }
}

pub(crate) async fn network_interfaces_come_in_pages_without_those_that_do_not_exist<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let client = world.setting().client;
    let endpoint = world.endpoint(&world.vpc(&client), 3);
    let endpoint = cloud.describe_vpc_endpoint(&client, &endpoint).await.unwrap().map(interface).unwrap();
    let unknown: NetworkInterfaceId = id("eni-0fffffffffffffff0");
    let asked: Vec<_> = endpoint.interfaces.iter().cloned().chain([unknown]).collect();
    world.pages_of(1);
    let page = async |token| cloud.describe_network_interfaces(&client, &asked, token).await.unwrap();
    let (found, pages) = all(page).await;
    assert_eq!((found.len(), pages), (3, 3), "each of them once");
    assert_eq!(found.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), endpoint.interfaces);
}
