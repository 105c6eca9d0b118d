//! Events: what rings the bell.
//!
//! An event is a hint. It says where to look, never what to do: nothing that stands in one is believed
//! but the account that EventBridge itself put on the envelope. Three kinds come in, API calls of EC2 and of
//! Route 53 that CloudTrail recorded, and SNS connection notifications.

mod call;
mod cloudtrail;
mod envelope;
mod route53;

use std::collections::BTreeSet;

use jiff::Timestamp;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::model::ids::{ServiceId, VpcEndpointId};
use crate::quoted::quoted;

pub use call::{Action, ApiCall};
use envelope::Envelope;
pub use envelope::InvalidEvent;
pub use route53::{ZoneAction, ZoneCall};

/// A message that is an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An EC2 API call on endpoints.
    ApiCall(ApiCall),
    /// A Route 53 API call on zones.
    ZoneCall(ZoneCall),
    /// An SNS connection notification.
    Notification(Notification),
    /// A sound event of a kind that zonelink has no use for, and what it is.
    Other(String),
}

/// An SNS connection notification. AWS does not document its body, so only the ids in it are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// SNS's message id.
    pub id: String,
    /// When SNS took it in.
    pub time: Option<Timestamp>,
    /// The services named.
    pub services: BTreeSet<ServiceId>,
    /// The endpoints named.
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
}

impl Event {
    /// Reads an event as EventBridge delivers it.
    ///
    /// # Errors
    /// When it is no EventBridge event, or a record of a call that we watch lacks what it must have.
    pub fn from_eventbridge(message: &Value) -> Result<Event, InvalidEvent> {
        let envelope = Envelope::deserialize(message)
            .map_err(|error| InvalidEvent::new(format!("not an EventBridge event: {error}")))?;
        let record = &envelope.detail;
        let name = quoted(record["eventName"].as_str().unwrap_or_default());
        let (source, api) = match envelope.source.as_str() {
            source @ ("aws.ec2" | "aws.route53") if envelope.detail_type == "AWS API Call via CloudTrail" => {
                (source, record["eventSource"].as_str().unwrap_or_default())
            }
            source => {
                let (kind, source) = (quoted(&envelope.detail_type), quoted(source));
                return Ok(Event::Other(format!("{kind} from {source}")));
            }
        };
        // Network activity, sign-ins and what AWS does by itself are told in the same form, without parameters.
        if let Some(kind) = record["eventType"].as_str().filter(|kind| *kind != "AwsApiCall") {
            return Ok(Event::Other(format!("{name:?} of the event type {:?}", quoted(kind))));
        }
        match (source, api) {
            ("aws.ec2", "ec2.amazonaws.com") => match Action::deserialize(&record["eventName"]) {
                Ok(action) => cloudtrail::api_call(&envelope, action).map(Event::ApiCall),
                Err(_) => Ok(Event::Other(format!("EC2 API call {name:?}"))),
            },
            ("aws.route53", "route53.amazonaws.com") => match ZoneAction::deserialize(&record["eventName"]) {
                Ok(action) => route53::zone_call(&envelope, action).map(Event::ZoneCall),
                Err(_) => Ok(Event::Other(format!("Route 53 API call {name:?}"))),
            },
            _ => Ok(Event::Other(format!("{name} of {:?}", quoted(api)))),
        }
    }

    /// Reads the text of an SNS connection notification. One that names nothing, as AWS may send to try the
    /// topic, still says that there may be something to see.
    #[must_use]
    pub fn from_notification(id: &str, time: Option<Timestamp>, text: &str) -> Event {
        let found = ids_in(text);
        let services: BTreeSet<ServiceId> = found.iter().filter_map(|id| id.parse().ok()).collect();
        let vpc_endpoints: BTreeSet<VpcEndpointId> = found.iter().filter_map(|id| id.parse().ok()).collect();
        Event::Notification(Notification { id: id.to_owned(), time, services, vpc_endpoints })
    }
}

fn ids_in(text: &str) -> Vec<&str> {
    let pattern = Regex::new("vpce-(?:svc-)?[0-9a-f]{8,32}");
    pattern.map(|ids| ids.find_iter(text).map(|found| found.as_str()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
