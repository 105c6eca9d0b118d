//! zonelink keeps private DNS right for AWS PrivateLink. This library is all of it; the functions and the
//! CLI only wire it up.
//!
//! ```text
//! trigger ──▶ observe ──▶ plan ──▶ apply ──▶ journal
//! "look at    Facts       Plan     calls     what happened
//!  this"      (values)    (pure)
//! ```
//!
//! Data flows one way, and the modules are its stages. [`model`] has the values that all of them speak of. What
//! observes and applies makes its calls through one port, [`cloud`]; [`aws`] is that port's only implementation
//! here, and the only code that knows the SDK (feature `aws`). ARCHITECTURE.md has the map and the invariants.

pub mod apply;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cloud;
pub mod config;
pub mod error;
#[cfg(feature = "aws")]
pub mod functions;
pub mod inspect;
pub mod limits;
#[cfg(feature = "aws")]
pub mod logs;
pub mod metrics;
pub mod model;
pub mod observe;
pub mod plan;
pub mod quota;
pub mod quoted;
pub mod reconcile;
pub mod scenario;
pub mod trigger;
pub mod worker;
