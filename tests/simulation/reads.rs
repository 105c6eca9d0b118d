//! The reads of `aws/ec2.rs`, `aws/route53.rs`, `aws/table.rs` and `aws/clients.rs`, against the world.

use std::collections::{BTreeMap, BTreeSet};

use shared::claim::{Claim, IndexedClaim};
use shared::facts::{
    Association, Connection, Denied, InterfaceFacts, Place, PrivateHostedZone, StoredEndpoint,
    VpcEndpointState, Wait,
};
use shared::hold::{HoldReason, Subject};
use shared::ids::{AccountId, HostedZoneId, NetworkInterfaceId, ServiceId, VpcEndpointId, VpcId};
use shared::record::{RecordKey, SeenRecords};

use super::api::{Api, Fail};
use super::ec2::SeenEndpoint;
use super::setting::{OWN, id};
use super::world::World;

/// Turns a refusal for want of permission into a fact.
pub(crate) fn or_denied<T>(account: &AccountId, result: Result<T, Fail>) -> Result<Result<T, Denied>, Fail> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Fail::Denied(denied)) => Ok(Err(Denied { account: account.clone(), ..denied })),
        Err(fail) => Err(fail),
    }
}

fn view(world: &mut World) -> BTreeMap<VpcEndpointId, SeenEndpoint> {
    let World { ec2, now, faults, random, .. } = world;
    ec2.view(*now, faults.lag, random)
}

impl Api {
    /// Assumes an account's role, once for each message.
    pub(crate) async fn of(&self, account: &AccountId) -> Result<(), Fail> {
        if account.as_str() == OWN || self.assumed.borrow().contains(account) {
            return Ok(());
        }
        self.read(Some(account), "sts:AssumeRole", account, |_| ()).await?;
        self.assumed.borrow_mut().insert(account.clone());
        Ok(())
    }

    pub(crate) async fn vpc_endpoints(
        &self,
        account: &AccountId,
        shown: impl Fn(&VpcEndpointId, &SeenEndpoint) -> bool,
    ) -> Result<BTreeMap<VpcEndpointId, SeenEndpoint>, Fail> {
        let answer = |world: &mut World| {
            let mut seen = view(world);
            seen.retain(|id, endpoint| endpoint.account == *account && shown(id, endpoint));
            seen
        };
        self.read(Some(account), "ec2:DescribeVpcEndpoints", account, answer).await
    }

    pub(crate) async fn vpc_endpoint(
        &self,
        account: &AccountId,
        id: &VpcEndpointId,
    ) -> Result<Option<SeenEndpoint>, Fail> {
        let answer = |world: &mut World| view(world).remove(id).filter(|seen| seen.account == *account);
        self.read(Some(account), "ec2:DescribeVpcEndpoints", id, answer).await
    }

