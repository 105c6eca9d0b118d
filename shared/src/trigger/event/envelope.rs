//! What EventBridge puts around each event.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::ids::{AccountId, Region};
use crate::quoted::quoted;

/// A message that cannot be read. It must end in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be read: {why}")]
pub struct InvalidEvent {
    /// Field, value and what was expected.
    pub why: String,
}

impl InvalidEvent {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: quoted(&why.into()) }
    }
}

/// An event, as EventBridge delivers it.
#[derive(Deserialize)]
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) source: String,
    #[serde(rename = "detail-type")]
    pub(super) detail_type: String,
    pub(super) account: AccountId,
    pub(super) region: Region,
    #[serde(default)]
    pub(super) time: Option<Timestamp>,
    pub(super) detail: Value,
}
