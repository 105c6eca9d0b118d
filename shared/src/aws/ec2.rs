//! EC2: endpoints, their interfaces, connections, services.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, NetworkInterface, UnsuccessfulItem, VpcEndpoint, VpcEndpointConnection};

use super::call::failed;
use super::clients::AccountClients;
use crate::error::Error;
use crate::model::facts::{Connection, InterfaceFacts, IpAddressType, VpcEndpointState};
use crate::model::ids::{NetworkInterfaceId, ServiceId, VpcEndpointId};
use crate::model::listed::{EndpointFilter, ListedEndpoint, ListedInterface, Page, Shown};
use crate::model::record::Addresses;
use crate::quoted::quoted;

/// The codes with which EC2 says that an endpoint does not exist; both are seen in the wild.
const NO_SUCH_ENDPOINT: [&str; 2] = ["InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"];

impl AccountClients {
    pub(super) async fn describe_vpc_endpoints(
        &self,
        by: &EndpointFilter,
        page: Option<String>,
    ) -> Result<Page<Shown>, Error> {
        let filters = match by {
            EndpointFilter::Ids(ids) => vec![filter("vpc-endpoint-id", texts(ids))],
            EndpointFilter::Services(names) => vec![filter("service-name", names.clone())],
            EndpointFilter::Vpcs(vpcs, names) => {
                vec![filter("vpc-id", texts(vpcs)), filter("service-name", names.clone())]
            }
        };
        let call = self.ec2.describe_vpc_endpoints().set_filters(Some(filters)).set_next_token(page);
        let answer = call.send().await.map_err(failed("ec2:DescribeVpcEndpoints", &self.account))?;
        let mut items = Vec::new();
        for endpoint in answer.vpc_endpoints.unwrap_or_default() {
            match shown(&endpoint) {
                Ok(endpoint) => items.push(endpoint),
                // One odd endpoint does not hide the others. Whoever needs it asks for it by its id, and fails.
                Err(error) => {
                    let (account, error) = (&self.account, error.chain());
                    tracing::error!(%account, error, "an endpoint is left out of a list");
                }
            }
        }
        Ok(Page { items, next: token(answer.next_token) })
    }

