//! What only the CLI asks of AWS. SDK types stop here, as they do in the library's edge.

mod doctor_events;
mod doctor_firewall;
mod doctor_network;
mod doctor_service;
mod doctor_vpc;
mod doctor_zones;
mod functions;
mod invoke;
mod sharing;
mod unreadable;

pub(crate) use doctor_events::{client_rule, rules, trails};
pub(crate) use doctor_firewall::firewall;
pub(crate) use doctor_network::{acls, endpoint, inbound, subnets};
pub(crate) use doctor_service::{configuration, listeners, target_groups};
pub(crate) use doctor_vpc::{dhcp, dns_attributes, vpc};
pub(crate) use doctor_zones::{forwarding_rules, names_in_zone, profile_zones, zones_named, zones_of_vpc};
pub(crate) use functions::{Function, functions};
pub(crate) use invoke::invoke;
pub(crate) use sharing::{associate, authorize, disassociate, revoke};
