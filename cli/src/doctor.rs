//! Doctor: why a client cannot connect.
//!
//! `read` asks AWS and the table; the checks decide on what was read, and ask nothing. A read that was refused makes
//! its check unknown, and no other.

mod acl;
mod balancer;
mod causes;
mod check;
mod connection;
mod dhcp;
mod events;
mod examine;
mod facts;
mod firewall;
mod many;
mod network;
mod read;
mod read_vpc;
mod records;
mod report;
mod shadowing;
mod silenced;
#[cfg(test)]
mod tests;
mod vpc;
mod way_in;

pub(crate) use causes::{News, text_of_all};
pub(crate) use many::Many;
pub(crate) use read::Reader;
pub(crate) use report::{Examined, HINT, text};