    pub(crate) async fn network_interfaces(
        &self,
        account: &AccountId,
        ids: &BTreeSet<NetworkInterfaceId>,
    ) -> Result<BTreeMap<NetworkInterfaceId, InterfaceFacts>, Fail> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answer = |world: &mut World| {
            let all = view(world).into_values().flat_map(|seen| seen.shape.interfaces);
            all.filter(|(id, _)| ids.contains(id)).collect()
        };
        self.read(Some(account), "ec2:DescribeNetworkInterfaces", account, answer).await
    }

    pub(crate) async fn connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
    ) -> Result<Vec<Connection>, Fail> {
        let answer = |world: &mut World| {
            let of_service = view(world).into_iter().filter(|(_, seen)| seen.service == *service);
            let connections = of_service.map(|(vpc_endpoint, seen)| Connection {
                vpc_endpoint,
                owner: seen.account,
                state: seen.shape.state,
            });
            connections.filter(|connection| state.is_none_or(|state| connection.state == *state)).collect()
        };
        self.read(Some(&id(OWN)), "ec2:DescribeVpcEndpointConnections", service, answer).await
    }

    pub(crate) async fn zones_of_vpc(
        &self,
        account: &AccountId,
        vpc: &VpcId,
    ) -> Result<BTreeMap<HostedZoneId, PrivateHostedZone>, Fail> {
        let answer = |world: &mut World| world.route53.zones_of(vpc);
        self.read(Some(account), "route53:ListHostedZonesByVPC", vpc, answer).await
    }

    pub(crate) async fn association(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        vpc: &VpcId,
    ) -> Result<Association, Fail> {
        let answer = |world: &mut World| match world.route53.zones.get(zone) {
            None => Association::ZoneGone,
            Some(zone) if zone.vpcs.contains(vpc) => Association::Associated,
            Some(_) => Association::Left,
        };
        self.read(Some(account), "route53:GetHostedZone", zone, answer).await
    }

    pub(crate) async fn record_sets(
        &self,
        account: &AccountId,
        key: &RecordKey,
    ) -> Result<Option<SeenRecords>, Fail> {
        let answer = |world: &mut World| world.route53.record_sets(key);
        self.read(Some(account), "route53:ListResourceRecordSets", key, answer).await
    }

    pub(crate) async fn holds(&self, scope: &str) -> Result<BTreeMap<Subject, HoldReason>, Fail> {
        self.read(None, "dynamodb:Query holds of", &scope, |world| world.table.holds(scope)).await
    }

    pub(crate) async fn stored_endpoints(
        &self,
        services: &[ServiceId],
        ids: BTreeSet<VpcEndpointId>,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Fail> {
        if ids.is_empty() || services.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answer = |world: &mut World| {
            let all = world.table.endpoints.values();
            let asked = all.filter(|e| ids.contains(&e.vpc_endpoint) && services.contains(&e.service));
            asked.map(|endpoint| (endpoint.vpc_endpoint.clone(), endpoint.clone())).collect()
        };
        self.read(None, "dynamodb:BatchGetItem", &"endpoints", answer).await
    }

    pub(crate) async fn stored_endpoints_of(
        &self,
        service: &ServiceId,
    ) -> Result<BTreeMap<VpcEndpointId, StoredEndpoint>, Fail> {
        let answer = |world: &mut World| {
            let of_service = world.table.endpoints.values().filter(|endpoint| endpoint.service == *service);
            of_service.map(|endpoint| (endpoint.vpc_endpoint.clone(), endpoint.clone())).collect()
        };
        self.read(None, "dynamodb:Query endpoints of", service, answer).await
    }

    pub(crate) async fn indexed_claims(&self) -> Result<Vec<IndexedClaim>, Fail> {
        let answer = |world: &mut World| world.table.indexed.values().cloned().collect();
        self.read(None, "dynamodb:Query", &"the index of claims", answer).await
    }

    pub(crate) async fn held_places(&self) -> Result<BTreeSet<Place>, Fail> {
        self.read(None, "dynamodb:Query", &"held VPCs", |world| world.table.held_places()).await
    }

    pub(crate) async fn references(&self, vpc: &VpcId) -> Result<Vec<RecordKey>, Fail> {
        let answer = |world: &mut World| {
            let of_vpc = world.table.references.iter().filter(|(of, _)| of == vpc);
            of_vpc.map(|(_, key)| key.clone()).collect()
        };
        self.read(None, "dynamodb:Query references of", vpc, answer).await
    }

    pub(crate) async fn claims(&self, keys: Vec<RecordKey>) -> Result<BTreeMap<RecordKey, Claim>, Fail> {
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answer = |world: &mut World| {
            let found = keys.iter().filter_map(|key| world.table.claims.get(key));
            found.map(|claim| (claim.key.clone(), claim.clone())).collect()
        };
        self.read(None, "dynamodb:BatchGetItem", &"claims", answer).await
    }

    pub(crate) async fn waits(&self, ids: Vec<VpcEndpointId>) -> Result<BTreeMap<VpcEndpointId, Wait>, Fail> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answer = |world: &mut World| {
            ids.into_iter().filter_map(|id| world.table.wait(&id).map(|wait| (id, wait))).collect()
        };
        self.read(None, "dynamodb:BatchGetItem", &"waits", answer).await
    }
}
