//! accept-connections: endpoint events and connection notifications lead to a review of the service's
//! waiting connections.

use std::collections::BTreeSet;

use aws_lambda_events::event::sns::SnsEvent;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;

use super::measured;
use crate::aws::{Aws, Scope};
use crate::error::Error;
use crate::event::{Event, InvalidEvent};
use crate::intent::Ignored;
use crate::review::{ReviewRequest, review_service};

/// Takes one EventBridge event, or the records of one SNS delivery.
///
/// # Errors
/// When a message cannot be read, or something could not be done. Lambda tries again, and then hands the
/// message to the dead-letter queue.
pub async fn accept_connections(aws: &Aws, message: LambdaEvent<Value>) -> Result<(), Error> {
    measured(aws, &message.context, Box::pin(review_for(aws, &message.payload))).await
}

async fn review_for(aws: &Aws, payload: &Value) -> Result<(), Error> {
    let (policy, _) = super::policy(aws).await?;
    let mut failed = Vec::new();
    for event in events(payload)? {
        let review = match event.review(&policy, &aws.config().stack_name) {
            Ok(review) => review,
            Err(Ignored(reason)) => {
                tracing::info!(reason, "ignored");
                continue;
            }
        };
        let everywhere = review.services.is_empty();
        let services = policy.services.values();
        for definition in services.filter(|d| everywhere || review.services.contains(&d.service)) {
            let request = ReviewRequest {
                scope: Scope::Pending(review.vpc_endpoints.clone()),
                accounts: &BTreeSet::new(),
                allow_rejects: None,
                dry_run: false,
                cause: &review.cause,
                since: review.since,
                run: None,
            };
            match review_service(aws, definition, &request).await {
                Ok(summary) => {
                    let (accepted, rejected, held) = (summary.accepted, summary.rejected, summary.held.len());
                    let (service, cause) = (summary.service, &review.cause);
                    tracing::info!(service, cause, accepted, rejected, held, "reviewed");
                    failed.extend(summary.failed);
                }
                // One service does not keep the others waiting.
                Err(error) => failed.push(format!("{}: {}", definition.service, error.chain())),
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Unsuccessful { operation: "a review of connections", items: failed.join("; ") })
}

fn events(payload: &Value) -> Result<Vec<Event>, Error> {
    if payload.get("Records").is_none() {
        return Event::from_eventbridge(payload).map(|event| vec![event]).map_err(Error::Malformed);
    }
    let delivery: SnsEvent = serde_json::from_value(payload.clone())
        .map_err(|error| Error::Malformed(InvalidEvent::new(format!("not an SNS delivery: {error}"))))?;
    let records = delivery.records.into_iter().map(|record| record.sns);
    let events = records.map(|sns| {
        let time = Timestamp::from_millisecond(sns.timestamp.timestamp_millis()).ok();
        Event::from_notification(&sns.message_id, time, &sns.message)
    });
    Ok(events.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sns_delivery_and_an_eventbridge_event_are_told_apart() {
        let sns = include_str!("../../../tests/events/sns_connect.json");
        let create = include_str!("../../../tests/events/create_two_subnets.json");
        let read = |json: &str| serde_json::from_str(json).map(|payload| events(&payload));
        assert!(matches!(read(sns), Ok(Ok(events)) if matches!(events.as_slice(), [Event::Notification(_)])));
        assert!(matches!(read(create), Ok(Ok(events)) if matches!(events.as_slice(), [Event::ApiCall(_)])));
        assert!(matches!(read("{\"Records\":[{}]}"), Ok(Err(Error::Malformed(_)))));
        assert!(matches!(read("{\"hello\":1}"), Ok(Err(Error::Malformed(_)))));
    }
}
