//! EC2: endpoints, their interfaces, and reads that may show what was some seconds ago.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::facts::{InterfaceFacts, IpAddressType, VpcEndpointState};
use shared::model::ids::{AccountId, NetworkInterfaceId, Region, ServiceId, SubnetId, VpcEndpointId, VpcId};
use shared::model::listed::ListedEndpoint;
use shared::model::record::Addresses;

use super::random::Random;
use super::setting::id;

/// An endpoint, with all that it ever was.
pub(crate) struct Endpoint {
    pub(crate) account: AccountId,
    pub(crate) vpc: VpcId,
    pub(crate) service: ServiceId,
    /// Since when it was how; none once it is gone.
    pub(crate) past: Vec<(i64, Option<Shape>)>,
    /// When it becomes what by itself.
    pub(crate) settles: Option<(i64, Option<Shape>)>,
}

/// How an endpoint looks at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) state: VpcEndpointState,
    pub(crate) family: IpAddressType,
    pub(crate) subnets: BTreeSet<SubnetId>,
    pub(crate) interfaces: BTreeMap<NetworkInterfaceId, InterfaceFacts>,
}

/// An endpoint as one answer shows it.
#[derive(Debug, Clone)]
pub(crate) struct SeenEndpoint {
    pub(crate) account: AccountId,
    pub(crate) vpc: VpcId,
    pub(crate) service: ServiceId,
    pub(crate) shape: Shape,
}

impl SeenEndpoint {
    /// As EC2 lists it.
    pub(crate) fn listed(&self, vpc_endpoint: VpcEndpointId, region: &Region) -> ListedEndpoint {
        ListedEndpoint {
            vpc_endpoint,
            vpc: self.vpc.clone(),
            service_name: self.service.service_name(region),
            state: self.shape.state.clone(),
            ip_address_type: self.shape.family,
            subnets: self.shape.subnets.clone(),
            interfaces: self.shape.interfaces.keys().cloned().collect(),
        }
    }
}

impl Shape {
    /// What a complete set of its interfaces answers; none when it is not available or not complete.
    pub(crate) fn published(&self) -> Option<Addresses> {
        let (v4, v6) = (self.family != IpAddressType::Ipv6, self.family != IpAddressType::Ipv4);
        let placed: BTreeSet<_> = self.interfaces.values().map(|interface| &interface.subnet).collect();
        let complete = self.interfaces.values().all(|interface| {
            (!v4 || !interface.addresses.a.is_empty()) && (!v6 || !interface.addresses.aaaa.is_empty())
        });
        if self.state != VpcEndpointState::Available
            || self.subnets.is_empty()
            || placed != self.subnets.iter().collect()
            || !complete
        {
            return None;
        }
        let mut all = Addresses::default();
        for interface in self.interfaces.values() {
            all.a.extend(interface.addresses.a.iter().filter(|_| v4));
            all.aaaa.extend(interface.addresses.aaaa.iter().filter(|_| v6));
        }
        Some(all)
    }
}

impl Endpoint {
    /// How it is.
    pub(crate) fn shape(&self) -> Option<&Shape> {
        self.past.last().and_then(|(_, shape)| shape.as_ref())
    }

    fn shape_at(&self, moment: i64) -> Option<&Shape> {
        let past = self.past.iter().rev().find(|(since, _)| *since <= moment);
        past.and_then(|(_, shape)| shape.as_ref())
    }

    /// What it becomes now, and later by itself.
    pub(crate) fn turn(&mut self, now: i64, shape: Option<Shape>, settles: Option<(i64, Option<Shape>)>) {
        self.past.push((now, shape));
        self.settles = settles;
    }
}

#[derive(Default)]
pub(crate) struct Ec2 {
    pub(crate) endpoints: BTreeMap<VpcEndpointId, Endpoint>,
    /// The principals that may find a service.
    pub(crate) permissions: BTreeMap<ServiceId, BTreeSet<String>>,
    /// Gateways and the like, each with its account.
    pub(crate) of_other_types: BTreeMap<VpcEndpointId, AccountId>,
    interfaces: u32,
}

