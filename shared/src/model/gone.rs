//! Endpoints that are over by the word of the service's provider, whose list shows all connections
//! (docs/decisions/0034).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::VpcEndpointId;

/// What a whole review has read in the provider's own list of connections: endpoints that it shows as deleted, rejected
/// or the like, or not at all. It counts only where the account of an endpoint cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// When the list was read.
    pub seen: Timestamp,
    /// The endpoints.
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
}

impl Gone {
    /// For how long it is believed. A message may come late, or back from the dead-letter queue after days, and whether
    /// a rejected connection can be accepted again AWS does not say. The next sweep reads the list anew.
    pub const BELIEVED_FOR: SignedDuration = SignedDuration::from_hours(1);

    /// Whether it is believed still.
    #[must_use]
    pub fn is_believed(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) < Self::BELIEVED_FOR
    }
}
