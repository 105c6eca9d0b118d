//! What EC2 says of an account's endpoints and their interfaces, read for all VPCs of a look together.

use std::collections::{BTreeMap, BTreeSet};

use super::clients::AccountClients;
use super::ec2::SeenEndpoint;
use crate::error::Error;
use crate::facts::{InterfaceFacts, VpcEndpointState};
use crate::ids::{NetworkInterfaceId, VpcEndpointId, VpcId};
use crate::intent::Intent;
use crate::policy::Policy;

/// What EC2 said last.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) endpoints: BTreeMap<VpcEndpointId, SeenEndpoint>,
    /// Those of services that are not defined here.
    pub(super) foreign: BTreeSet<VpcEndpointId>,
    /// Asked for alone, and not found.
    pub(super) absent: BTreeSet<VpcEndpointId>,
    pub(super) interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    /// The interfaces that were asked for, found or not.
    pub(super) asked: BTreeSet<NetworkInterfaceId>,
}

impl Seen {
    /// Finds the named endpoints, one that a batch does not show alone.
    pub(super) async fn read_named(
        &mut self,
        clients: &AccountClients,
        policy: &Policy,
        named: &BTreeSet<VpcEndpointId>,
    ) -> Result<(), Error> {
        if named.is_empty() {
            return Ok(());
        }
        // As a filter: among ids, one that is unknown would fail the whole call.
        let ids = named.iter().map(ToString::to_string).collect();
        for endpoint in clients.vpc_endpoints(&[("vpc-endpoint-id", ids)]).await? {
            self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint);
        }
        for id in named {
            self.read_alone(clients, id).await?;
        }
        let services = policy.service_names();
        let foreign = self.endpoints.values().filter(|found| !services.contains_key(&found.service_name));
        self.foreign = foreign.map(|found| found.vpc_endpoint.clone()).collect();
        self.endpoints.retain(|id, _| !self.foreign.contains(id));
        Ok(())
    }

    /// Finds all endpoints of defined services in the account.
    pub(super) async fn read_all(&mut self, clients: &AccountClients, policy: &Policy) -> Result<(), Error> {
        let names: Vec<_> = policy.service_names().into_keys().collect();
        if names.is_empty() {
            return Ok(());
        }
        for endpoint in clients.vpc_endpoints(&[("service-name", names)]).await? {
            self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint);
        }
        Ok(())
    }

    /// Asks for one endpoint by its id, unless it was found or asked for already.
    pub(super) async fn read_alone(
        &mut self,
        clients: &AccountClients,
        id: &VpcEndpointId,
    ) -> Result<(), Error> {
        if self.endpoints.contains_key(id) || self.absent.contains(id) {
            return Ok(());
        }
        match clients.vpc_endpoint(id).await? {
            Some(found) => _ = self.endpoints.insert(id.clone(), found),
            None => _ = self.absent.insert(id.clone()),
        }
        Ok(())
    }

    /// Finds the endpoints of defined services in these VPCs.
    pub(super) async fn read_vpcs(
        &mut self,
        clients: &AccountClients,
        policy: &Policy,
        vpcs: &BTreeSet<VpcId>,
    ) -> Result<(), Error> {
        let names: Vec<_> = policy.service_names().into_keys().collect();
        if vpcs.is_empty() || names.is_empty() {
            return Ok(());
        }
        let vpcs: Vec<_> = vpcs.iter().map(ToString::to_string).collect();
        for vpcs in vpcs.chunks(Intent::MOST) {
            let filters = [("vpc-id", vpcs.to_vec()), ("service-name", names.clone())];
            for endpoint in clients.vpc_endpoints(&filters).await? {
                self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint);
            }
        }
        Ok(())
    }

    /// Reads the interfaces of available endpoints that were not asked for yet.
    pub(super) async fn read_interfaces(&mut self, clients: &AccountClients) -> Result<(), Error> {
        let available = self.endpoints.values().filter(|e| e.state == VpcEndpointState::Available);
        let ids = available.flat_map(|endpoint| &endpoint.interfaces);
        let ids: BTreeSet<_> = ids.filter(|id| !self.asked.contains(id)).cloned().collect();
        let found = clients.network_interfaces(&ids.iter().cloned().collect::<Vec<_>>()).await?;
        self.interfaces.extend(found);
        self.asked.extend(ids);
        Ok(())
    }
}
