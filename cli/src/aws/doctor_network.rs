//! EC2 in the client account: the endpoint and what packets to it meet.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, IpPermission, NetworkAcl, NetworkAclEntry, RuleAction};
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::facts::IpAddressType;
use shared::model::ids::{SubnetId, VpcEndpointId};
use shared::model::record::Addresses;

use super::unreadable::unreadable;
use crate::observed::{Acl, AclEntry, Endpoint, Inbound, NotRead, Zone};

/// The codes with which EC2 says that an endpoint does not exist.
const NO_SUCH_ENDPOINT: [&str; 2] = ["InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"];

fn client(session: &Session) -> aws_sdk_ec2::Client {
    aws_sdk_ec2::Client::new(session.sdk())
}

fn filter(name: &str, values: &[String]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.to_vec())).build()
}

/// The endpoint, asked for by its id; none when there is none. Its addresses are read apart.
pub(crate) async fn endpoint(session: &Session, id: &VpcEndpointId) -> Result<Option<Endpoint>, Error> {
    let call = client(session).describe_vpc_endpoints().vpc_endpoint_ids(id.as_str());
    let answer = match call.send().await.map_err(failed("ec2:DescribeVpcEndpoints", id)) {
        Err(error) if error.has_code(&NO_SUCH_ENDPOINT) => return Ok(None),
        answer => answer?,
    };
    let what = format!("VPC endpoint {id}");
    let Some(found) = answer.vpc_endpoints.unwrap_or_default().into_iter().next() else {
        return Ok(None);
    };
    let family = found.ip_address_type().map_or("ipv4", |family| family.as_str()).to_ascii_lowercase();
    let interfaces = found.network_interface_ids().to_vec();
    let subnets = found.subnet_ids().iter().map(|subnet| subnet.parse().map_err(unreadable(&what)));
    let groups = found.groups().iter().filter_map(|group| group.group_id().map(ToOwned::to_owned));
    Ok(Some(Endpoint {
        vpc: found.vpc_id().unwrap_or_default().parse().map_err(unreadable(&what))?,
        state: found.state().map_or("", |state| state.as_str()).into(),
        subnets: subnets.collect::<Result<_, _>>()?,
        groups: groups.collect(),
        ip_address_type: match family.as_str() {
            "ipv6" => IpAddressType::Ipv6,
            "dualstack" => IpAddressType::Dualstack,
            _ => IpAddressType::Ipv4,
        },
        has_private_dns: found.private_dns_enabled().unwrap_or_default(),
        addresses: addresses(session, &interfaces).await.map_err(|error| match &error {
            Error::Call { operation, .. } if error.is_denied() => {
                NotRead::Denied { account: owner(found.owner_id()), action: (*operation).to_owned() }
            }
            _ => NotRead::Failed(error.chain()),
        }),
    }))
}

/// The account that owns the endpoint; EC2 writes it into every answer.
fn owner(id: Option<&str>) -> shared::model::ids::AccountId {
    #[expect(clippy::expect_used, reason = "twelve zeros are an account id")]
    id.and_then(|id| id.parse().ok()).unwrap_or_else(|| "000000000000".parse().expect("an account id"))
}

/// The addresses of interfaces, and how many of these have one.
async fn addresses(session: &Session, interfaces: &[String]) -> Result<(Addresses, usize), Error> {
    let (mut addresses, mut found) = (Addresses::default(), 0);
    if interfaces.is_empty() {
        return Ok((addresses, found));
    }
    let call =
        client(session).describe_network_interfaces().filters(filter("network-interface-id", interfaces));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("ec2:DescribeNetworkInterfaces", &interfaces.join(", ")))?;
        for interface in page.network_interfaces() {
            let a = interface
                .private_ip_addresses()
                .iter()
                .filter_map(|one| one.private_ip_address()?.parse().ok());
            let aaaa = interface.ipv6_addresses().iter().filter_map(|one| one.ipv6_address()?.parse().ok());
            let of = Addresses { a: a.collect(), aaaa: aaaa.collect() };
            found += usize::from(!of.is_empty());
            addresses.merge(&of);
        }
    }
    Ok((addresses, found))
}

