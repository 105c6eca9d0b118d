//! What one endpoint gives to the records of its VPC.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::facts::{EndpointFacts, IpAddressType, StoredEndpoint, VpcEndpointState};
use crate::model::hold::HoldReason;
use crate::model::record::Addresses;

/// How long an endpoint that EC2 does not show is taken for one that EC2 does not show *yet*.
pub(super) const NOT_FOUND_IS_GONE_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// One of three things. There is no fourth: an empty or partial set is never written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Contribution {
    /// Available, and every subnet's interface has its address.
    Publish(Addresses),
    /// Not known well enough: what it last gave stays.
    Keep {
        /// Whether a look in some seconds may show more.
        wait: bool,
        /// What stands in the way, when waiting does not help.
        hold: Option<HoldReason>,
    },
    /// Gone, or going.
    Withdraw,
}

/// ```text
/// state                                 interfaces        contribution
/// available                             complete          Publish
/// available                             not complete      Keep, wait
/// available                             no subnet         Keep, Hold(NoSubnet)
/// pending, partial, unknown word        –                 Keep, wait
/// pendingAcceptance                     –                 Keep, wait if the owner may be allowed
/// deleting, deleted, rejected, failed,
///   expired                             –                 Withdraw
/// not found, known for 10 minutes or
///   last seen going                     –                 Withdraw
/// not found                             –                 Keep, wait
/// ```
pub(crate) fn contribution(
    endpoint: &EndpointFacts,
    stored: Option<&StoredEndpoint>,
    owner_allowed: bool,
    now: Timestamp,
) -> Contribution {
    use VpcEndpointState as State;
    match &endpoint.state {
        Some(State::Available) if endpoint.subnets.is_empty() => {
            Contribution::Keep { wait: false, hold: Some(HoldReason::NoSubnet) }
        }
        Some(State::Available) => complete_addresses(endpoint)
            .map_or(Contribution::Keep { wait: true, hold: None }, Contribution::Publish),
        Some(State::PendingAcceptance) => Contribution::Keep { wait: owner_allowed, hold: None },
        Some(state) if state.is_over() => Contribution::Withdraw,
        Some(_) => Contribution::Keep { wait: true, hold: None },
        None => {
            let known = stored.map(|stored| now.duration_since(stored.first_seen));
            let was_going = stored.is_some_and(|stored| stored.expires_at.is_some());
            if was_going || known.is_some_and(|known| known > NOT_FOUND_IS_GONE_AFTER) {
                Contribution::Withdraw
            } else {
                Contribution::Keep { wait: true, hold: None }
            }
        }
    }
}

/// The addresses of all interfaces, if each subnet has one with an address of each family asked for, and no
/// interface stands anywhere else.
fn complete_addresses(endpoint: &EndpointFacts) -> Option<Addresses> {
    let (v4, v6) = match endpoint.ip_address_type {
        IpAddressType::Ipv4 => (true, false),
        IpAddressType::Ipv6 => (false, true),
        IpAddressType::Dualstack => (true, true),
    };
    let mut addresses = Addresses::default();
    let mut covered = BTreeSet::new();
    for interface in endpoint.interfaces.values() {
        let has_all =
            (!v4 || !interface.addresses.a.is_empty()) && (!v6 || !interface.addresses.aaaa.is_empty());
        // One in a subnet that the endpoint has left is about to go.
        if !has_all || !endpoint.subnets.contains(&interface.subnet) {
            return None;
        }
        if v4 {
            addresses.a.extend(&interface.addresses.a);
        }
        if v6 {
            addresses.aaaa.extend(&interface.addresses.aaaa);
        }
        covered.insert(&interface.subnet);
    }
    endpoint.subnets.iter().all(|subnet| covered.contains(subnet)).then_some(addresses)
}
