//! The AWS edge: the only code that knows the SDK. It implements the port, [`Cloud`], and decides nothing.
//!
//! SDK types stop here: states are compared ignoring case, names lose `\052` and trailing dots, ids lose their
//! paths. One call is one request, which the SDK may retry; nothing here does. What Route 53 throttles, and each
//! change of records, is sent once.

mod bucket;
mod call;
mod clients;
mod clock;
mod cloud;
mod consent;
mod definitions;
mod ec2;
mod http;
mod narrowed;
mod organizations;
mod profiles;
mod queue;
#[cfg(test)]
mod recorded;
mod retries;
mod route53;
mod runs;
mod session;
mod table;
mod throttles;
mod writes;

pub use call::failed;
pub use clients::Aws;
pub use definitions::{DefinitionChange, StoredDefinition};
pub use session::{Caller, Login, Session, SignInError};

/// A worker that reaches AWS.
pub type Worker = crate::worker::Worker<Aws>;
