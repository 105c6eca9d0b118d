//! Which names of a VPC no zone can hold, and the zones that would.

use std::collections::{BTreeMap, BTreeSet};

use super::super::contribution::Contribution;
use super::super::view::View;
use crate::model::dns::DnsName;
use crate::model::ids::ServiceId;
use crate::model::policy::ZoneChoice;
use crate::model::zone::answering;

/// The names that one new zone would hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan::vpc) struct Wanted {
    /// The first service that publishes one of them.
    pub(super) service: ServiceId,
    pub(super) names: BTreeSet<DnsName>,
}

/// The domains of zones that are to be made, as far as none is there: those of names that publish now, of definitions
/// that say so. A name that another one's domain can hold needs no zone of its own.
pub(in crate::plan::vpc) fn wanted(view: &View) -> BTreeMap<DnsName, Wanted> {
    let Some(zones) = view.vpc.listed_zones() else { return BTreeMap::new() };
    let mut names: BTreeMap<DnsName, ServiceId> = BTreeMap::new();
    for (id, endpoint) in &view.vpc.endpoints {
        let definition = view.policy.services.get(&endpoint.service);
        let publishes = matches!(view.contributions[id], Contribution::Publish(_));
        let definition = definition.filter(|one| publishes && one.zones == ZoneChoice::Create);
        for name in definition.into_iter().flat_map(|definition| &definition.names) {
            names.entry(name.as_dns_name().clone()).or_insert_with(|| endpoint.service.clone());
        }
    }
    names.retain(|name, _| answering(zones, name).is_none());
    let domains: BTreeSet<DnsName> = names.keys().map(DnsName::own_domain).collect();
    let mut wanted: BTreeMap<DnsName, Wanted> = BTreeMap::new();
    for (name, service) in names {
        // The widest that holds it: its own domain does, at least.
        let holding = domains.iter().filter(|domain| domain.is_zone_of(&name));
        let Some(domain) = holding.min_by_key(|domain| domain.labels()) else { continue };
        let names = BTreeSet::new();
        wanted.entry(domain.clone()).or_insert(Wanted { service, names }).names.insert(name);
    }
    wanted
}
