//! EC2: endpoints, their interfaces, connections, services.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, UnsuccessfulItem, VpcEndpoint};

use super::call::failed;
use super::clients::AccountClients;
use crate::error::Error;
use crate::facts::{Connection, EndpointFacts, InterfaceFacts, IpAddressType, VpcEndpointState};
use crate::ids::{NetworkInterfaceId, ServiceId, SubnetId, VpcEndpointId, VpcId};
use crate::plan::{Accepted, Rejected};
use crate::record::Addresses;

/// EC2 takes at most 200 values in one filter.
const FILTER_VALUES: usize = 200;

/// The codes with which EC2 says that an endpoint does not exist; both are seen in the wild.
const NO_SUCH_ENDPOINT: [&str; 2] = ["InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"];

/// An endpoint, with the names that are not yet facts.
#[derive(Debug, Clone)]
pub(super) struct SeenEndpoint {
    pub(super) vpc_endpoint: VpcEndpointId,
    pub(super) vpc: VpcId,
    pub(super) service_name: String,
    pub(super) state: VpcEndpointState,
    pub(super) ip_address_type: IpAddressType,
    pub(super) subnets: BTreeSet<SubnetId>,
    pub(super) interfaces: BTreeSet<NetworkInterfaceId>,
}

impl SeenEndpoint {
    pub(super) fn facts(
        &self,
        service: ServiceId,
        interfaces: &BTreeMap<NetworkInterfaceId, InterfaceFacts>,
    ) -> EndpointFacts {
        // An interface that is listed and not found has no address: the set is incomplete.
        EndpointFacts {
            service,
            state: Some(self.state.clone()),
            ip_address_type: self.ip_address_type,
            subnets: self.subnets.clone(),
            interfaces: self
                .interfaces
                .iter()
                .filter_map(|id| interfaces.get(id).map(|facts| (id.clone(), facts.clone())))
                .collect(),
        }
    }
}

impl AccountClients {
    /// The interface endpoints that match all `filters`, each a name and its values.
    pub(super) async fn vpc_endpoints(
        &self,
        filters: &[(&str, Vec<String>)],
    ) -> Result<Vec<SeenEndpoint>, Error> {
        let filters = filters.iter().map(|(name, values)| filter(name, values.clone())).collect();
        let mut pages = self.ec2.describe_vpc_endpoints().set_filters(Some(filters)).into_paginator().send();
        let mut endpoints = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ec2:DescribeVpcEndpoints", &self.account))?;
            for endpoint in page.vpc_endpoints.unwrap_or_default() {
                endpoints.extend(seen_endpoint(&endpoint)?);
            }
        }
        Ok(endpoints)
    }

    /// One endpoint, asked for alone by its id; none when EC2 says that there is none.
    pub(super) async fn vpc_endpoint(&self, id: &VpcEndpointId) -> Result<Option<SeenEndpoint>, Error> {
        let call = self.ec2.describe_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        match call.send().await.map_err(failed("ec2:DescribeVpcEndpoints", id)) {
            Ok(answer) => {
                let first = answer.vpc_endpoints.unwrap_or_default().into_iter().next();
                let found = first.map_or(Ok(None), |endpoint| seen_endpoint(&endpoint))?;
                // Only an error says that there is none. A success without it says nothing.
                found.map(Some).ok_or_else(|| Error::Unreadable {
                    what: format!("the answer of ec2:DescribeVpcEndpoints for {id}"),
                    source: "it holds no interface endpoint".into(),
                })
            }
            Err(error) if error.has_code(&NO_SUCH_ENDPOINT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The interfaces that exist among `ids`, with their addresses.
    pub(super) async fn network_interfaces(
        &self,
        ids: &[NetworkInterfaceId],
    ) -> Result<BTreeMap<NetworkInterfaceId, InterfaceFacts>, Error> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let ids = ids.iter().map(ToString::to_string).collect();
            let filter = filter("network-interface-id", ids);
            let mut pages = self.ec2.describe_network_interfaces().filters(filter).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(failed("ec2:DescribeNetworkInterfaces", &self.account))?;
                for interface in page.network_interfaces.unwrap_or_default() {
                    let (Some(id), Some(subnet)) = (interface.network_interface_id(), interface.subnet_id())
                    else {
                        continue;
                    };
                    let what = || format!("network interface {id}");
                    let v4 = interface.private_ip_addresses().iter().filter_map(|a| a.private_ip_address());
                    let v6 = interface.ipv6_addresses().iter().filter_map(|a| a.ipv6_address());
                    let addresses = Addresses { a: parse_all(v4, what)?, aaaa: parse_all(v6, what)? };
                    let facts = InterfaceFacts { subnet: parse(subnet, what)?, addresses };
                    found.insert(parse(id, what)?, facts);
                }
            }
        }
        Ok(found)
    }

    /// The connections of a service; only those in `state`, if one is given.
    pub(super) async fn connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
    ) -> Result<Vec<Connection>, Error> {
        // Without this filter AWS lists the connections of all services. Filter values mind the case.
        let mut filters = vec![filter("service-id", vec![service.to_string()])];
        filters.extend(state.map(|state| filter("vpc-endpoint-state", vec![state.to_string()])));
        let call = self.ec2.describe_vpc_endpoint_connections().set_filters(Some(filters));
        let mut pages = call.into_paginator().send();
        let mut connections = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ec2:DescribeVpcEndpointConnections", service))?;
            for connection in page.vpc_endpoint_connections.unwrap_or_default() {
                if connection.service_id() != Some(service.as_str()) {
                    continue;
                }
                let what = || format!("a connection of {service}");
                let id = parse(connection.vpc_endpoint_id().unwrap_or_default(), what);
                let owner = parse(connection.vpc_endpoint_owner().unwrap_or_default(), what);
                let state = connection.vpc_endpoint_state().map_or("", |state| state.as_str()).into();
                match (id, owner) {
                    (Ok(vpc_endpoint), Ok(owner)) => {
                        connections.push(Connection { vpc_endpoint, owner, state });
                    }
                    // One odd connection does not keep the others waiting; it is never accepted.
                    (Err(error), _) | (_, Err(error)) => {
                        tracing::error!(service = %service, error = error.chain(), "a connection is left out");
                    }
                }
            }
        }
        Ok(connections)
    }

    /// Whether a service exists in this account and region.
    pub(super) async fn service_exists(&self, service: &ServiceId) -> Result<bool, Error> {
        let filter = filter("service-id", vec![service.to_string()]);
        let call = self.ec2.describe_vpc_endpoint_service_configurations().filters(filter);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ec2:DescribeVpcEndpointServiceConfigurations", service))?;
            if page.service_configurations().iter().any(|found| found.service_id() == Some(service.as_str()))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Accepts connections; gives those for which AWS was unsuccessful, each with AWS's words.
    pub(super) async fn accept(
        &self,
        service: &ServiceId,
        vpc_endpoints: &BTreeMap<VpcEndpointId, Accepted>,
    ) -> Result<Vec<String>, Error> {
        let ids = vpc_endpoints.keys().map(ToString::to_string).collect();
        let call = self.ec2.accept_vpc_endpoint_connections().service_id(service.as_str());
        let answer = call.set_vpc_endpoint_ids(Some(ids)).send().await;
        let answer = answer.map_err(failed("ec2:AcceptVpcEndpointConnections", service))?;
        Ok(answer.unsuccessful().iter().map(in_words).collect())
    }

    /// Rejects connections; gives those for which AWS was unsuccessful, each with AWS's words.
    pub(super) async fn reject(
        &self,
        service: &ServiceId,
        vpc_endpoints: &BTreeMap<VpcEndpointId, Rejected>,
    ) -> Result<Vec<String>, Error> {
        let ids = vpc_endpoints.keys().map(ToString::to_string).collect();
        let call = self.ec2.reject_vpc_endpoint_connections().service_id(service.as_str());
        let answer = call.set_vpc_endpoint_ids(Some(ids)).send().await;
        let answer = answer.map_err(failed("ec2:RejectVpcEndpointConnections", service))?;
        Ok(answer.unsuccessful().iter().map(in_words).collect())
    }

    /// The principals that a service's own permissions name, as EC2 writes them.
    pub(super) async fn service_permissions(&self, service: &ServiceId) -> Result<BTreeSet<String>, Error> {
        const OPERATION: &str = "ec2:DescribeVpcEndpointServicePermissions";
        let call = self.ec2.describe_vpc_endpoint_service_permissions().service_id(service.as_str());
        let mut pages = call.into_paginator().send();
        let mut principals = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(OPERATION, service))?;
            for permitted in page.allowed_principals.unwrap_or_default() {
                // One that has no name is still one that nobody here can check.
                principals.insert(permitted.principal.unwrap_or_else(|| "a principal without a name".into()));
            }
        }
        Ok(principals)
    }
}

