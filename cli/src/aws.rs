//! What only the CLI asks of AWS. SDK types stop here, as they do in the library's edge.

mod doctor_events;
mod doctor_network;
mod doctor_service;
mod doctor_zones;
mod functions;
mod invoke;
mod unreadable;

pub(crate) use doctor_events::{client_rule, rules, trails};
pub(crate) use doctor_network::{dns_attributes, endpoint, inbound, subnets, vpc_ranges};
pub(crate) use doctor_service::{configuration, listeners, targets};
pub(crate) use doctor_zones::{forwarding_rules, names_in_zone, profile_zones, zones_named, zones_of_vpc};
pub(crate) use functions::{Function, functions};
pub(crate) use invoke::invoke;