    pub(super) async fn describe_vpc_endpoint(&self, id: &VpcEndpointId) -> Result<Option<Shown>, Error> {
        let call = self.ec2.describe_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        match call.send().await.map_err(failed("ec2:DescribeVpcEndpoints", id)) {
            Ok(answer) => {
                let first = answer.vpc_endpoints.unwrap_or_default().into_iter().next();
                // Only an error says that there is none. A success without it says nothing.
                let first = first.ok_or_else(|| Error::Unreadable {
                    what: format!("the answer of ec2:DescribeVpcEndpoints for {id}"),
                    source: "it holds no endpoint".into(),
                })?;
                shown(&first).map(Some)
            }
            Err(error) if error.has_code(&NO_SUCH_ENDPOINT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn describe_network_interfaces(
        &self,
        ids: &[NetworkInterfaceId],
        page: Option<String>,
    ) -> Result<Page<ListedInterface>, Error> {
        let filter = filter("network-interface-id", texts(ids));
        let call = self.ec2.describe_network_interfaces().filters(filter).set_next_token(page);
        let answer = call.send().await.map_err(failed("ec2:DescribeNetworkInterfaces", &self.account))?;
        let mut items = Vec::new();
        for interface in answer.network_interfaces.unwrap_or_default() {
            match listed_interface(&interface) {
                Ok(interface) => items.push(interface),
                // Its endpoint's set is incomplete and not published; those of others are.
                Err(error) => {
                    let (account, error) = (&self.account, error.chain());
                    tracing::warn!(%account, error, "a network interface is left out");
                }
            }
        }
        Ok(Page { items, next: token(answer.next_token) })
    }

    pub(super) async fn describe_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
        page: Option<String>,
    ) -> Result<Page<Connection>, Error> {
        // Without this filter AWS lists the connections of all services. Filter values mind the case.
        let mut filters = vec![filter("service-id", vec![service.to_string()])];
        filters.extend(state.map(|state| filter("vpc-endpoint-state", vec![state.to_string()])));
        let call = self.ec2.describe_vpc_endpoint_connections().set_filters(Some(filters));
        let answer = call.set_next_token(page).send().await;
        let answer = answer.map_err(failed("ec2:DescribeVpcEndpointConnections", service))?;
        let mut items = Vec::new();
        for connection in answer.vpc_endpoint_connections.unwrap_or_default() {
            if connection.service_id() != Some(service.as_str()) {
                continue;
            }
            let what = || format!("a connection of {service}");
            match connection_of(&connection, what) {
                Ok(connection) => items.push(connection),
                // A transit gateway's has no endpoint. It is another's way in, and nothing is the matter with it.
                Err(_) if connection.vpc_endpoint_id().is_none_or(str::is_empty) => {
                    tracing::debug!(service = %service, "a connection without an endpoint is left out");
                }
                // One odd connection does not keep the others waiting; it is never accepted.
                Err(error) => {
                    tracing::error!(service = %service, error = error.chain(), "a connection is left out");
                }
            }
        }
        Ok(Page { items, next: token(answer.next_token) })
    }

    pub(super) async fn describe_vpc_endpoint_service_configurations(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<ServiceId>, Error> {
        let filter = filter("service-id", vec![service.to_string()]);
        let call = self.ec2.describe_vpc_endpoint_service_configurations().filters(filter);
        let answer = call.set_next_token(page).send().await;
        let answer = answer.map_err(failed("ec2:DescribeVpcEndpointServiceConfigurations", service))?;
        let found = answer.service_configurations.unwrap_or_default().into_iter();
        let items = found.filter_map(|found| found.service_id?.parse().ok()).collect();
        Ok(Page { items, next: token(answer.next_token) })
    }

    pub(super) async fn describe_vpc_endpoint_service_permissions(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<String>, Error> {
        let call = self.ec2.describe_vpc_endpoint_service_permissions().service_id(service.as_str());
        let answer = call.set_next_token(page).send().await;
        let answer = answer.map_err(failed("ec2:DescribeVpcEndpointServicePermissions", service))?;
        let permitted = answer.allowed_principals.unwrap_or_default().into_iter();
        // One that has no name is still one that nobody here can check.
        let named = permitted.map(|one| one.principal.unwrap_or_else(|| "a principal without a name".into()));
        Ok(Page { items: named.collect(), next: token(answer.next_token) })
    }

    pub(super) async fn accept_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        let call = self.ec2.accept_vpc_endpoint_connections().service_id(service.as_str());
        let answer = call.set_vpc_endpoint_ids(Some(texts(vpc_endpoints))).send().await;
        let answer = answer.map_err(failed("ec2:AcceptVpcEndpointConnections", service))?;
        Ok(answer.unsuccessful().iter().map(in_words).collect())
    }

    pub(super) async fn reject_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        let call = self.ec2.reject_vpc_endpoint_connections().service_id(service.as_str());
        let answer = call.set_vpc_endpoint_ids(Some(texts(vpc_endpoints))).send().await;
        let answer = answer.map_err(failed("ec2:RejectVpcEndpointConnections", service))?;
        Ok(answer.unsuccessful().iter().map(in_words).collect())
    }
}

fn connection_of(found: &VpcEndpointConnection, what: impl Fn() -> String) -> Result<Connection, Error> {
    let region = found.vpc_endpoint_region().filter(|region| !region.is_empty());
    Ok(Connection {
        vpc_endpoint: parse(found.vpc_endpoint_id().unwrap_or_default(), &what)?,
        owner: parse(found.vpc_endpoint_owner().unwrap_or_default(), &what)?,
        state: found.vpc_endpoint_state().map_or("", |state| state.as_str()).into(),
        region: region.map(|region| parse(region, &what)).transpose()?,
    })
}

/// An item for which a call was unsuccessful, with AWS's words.
fn in_words(item: &UnsuccessfulItem) -> String {
    let error = item.error();
    let (code, message) = (error.and_then(|e| e.code()), error.and_then(|e| e.message()));
    let id = item.resource_id().unwrap_or("an endpoint");
    quoted(&format!("{id} ({}: {})", code.unwrap_or("no code"), message.unwrap_or("no message")))
}

fn listed_interface(interface: &NetworkInterface) -> Result<ListedInterface, Error> {
    let id = interface.network_interface_id().unwrap_or_default();
    let what = || format!("network interface {id}");
    let v4 = interface.private_ip_addresses().iter().filter_map(|a| a.private_ip_address());
    let v6 = interface.ipv6_addresses().iter().filter_map(|a| a.ipv6_address());
    let addresses = Addresses { a: parse_all(v4, what)?, aaaa: parse_all(v6, what)? };
    let subnet = parse(interface.subnet_id().unwrap_or_default(), what)?;
    Ok((parse(id, what)?, InterfaceFacts { subnet, addresses }))
}

fn shown(endpoint: &VpcEndpoint) -> Result<Shown, Error> {
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let what = || format!("VPC endpoint {id}");
    let kind = endpoint.vpc_endpoint_type().map_or("", |kind| kind.as_str());
    if !kind.eq_ignore_ascii_case("Interface") {
        return Ok(Shown::OtherType(parse(id, what)?));
    }
    let family = endpoint.ip_address_type().map_or("ipv4", |family| family.as_str());
    Ok(Shown::Interface(ListedEndpoint {
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

/// Where the next page begins. An empty token is none.
fn token(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn texts(ids: &[impl ToString]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
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

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::VpcEndpointType;

    use super::*;

    #[test]
    fn endpoint_of_each_type_is_an_answer_and_only_an_interface_has_more_to_say() {
        for kind in VpcEndpointType::values() {
            // Of other types nothing but the id is read: they have no subnets, and some no service.
            let endpoint = VpcEndpoint::builder().vpc_endpoint_id("vpce-0123456789abcdef0");
            let endpoint = endpoint.vpc_endpoint_type(VpcEndpointType::from(*kind));
            let found = shown(&endpoint.clone().build());
            if *kind == "Interface" {
                assert!(
                    found.is_err_and(|error| error.to_string().contains("vpce-0123456789abcdef0")),
                    "no VPC"
                );
                let found = shown(&endpoint.vpc_id("vpc-0123456789abcdef0").build());
                assert!(matches!(found, Ok(Shown::Interface(_))));
            } else {
                assert!(matches!(found, Ok(Shown::OtherType(_))), "{kind}");
            }
        }
    }

    #[test]
    fn connection_says_its_region_and_one_of_a_transit_gateway_is_none_of_an_endpoint() {
        let whole = VpcEndpointConnection::builder()
            .vpc_endpoint_id("vpce-0123456789abcdef0")
            .vpc_endpoint_owner("444455556666")
            .vpc_endpoint_region("eu-west-1");
        let region = connection_of(&whole.build(), || "a connection".into()).map(|found| found.region);
        assert!(region.is_ok_and(|region| region == "eu-west-1".parse().ok()));
        let gateways = VpcEndpointConnection::builder().vpc_endpoint_owner("444455556666").build();
        assert!(connection_of(&gateways, || "a connection".into()).is_err());
    }
}
