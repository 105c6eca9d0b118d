//! All checks, in the order in which they are made.

use super::check::Check;
use super::facts::Facts;
#[cfg(test)]
use super::{acl, balancer, dhcp, firewall, silenced};
use super::{connection, events, network, records, shadowing, vpc};

/// Every check, in the order in which it is made: from the connection to the event that reports it.
#[cfg(test)]
pub(crate) const CHECKS: [&str; 26] = [
    connection::STATE,
    connection::ACCEPTED,
    connection::ACCOUNT,
    vpc::SUPPORT,
    vpc::HOSTNAMES,
    dhcp::DHCP,
    records::ZONE,
    records::RECORD,
    records::ADDRESSES,
    records::TTL,
    shadowing::EXACT,
    silenced::SILENCED,
    shadowing::ENDPOINT_DNS,
    shadowing::PROFILE,
    shadowing::FORWARDING,
    firewall::FIREWALL,
    shadowing::PUBLIC,
    network::GROUP,
    acl::ACL,
    network::ZONES,
    balancer::LISTENER,
    balancer::TARGETS,
    events::RULES,
    events::CLIENT_RULE,
    events::TRAIL,
    events::LAST,
];

/// All checks of one endpoint; those of a name once for each name.
pub(crate) fn examine(facts: &Facts) -> Vec<Check> {
    let mut checks = connection::checks(facts);
    checks.extend(vpc::checks(facts));
    checks.extend(records::checks(facts));
    checks.extend(shadowing::checks(facts));
    checks.extend(network::checks(facts));
    checks.extend(events::checks(facts));
    checks
}
