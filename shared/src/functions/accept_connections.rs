//! accept-connections: endpoint events and connection notifications lead to a review of the service's
//! waiting connections.

use aws_lambda_events::event::sns::SnsEvent;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde_json::Value;

use super::measured::measured;
use crate::aws::Worker;
use crate::error::Error;
use crate::reconcile::review_events;
use crate::trigger::event::{Event, InvalidEvent};

/// Takes one EventBridge event, or the records of one SNS delivery.
///
/// # Errors
/// When a message cannot be read, or something could not be done. Lambda tries again, and then hands the
/// message to the dead-letter queue.
pub async fn accept_connections(worker: &Worker, message: LambdaEvent<Value>) -> Result<(), Error> {
    let work = async { Box::pin(review_events(worker, events(&message.payload)?)).await };
    measured(worker, &message.context, work).await
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
