//! zonelink keeps private DNS right for AWS PrivateLink. This library is all of it; the functions and the
//! CLI only wire it up.
//!
//! ```text
//! event ──▶ intent ──▶ observe ──▶ plan ──▶ apply ──▶ journal
//! JSON     "look at    Facts       Plan     AWS       DynamoDB
//!           this"      (values)    (pure)   calls     what happened
//! ```
//!
//! Data flows one way, and the modules are its stages. Everything up to the plan is pure and builds without
//! the SDK (without the feature `aws`); only [`aws`] knows it. ARCHITECTURE.md has the map and the invariants.

#[cfg(feature = "aws")]
pub mod aws;
pub mod claim;
pub mod config;
pub mod dns;
pub mod error;
pub mod event;
pub mod facts;
#[cfg(feature = "aws")]
pub mod functions;
pub mod hold;
pub mod ids;
pub mod intent;
#[cfg(feature = "aws")]
pub mod logs;
pub mod lookup;
pub mod metrics;
pub mod plan;
pub mod policy;
pub mod rate;
#[cfg(feature = "aws")]
pub mod reconcile;
pub mod record;
#[cfg(feature = "aws")]
pub mod review;
pub mod run;
pub mod scenario;
#[cfg(feature = "aws")]
pub mod sweep;
