//! The AWS edge: the only place that knows the SDK.
//!
//! Everything is read page by page to the end, an empty first page included. SDK types stop here:
//! states are compared ignoring case, names lose `\052` and trailing dots, ids lose their paths.
//! The SDK retries calls, the queue retries messages; nothing here does. What Route 53 throttles, and each
//! change of records, is sent once.

mod apply;
mod bucket;
mod call;
mod clients;
mod definitions;
mod ec2;
mod inspect;
mod journal;
mod known;
mod observe;
mod observe_lookup;
mod observe_service;
mod observe_sweep;
mod observe_vpc;
mod organizations;
mod outcome_counts;
mod queue;
mod retries;
mod route53;
mod runs;
mod seen;
mod session;
mod table;
mod throttles;
mod told;

pub use apply::{GroupOutcome, Outcome, apply};
pub use call::failed;
pub use clients::Aws;
pub use definitions::{DefinitionChange, StoredDefinition};
pub use inspect::{Inspected, JournalEntry, Waiting};
pub use journal::journal;
pub use observe::Look;
pub use observe_lookup::observe_lookup;
pub use observe_service::{Scope, observe_service};
pub use observe_sweep::observe_sweep;
pub use session::{Caller, Login, Session, SignInError};
pub use table::Definitions;
