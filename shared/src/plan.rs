//! Plans: what will be done and why, decided before anything is done.
//!
//! Planning is total and pure: no clock, no SDK type, no error. What it will not do it says in the plan.
//! Applying a plan makes no choice beyond stopping a group at its first failed step.
//!
//! The law: plan, pretend that it was applied, plan again, and there is no step left.

mod change;
pub mod digest;
mod order;
pub mod service;
pub mod spread;
mod steps;
pub mod sweep;
pub mod vpc;
pub mod zone_guest;

pub use self::change::RecordChange;
pub use self::steps::{Accepted, Group, Plan, Rejected, Step};
