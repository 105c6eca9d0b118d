//! What only the CLI asks of AWS. SDK types stop here, as they do in the library's edge.

mod doctor_events;
mod doctor_network;
mod doctor_service;
mod doctor_zones;
mod functions;
mod invoke;

pub(crate) use doctor_events::{client_rule, rules, trails};
pub(crate) use doctor_network::{dns_attributes, endpoint, inbound, subnets, vpc_ranges};
pub(crate) use doctor_service::{configuration, listeners, targets};
pub(crate) use doctor_zones::{forwarding_rules, names_in_zone, profile_zones, zones_named, zones_of_vpc};
pub(crate) use functions::{Function, functions};
pub(crate) use invoke::invoke;

use shared::error::Error;

/// An answer that cannot be read.
fn unreadable<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl FnOnce(E) -> Error {
    move |error| Error::Unreadable { what: what.to_owned(), source: Box::new(error) }
}
