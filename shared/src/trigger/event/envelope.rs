//! What EventBridge puts around each event.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
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
    /// For the journal alone, so that it may be anything.
    #[serde(default, deserialize_with = "if_any")]
    pub(super) id: Option<String>,
    pub(super) source: String,
    #[serde(rename = "detail-type")]
    pub(super) detail_type: String,
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// Without it the time to the record is not measured, and nothing else differs.
    #[serde(default, deserialize_with = "if_any")]
    pub(super) time: Option<Timestamp>,
    pub(super) detail: Value,
}

impl Envelope {
    /// CloudTrail's `eventID`, which doubled deliveries share, or EventBridge's own.
    pub(super) fn event_id(&self) -> String {
        let recorded = self.detail["eventID"].as_str().or(self.id.as_deref());
        quoted(recorded.unwrap_or("without an id"))
    }
}

/// The value, if it is one that can be read.
fn if_any<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(from)?).ok())
}