/// What security groups let in.
pub(crate) async fn inbound(session: &Session, groups: &[String]) -> Result<Vec<Inbound>, Error> {
    let mut inbound = Vec::new();
    if groups.is_empty() {
        return Ok(inbound);
    }
    let call = client(session).describe_security_groups().filters(filter("group-id", groups));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("ec2:DescribeSecurityGroups", &groups.join(", ")))?;
        for group in page.security_groups() {
            let id = group.group_id().unwrap_or_default();
            inbound.extend(group.ip_permissions().iter().map(|permission| permitted(id, permission)));
        }
    }
    Ok(inbound)
}

fn permitted(group: &str, permission: &IpPermission) -> Inbound {
    let v4 = permission.ip_ranges().iter().filter_map(|range| range.cidr_ip());
    let v6 = permission.ipv6_ranges().iter().filter_map(|range| range.cidr_ipv6());
    let groups = permission.user_id_group_pairs().iter().filter_map(|pair| pair.group_id());
    let lists = permission.prefix_list_ids().iter().filter_map(|list| list.prefix_list_id());
    Inbound {
        group: group.to_owned(),
        protocol: permission.ip_protocol().unwrap_or_default().to_owned(),
        ports: permission.from_port().zip(permission.to_port()),
        ranges: v4.chain(v6).filter_map(|range| range.parse().ok()).collect(),
        others: groups.chain(lists).map(ToOwned::to_owned).collect(),
    }
}

/// Subnets, each with its zone.
pub(crate) async fn subnets(
    session: &Session,
    ids: impl Iterator<Item = &SubnetId>,
) -> Result<BTreeMap<SubnetId, Zone>, Error> {
    let ids: Vec<_> = ids.map(ToString::to_string).collect();
    let mut subnets = BTreeMap::new();
    if ids.is_empty() {
        return Ok(subnets);
    }
    let call = client(session).describe_subnets().filters(filter("subnet-id", &ids));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("ec2:DescribeSubnets", &ids.join(", ")))?;
        for subnet in page.subnets() {
            let zone = Zone {
                name: subnet.availability_zone().unwrap_or_default().to_owned(),
                id: subnet.availability_zone_id().map(ToOwned::to_owned),
            };
            let id = subnet.subnet_id().unwrap_or_default().parse().map_err(unreadable("a subnet"))?;
            subnets.insert(id, zone);
        }
    }
    Ok(subnets)
}

/// The network ACLs of subnets.
pub(crate) async fn acls(
    session: &Session,
    subnets: impl Iterator<Item = &SubnetId>,
) -> Result<Vec<Acl>, Error> {
    let ids: Vec<_> = subnets.map(ToString::to_string).collect();
    let mut acls = Vec::new();
    if ids.is_empty() {
        return Ok(acls);
    }
    let call = client(session).describe_network_acls().filters(filter("association.subnet-id", &ids));
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("ec2:DescribeNetworkAcls", &ids.join(", ")))?;
        for found in page.network_acls() {
            acls.push(acl(found, &ids)?);
        }
    }
    Ok(acls)
}

fn acl(found: &NetworkAcl, ids: &[String]) -> Result<Acl, Error> {
    let id = found.network_acl_id().unwrap_or_default().to_owned();
    let subnets = found.associations().iter().filter_map(|association| association.subnet_id());
    let subnets = subnets.filter(|subnet| ids.iter().any(|id| id == subnet));
    let subnets = subnets.map(|subnet| subnet.parse().map_err(unreadable(&id))).collect::<Result<_, _>>()?;
    Ok(Acl { subnets, entries: found.entries().iter().map(entry).collect(), id })
}

fn entry(entry: &NetworkAclEntry) -> AclEntry {
    let range = entry.cidr_block().or(entry.ipv6_cidr_block());
    AclEntry {
        number: entry.rule_number().unwrap_or_default(),
        is_egress: entry.egress().unwrap_or_default(),
        allows: entry.rule_action() == Some(&RuleAction::Allow),
        protocol: entry.protocol().unwrap_or_default().to_owned(),
        ports: entry.port_range().and_then(|ports| ports.from().zip(ports.to())),
        range: range.and_then(|range| range.parse().ok()),
    }
}
