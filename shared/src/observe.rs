//! Observing: everything that a decision needs, read to the end, as [facts](crate::model::facts).
//!
//! A read that fails ends the attempt: nothing is known then, and nothing is decided. One that is refused for
//! want of permission is a fact. What there is no quota or time to look at is [`Deferred`], and stands beside
//! the facts.

mod account;
mod closed;
mod denied;
mod ec2;
mod inventory;
mod lookup;
mod observer;
mod organization;
mod pages;
mod profiles;
mod quota;
mod records;
mod service;
mod sweep;
pub(crate) mod table;
mod zones;

pub use self::denied::denied_write;
pub use self::lookup::observe_lookup;
pub use self::observer::{AccountObserver, Deferred, Observed};
pub(crate) use self::pages::{all_connections, all_record_sets};
pub use self::service::{Scope, observe_service};
pub use self::sweep::observe_sweep;
pub use self::table::Definitions;
