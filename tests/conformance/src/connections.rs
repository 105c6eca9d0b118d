//! The provider's side: a service, its connections and its permissions.

use std::collections::BTreeSet;

use shared::cloud::Cloud;
use shared::error::{CallFailure, Error};
use shared::model::facts::{Connection, VpcEndpointState};
use shared::model::ids::{ServiceId, VpcEndpointId};

use crate::endpoints::NO_ENDPOINT;
use crate::failures::kind;
use crate::{World, all, id};

const NO_SERVICE: &str = "vpce-svc-0fffffffffffffff0";

async fn connections<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
    state: Option<VpcEndpointState>,
) -> Vec<Connection> {
    let service = world.setting().service;
    let page =
        async |token| cloud.describe_vpc_endpoint_connections(&service, state.as_ref(), token).await.unwrap();
    all(page).await.0
}

async fn state_of<C: Cloud, W: World>(cloud: &C, world: &W, endpoint: &VpcEndpointId) -> VpcEndpointState {
    let found = connections(cloud, world, None).await;
    found.into_iter().find(|found| found.vpc_endpoint == *endpoint).unwrap().state
}

pub(crate) async fn a_connection_is_seen_with_its_owner_and_its_state<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    use VpcEndpointState::{Available, PendingAcceptance};
    let owner = world.setting().client;
    let vpc_endpoint = world.endpoint(&world.vpc(&owner), 1);
    let seen = connections(cloud, world, None).await;
    let [Connection { vpc_endpoint: of, owner: by, state, region }] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!((of, by, state), (&vpc_endpoint, &owner, &PendingAcceptance));
    assert!(region.as_ref().is_none_or(|region| *region == world.setting().region), "{region:?}");
    assert_eq!(connections(cloud, world, Some(PendingAcceptance)).await, seen);
    assert_eq!(connections(cloud, world, Some(Available)).await, []);
    let none = cloud.describe_vpc_endpoint_connections(&id(NO_SERVICE), None, None).await.unwrap();
    assert_eq!((none.items, none.next), (vec![], None));
}

pub(crate) async fn connections_come_in_pages<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let vpc = world.vpc(&setting.client);
    let made: BTreeSet<_> = (0..5).map(|_| world.endpoint(&vpc, 1)).collect();
    world.pages_of(2);
    let page =
        async |token| cloud.describe_vpc_endpoint_connections(&setting.service, None, token).await.unwrap();
    let (found, pages) = all(page).await;
    assert_eq!((found.len(), pages), (5, 3), "each of them once");
    assert_eq!(found.into_iter().map(|found| found.vpc_endpoint).collect::<BTreeSet<_>>(), made);
}

/// Of one that was decided and one that does not exist, only the latter is named.
fn assert_names(unsuccessful: &[String], named: &str) {
    assert_eq!(unsuccessful.len(), 1, "{unsuccessful:?}");
    assert!(unsuccessful[0].starts_with(&format!("{named} ")), "{unsuccessful:?}");
}

pub(crate) async fn acceptance_names_those_that_were_unsuccessful<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let endpoint = world.endpoint(&world.vpc(&setting.client), 1);
    let both = [endpoint.clone(), id(NO_ENDPOINT)];
    let accepted = cloud.accept_vpc_endpoint_connections(&setting.service, &both).await.unwrap();
    assert_names(&accepted, NO_ENDPOINT);
    let state = state_of(cloud, world, &endpoint).await;
    assert!(matches!(state, VpcEndpointState::Pending | VpcEndpointState::Available), "{state}");
    // It does not wait any more.
    let again = cloud.accept_vpc_endpoint_connections(&setting.service, &both[..1]).await.unwrap();
    assert_names(&again, endpoint.as_str());
}

pub(crate) async fn rejection_names_those_that_were_unsuccessful<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    let endpoint = world.endpoint(&world.vpc(&setting.client), 1);
    let both = [endpoint.clone(), id(NO_ENDPOINT)];
    let rejected = cloud.reject_vpc_endpoint_connections(&setting.service, &both).await.unwrap();
    assert_names(&rejected, NO_ENDPOINT);
    assert_eq!(state_of(cloud, world, &endpoint).await, VpcEndpointState::Rejected);
    let again = cloud.reject_vpc_endpoint_connections(&setting.service, &both[..1]).await.unwrap();
    assert_names(&again, endpoint.as_str());
}

pub(crate) async fn decisions_on_a_service_that_does_not_exist_are_refused<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let endpoint = [world.endpoint(&world.vpc(&world.setting().client), 1)];
    let service: ServiceId = id(NO_SERVICE);
    let refused = |answer: Result<Vec<String>, Error>| assert_eq!(kind(answer), CallFailure::Refused);
    refused(cloud.accept_vpc_endpoint_connections(&service, &endpoint).await);
    refused(cloud.reject_vpc_endpoint_connections(&service, &endpoint).await);
    assert_eq!(state_of(cloud, world, &endpoint[0]).await, VpcEndpointState::PendingAcceptance);
}

pub(crate) async fn a_service_is_listed_and_one_that_does_not_exist_is_not<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let own = world.setting().service;
    let listed = async |service: &ServiceId| {
        let page =
            async |token| cloud.describe_vpc_endpoint_service_configurations(service, token).await.unwrap();
        all(page).await.0
    };
    assert_eq!(listed(&own).await, std::slice::from_ref(&own));
    assert_eq!(listed(&id(NO_SERVICE)).await, []);
}

pub(crate) async fn permissions_are_listed_as_they_were_given<C: Cloud, W: World>(cloud: &C, world: &W) {
    let given = ["arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/network"];
    for principal in given {
        world.permit(principal);
    }
    world.pages_of(1);
    let service = world.setting().service;
    let page = async |token| cloud.describe_vpc_endpoint_service_permissions(&service, token).await.unwrap();
    let (found, pages) = all(page).await;
    assert!(given.iter().all(|principal| found.iter().any(|found| found == principal)), "{found:?}");
    assert!(pages >= 2, "{pages}");
}