impl Ec2 {
    pub(crate) fn is_of_other_type(&self, account: &AccountId, id: &VpcEndpointId) -> bool {
        self.of_other_types.get(id) == Some(account)
    }

    /// What one answer shows: each endpoint as it is, or as it was up to `lag` milliseconds ago.
    pub(crate) fn view(
        &self,
        now: i64,
        lag: i64,
        random: &mut Random,
    ) -> BTreeMap<VpcEndpointId, SeenEndpoint> {
        let mut seen = BTreeMap::new();
        for (name, endpoint) in &self.endpoints {
            let behind = if lag > 0 && random.one_in(3) { random.between(0, lag) } else { 0 };
            if let Some(shape) = endpoint.shape_at(now - behind) {
                let (account, vpc) = (endpoint.account.clone(), endpoint.vpc.clone());
                let service = endpoint.service.clone();
                seen.insert(name.clone(), SeenEndpoint { account, vpc, service, shape: shape.clone() });
            }
        }
        seen
    }

    /// A new interface in a subnet, with an address that no other one has now. The subnets are small, so
    /// that addresses of endpoints that are gone come back.
    pub(crate) fn interface(
        &mut self,
        vpc: &VpcId,
        subnet: usize,
        family: IpAddressType,
        random: &mut Random,
    ) -> (NetworkInterfaceId, InterfaceFacts) {
        self.interfaces += 1;
        let living = self.endpoints.values().filter_map(Endpoint::shape);
        let coming = self.endpoints.values().filter_map(|endpoint| endpoint.settles.as_ref()?.1.as_ref());
        let used: BTreeSet<_> = living
            .chain(coming)
            .flat_map(|shape| shape.interfaces.values())
            .flat_map(|interface| {
                let v4 = interface.addresses.a.iter().map(ToString::to_string);
                v4.chain(interface.addresses.aaaa.iter().map(ToString::to_string)).collect::<Vec<_>>()
            })
            .collect();
        let network = vpc.as_str().chars().last().unwrap_or('0');
        let mut host = random.between(1, 3);
        let at = |host: i64| {
            (format!("10.{network}.{subnet}.{host}"), format!("2001:db8:{network}:{subnet}::{host}"))
        };
        while used.contains(&at(host).0) || used.contains(&at(host).1) {
            host += 1;
        }
        let (v4, v6) = at(host);
        let mut addresses = Addresses::default();
        if family != IpAddressType::Ipv6 {
            addresses.a.insert(id(&v4));
        }
        if family != IpAddressType::Ipv4 {
            addresses.aaaa.insert(id(&v6));
        }
        let facts = InterfaceFacts { subnet: subnet_id(vpc, subnet), addresses };
        (id(&format!("eni-{:08x}", self.interfaces)), facts)
    }

    pub(crate) fn settles_next(&self) -> Option<i64> {
        self.endpoints.values().filter_map(|endpoint| endpoint.settles.as_ref().map(|(at, _)| *at)).min()
    }

    /// Lets endpoints become what they become by now; says so, one line each.
    pub(crate) fn settle(&mut self, now: i64) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, endpoint) in &mut self.endpoints {
            if endpoint.settles.as_ref().is_some_and(|(at, _)| *at <= now)
                && let Some((_, shape)) = endpoint.settles.take()
            {
                lines.push(format!("EC2: {name} is {}", describe(shape.as_ref())));
                endpoint.past.push((now, shape));
            }
        }
        lines
    }
}

pub(crate) fn subnet_id(vpc: &VpcId, subnet: usize) -> SubnetId {
    id(&format!("subnet-{}{subnet}", vpc.as_str().trim_start_matches("vpc-0")))
}

pub(crate) fn describe(shape: Option<&Shape>) -> String {
    let Some(shape) = shape else { return "gone".into() };
    let mut all = Addresses::default();
    shape.interfaces.values().for_each(|interface| all.merge(&interface.addresses));
    format!("{} in {} subnets with {all}", shape.state, shape.subnets.len())
}
