//! The values that everything else speaks of: plain data, no calls and no clock.

pub mod aws_partition;
pub mod claim;
pub mod consent;
pub mod denied;
pub mod dns;
pub mod facts;
pub mod gone;
pub mod hexadecimal;
pub mod hold;
mod hold_reason;
pub mod ids;
pub mod journal;
pub mod listed;
mod made_zones;
pub mod mark;
pub mod organization;
pub mod policy;
pub mod rate;
pub mod record;
pub mod remedy;
pub mod repairs;
pub mod run;
pub mod table;
pub mod zone;
pub mod zone_claim;
pub mod zone_guest;
