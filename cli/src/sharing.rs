//! Zones that zonelink has made, and zones that it shares with further VPCs.

mod carry_out;
mod cost;
mod known;
mod remedies;

pub(crate) use carry_out::carry_out;
pub(crate) use cost::{PRICE_SOURCE, dollars, monthly_cents};
pub(crate) use known::{Known, KnownZone};
pub(crate) use remedies::{advice, is_ending, ways};
