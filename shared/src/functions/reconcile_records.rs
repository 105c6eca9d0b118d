//! reconcile-records: the work queue's messages, events and intents alike, lead to reconciled VPCs.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;

use super::measured::measured;
use crate::aws::Worker;
use crate::error::Error;
use crate::reconcile::{QueueMessage, reconcile_batch};

/// The function's timeout in the template.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(1);
/// What is kept of an invocation's time to say what became of its messages.
const TIME_TO_ANSWER: SignedDuration = SignedDuration::from_secs(3);

/// Takes a batch from the work queue. A message that fails goes back alone; one that can never succeed
/// goes back until the queue hands it to the dead-letter queue.
///
/// # Errors
/// When not even the policy can be read: then the whole batch goes back.
pub async fn reconcile_records(
    worker: &Worker,
    batch: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error> {
    let LambdaEvent { payload, context } = batch;
    let deadline = deadline(context.deadline, worker.now());
    let messages = payload.records.into_iter().map(queue_message).collect();
    let work = Box::pin(reconcile_batch(worker, messages, deadline));
    let failed = measured(worker, &context, work).await?;
    let mut response = SqsBatchResponse::default();
    for id in failed {
        response.add_failure(id);
    }
    Ok(response)
}

fn queue_message(message: SqsMessage) -> QueueMessage {
    let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    QueueMessage {
        id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receipt_handle: message.receipt_handle.unwrap_or_default(),
        receives: receives.unwrap_or(1),
    }
}

/// When the messages of an invocation have to be done, from its own deadline in milliseconds since 1970. A deadline
/// that was over before it began is none: Lambda gives no such, and `cargo lambda watch` ten minutes after 1970.
fn deadline(invocation: u64, now: Timestamp) -> Timestamp {
    let given = i64::try_from(invocation).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    given.filter(|at| *at > now).unwrap_or(now + TIMEOUT) - TIME_TO_ANSWER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_the_time_is_kept_for_the_answer_and_a_deadline_of_long_ago_is_none() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap_or_default();
        assert_eq!(deadline(1_060_000, at(1_000)), at(1_057));
        assert_eq!(deadline(1_002_000, at(1_000)), at(999), "nothing is begun");
        assert_eq!(deadline(600_000, at(1_000)), at(1_057));
    }
}
