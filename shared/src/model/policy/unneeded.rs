//! What becomes of a zone that was made for a VPC once nothing needs it any more.

use serde::{Deserialize, Serialize};

/// What becomes of a zone that zonelink has made for a VPC, once nothing of the VPC needs its domain any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnneededZones {
    /// It stays, and is the client's.
    #[default]
    Keep,
    /// It is deleted, if nobody else uses it.
    Delete,
}

impl UnneededZones {
    /// Whether this is what a definition says that says nothing of it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