/// An item for which a call was unsuccessful, with AWS's words.
fn in_words(item: &UnsuccessfulItem) -> String {
    let error = item.error();
    let (code, message) = (error.and_then(|e| e.code()), error.and_then(|e| e.message()));
    let id = item.resource_id().unwrap_or("an endpoint");
    format!("{id} ({}: {})", code.unwrap_or("no code"), message.unwrap_or("no message"))
}

fn seen_endpoint(endpoint: &VpcEndpoint) -> Result<Option<SeenEndpoint>, Error> {
    let kind = endpoint.vpc_endpoint_type().map_or("", |kind| kind.as_str());
    if !kind.eq_ignore_ascii_case("Interface") {
        return Ok(None);
    }
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let what = || format!("VPC endpoint {id}");
    let family = endpoint.ip_address_type().map_or("ipv4", |family| family.as_str());
    Ok(Some(SeenEndpoint {
        vpc_endpoint: parse(id, what)?,
        vpc: parse(endpoint.vpc_id().unwrap_or_default(), what)?,
        service_name: endpoint.service_name().unwrap_or_default().to_owned(),
        state: endpoint.state().map_or("", |state| state.as_str()).into(),
        ip_address_type: match family.to_ascii_lowercase().as_str() {
            "ipv6" => IpAddressType::Ipv6,
            "dualstack" => IpAddressType::Dualstack,
            _ => IpAddressType::Ipv4,
        },
        subnets: parse_all(endpoint.subnet_ids().iter().map(String::as_str), what)?,
        interfaces: parse_all(endpoint.network_interface_ids().iter().map(String::as_str), what)?,
    }))
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

fn parse<T>(text: &str, what: impl Fn() -> String) -> Result<T, Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| Error::Unreadable { what: what(), source: Box::new(error) })
}

fn parse_all<'a, T>(
    texts: impl Iterator<Item = &'a str>,
    what: impl Fn() -> String,
) -> Result<BTreeSet<T>, Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static> + Ord,
{
    texts.map(|text| parse(text, &what)).collect()
}
