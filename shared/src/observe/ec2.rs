//! What EC2 says of an account's endpoints and their interfaces, read for all VPCs of an intent together.

use std::collections::{BTreeMap, BTreeSet};

use super::pages::all;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::limits::Limit;
use crate::model::facts::{EndpointFacts, InterfaceFacts, VpcEndpointState};
use crate::model::ids::{AccountId, NetworkInterfaceId, ServiceId, VpcEndpointId, VpcId};
use crate::model::listed::{EndpointFilter, ListedEndpoint, Shown};
use crate::model::policy::Policy;
use crate::worker::Worker;

/// What EC2 said last of one account.
#[derive(Default)]
pub(super) struct AccountEndpoints {
    pub(super) endpoints: BTreeMap<VpcEndpointId, ListedEndpoint>,
    /// Those that were named and are another's: of a type without addresses, or of a service that is not defined here.
    pub(super) foreign: BTreeSet<VpcEndpointId>,
    /// Those of them that are of another type: no question about them brings more.
    of_other_types: BTreeSet<VpcEndpointId>,
    /// Asked for alone, and not found.
    absent: BTreeSet<VpcEndpointId>,
    interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    /// The interfaces that were asked for, found or not.
    pub(super) asked: BTreeSet<NetworkInterfaceId>,
}

impl AccountEndpoints {
    /// Finds the named endpoints, one that a list does not show alone.
    pub(super) async fn read_named<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
        policy: &Policy,
        named: &BTreeSet<VpcEndpointId>,
    ) -> Result<(), Error> {
        let ids: Vec<_> = named.iter().cloned().collect();
        for ids in Limit::FilterValues.split(&ids) {
            self.list(worker, account, &EndpointFilter::Ids(ids.to_vec())).await?;
        }
        for id in named {
            self.read_alone(worker, account, id).await?;
        }
        let services = policy.service_names();
        let foreign = self.endpoints.values().filter(|found| !services.contains_key(&found.service_name));
        self.foreign = foreign.map(|found| found.vpc_endpoint.clone()).collect();
        self.foreign.extend(self.of_other_types.iter().cloned());
        self.endpoints.retain(|id, _| !self.foreign.contains(id));
        Ok(())
    }

    /// Finds all endpoints of defined services in the account.
    pub(super) async fn read_all<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
        policy: &Policy,
    ) -> Result<(), Error> {
        let names: Vec<_> = policy.service_names().into_keys().collect();
        for names in Limit::FilterValues.split(&names) {
            self.list(worker, account, &EndpointFilter::Services(names.to_vec())).await?;
        }
        Ok(())
    }

    /// Finds the endpoints of defined services in these VPCs.
    pub(super) async fn read_vpcs<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
        policy: &Policy,
        vpcs: &BTreeSet<VpcId>,
    ) -> Result<(), Error> {
        let names: Vec<_> = policy.service_names().into_keys().collect();
        let vpcs: Vec<_> = vpcs.iter().cloned().collect();
        for vpcs in Limit::FilterValues.split(&vpcs) {
            for names in Limit::FilterValues.split(&names) {
                let filter = EndpointFilter::Vpcs(vpcs.to_vec(), names.to_vec());
                self.list(worker, account, &filter).await?;
            }
        }
        Ok(())
    }

    async fn list<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
        filter: &EndpointFilter,
    ) -> Result<(), Error> {
        let ask = async |page| worker.cloud.describe_vpc_endpoints(account, filter, page).await;
        let found = all("ec2:DescribeVpcEndpoints", account, ask).await?;
        for endpoint in found {
            self.note(endpoint);
        }
        Ok(())
    }

    fn note(&mut self, shown: Shown) {
        match shown {
            Shown::Interface(endpoint) => _ = self.endpoints.insert(endpoint.vpc_endpoint.clone(), endpoint),
            Shown::OtherType(id) => _ = self.of_other_types.insert(id),
        }
    }

    /// Asks for one endpoint by its id, unless it was found or asked for already.
    pub(super) async fn read_alone<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
        id: &VpcEndpointId,
    ) -> Result<(), Error> {
        let known = self.endpoints.contains_key(id) || self.of_other_types.contains(id);
        if known || self.absent.contains(id) {
            return Ok(());
        }
        match worker.cloud.describe_vpc_endpoint(account, id).await? {
            Some(found) => self.note(found),
            None => _ = self.absent.insert(id.clone()),
        }
        Ok(())
    }

    /// Reads the interfaces of available endpoints that were not asked for yet.
    pub(super) async fn read_interfaces<C: Cloud>(
        &mut self,
        worker: &Worker<C>,
        account: &AccountId,
    ) -> Result<(), Error> {
        let available = self.endpoints.values().filter(|e| e.state == VpcEndpointState::Available);
        let ids = available.flat_map(|endpoint| &endpoint.interfaces);
        let ids: BTreeSet<_> = ids.filter(|id| !self.asked.contains(id)).cloned().collect();
        let listed: Vec<_> = ids.iter().cloned().collect();
        for some in Limit::FilterValues.split(&listed) {
            let ask = async |page| worker.cloud.describe_network_interfaces(account, some, page).await;
            self.interfaces.extend(all("ec2:DescribeNetworkInterfaces", account, ask).await?);
        }
        self.asked.extend(ids);
        Ok(())
    }

    /// What was seen of an endpoint. An interface that EC2 lists for it and does not show has no address: the set
    /// is incomplete.
    pub(super) fn facts(&self, endpoint: &ListedEndpoint, service: ServiceId) -> EndpointFacts {
        let shown =
            |id: &NetworkInterfaceId| self.interfaces.get(id).map(|facts| (id.clone(), facts.clone()));
        EndpointFacts {
            service,
            state: Some(endpoint.state.clone()),
            ip_address_type: endpoint.ip_address_type,
            subnets: endpoint.subnets.clone(),
            interfaces: endpoint.interfaces.iter().filter_map(shown).collect(),
        }
    }
}
