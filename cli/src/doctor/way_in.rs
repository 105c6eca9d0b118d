//! On which ports clients come, and from where.

use shared::model::facts::IpAddressType;

use super::facts::Facts;
use crate::cidr::Range;
use crate::observed::{Listener, NotRead};

/// The ports on which clients come: the one that was named, or those of the listeners.
pub(super) fn ports(facts: &Facts) -> Result<Vec<Listener>, NotRead> {
    if let Some(port) = facts.port {
        return Ok(vec![Listener { protocol: "TCP".into(), port, group: None }]);
    }
    match &facts.service.listeners {
        Ok(listeners) if listeners.is_empty() => Err(NotRead::NotAsked(
            "the load balancer has no listener, so the port is not known; --port names it, as in --port 19530",
        )),
        Ok(listeners) => Ok(listeners.clone()),
        Err(why) => Err(why.clone()),
    }
}

/// Those of the VPC's ranges from which clients reach the endpoint's addresses.
pub(super) fn of_clients<'a>(facts: &Facts, ranges: &'a [Range]) -> Vec<&'a Range> {
    let endpoint = facts.endpoint.as_ref().ok().and_then(Option::as_ref);
    let family = endpoint.map_or(IpAddressType::Ipv4, |endpoint| endpoint.ip_address_type);
    ranges.iter().filter(|range| is_of(range, family)).collect()
}

fn is_of(range: &Range, family: IpAddressType) -> bool {
    match family {
        IpAddressType::Ipv4 => range.is_v4(),
        IpAddressType::Ipv6 => !range.is_v4(),
        IpAddressType::Dualstack => true,
    }
}

/// The protocol of a listener, as EC2's rules name it.
pub(super) fn transport(listener: &Listener) -> &'static str {
    if listener.protocol.contains("UDP") && !listener.protocol.contains("TCP") { "udp" } else { "tcp" }
}
