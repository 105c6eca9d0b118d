//! reconcile-records: the work queue's messages, events and intents alike, lead to reconciled VPCs.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use tokio::time::timeout;

use super::measured;
use crate::aws::{Aws, observe_lookup};
use crate::error::{Disposition, Error};
use crate::event::{Event, InvalidEvent};
use crate::intent::{Ignored, Intent, Message};
use crate::lookup::{Lookup, OwnCalls};
use crate::plan::Step;
use crate::policy::Policy;
use crate::reconcile::{Reconciled, reconcile};
use crate::run::Part;

/// The function's timeout in the template.
const TIMEOUT: Duration = Duration::from_mins(1);
/// What is kept of an invocation's time to say what became of its messages.
const TIME_TO_ANSWER: Duration = Duration::from_secs(3);

/// Takes a batch from the work queue, its messages side by side, so that a slow account costs the others
/// nothing: one that is not done in time goes back alone. A worker may stop anywhere: claims say what was
/// under way. A message that fails goes back alone; one that can never succeed
/// goes back until the queue hands it to the dead-letter queue.
///
/// # Errors
/// When not even the policy can be read: then the whole batch goes back.
pub async fn reconcile_records(aws: &Aws, batch: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let LambdaEvent { payload, context } = batch;
    measured(aws, &context, Box::pin(reconcile_batch(aws, payload, context.deadline))).await
}

async fn reconcile_batch(aws: &Aws, batch: SqsEvent, deadline: u64) -> Result<SqsBatchResponse, Error> {
    let (policy, _) = super::policy(aws).await?;
    let now = Duration::from_millis(u64::try_from(aws.now().as_millisecond()).unwrap_or_default());
    let time = time_left(Duration::from_millis(deadline), now);
    let outcomes = join_all(batch.records.into_iter().map(async |message| {
        let late = |_| Error::OutOfTime { operation: "the message", subject: "this invocation".into() };
        let outcome = timeout(time, take(aws, &policy, &message)).await.map_err(late);
        (message.message_id.unwrap_or_default(), outcome.and_then(|outcome| outcome))
    }));
    let mut response = SqsBatchResponse::default();
    for (id, outcome) in outcomes.await {
        if let Err(error) = outcome {
            let error = (error.disposition(), error.chain());
            match error {
                (Disposition::Retry, error) => tracing::warn!(message_id = id, error, "a message comes back"),
                (Disposition::GiveUp, error) => {
                    tracing::error!(message_id = id, error, "a message cannot succeed");
                }
            }
            response.add_failure(id);
        }
    }
    Ok(response)
}

/// How long the messages of an invocation may take. A deadline that was over before it began is none: Lambda gives no such, and
/// `cargo lambda watch` ten minutes after 1970.
fn time_left(deadline: Duration, now: Duration) -> Duration {
    let deadline = if deadline > now { deadline } else { now + TIMEOUT };
    deadline.saturating_sub(now + TIME_TO_ANSWER)
}

async fn take(aws: &Aws, policy: &Policy, message: &SqsMessage) -> Result<(), Error> {
    let body = message.body.as_deref().unwrap_or_default();
    match work(body, policy, &aws.config().own_calls())? {
        Ok(Work::Reconcile(intent)) => {
            let outcome = reconcile(aws, policy, &intent).await;
            let why = |error: &Error| Part { failed: Some(error.chain()), ..Part::default() };
            let part = outcome.as_ref().map_or_else(why, |reconciled| reconciled.part.clone());
            let noted = match &intent.run {
                Some(run) => aws.put_part(run, &part).await,
                None => Ok(()),
            };
            let Reconciled { plan, part } = outcome?;
            noted?;
            let (planned, Part { vpcs, changed, held, sent_on, .. }) = (plan.steps().count(), part);
            let run = intent.run.as_ref().map(|run| run.run.as_str());
            let (account, cause) = (intent.account.as_str(), intent.cause);
            tracing::info!(account, run, cause, vpcs, planned, changed, held, sent_on, "reconciled");
        }
        Ok(Work::Find(lookup)) => {
            let intents = lookup.intents(observe_lookup(aws, &lookup).await?);
            tracing::info!(cause = lookup.cause, intents = intents.len(), "looked up");
            for intent in intents {
                aws.apply_one(&Step::SendIntent { intent, delay_seconds: 0 }).await?;
            }
        }
        Err(Ignored(reason)) => tracing::info!(reason, "ignored"),
    }
    Ok(())
}

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
enum Work {
    /// The VPCs are known: make them right.
    Reconcile(Intent),
    /// The table knows which VPCs it is about.
    Find(Lookup),
}

fn work(body: &str, policy: &Policy, own: &OwnCalls) -> Result<Result<Work, Ignored>, Error> {
    let malformed = |why: String| Error::Malformed(InvalidEvent::new(why));
    let message: Value =
        serde_json::from_str(body).map_err(|error| malformed(format!("not JSON: {error}")))?;
    if message.get("intent").is_some() {
        let message = serde_json::from_value(message);
        let Message::Reconcile(intent) =
            message.map_err(|error| malformed(format!("not an intent: {error}")))?;
        return Ok(Ok(Work::Reconcile(intent)));
    }
    let event = Event::from_eventbridge(&message).map_err(Error::Malformed)?;
    Ok(match event {
        Event::ZoneCall(_) => event.lookup(policy, own).map(Work::Find),
        _ => event.intent(policy).map(Work::Reconcile),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(body: &str) -> Result<Result<Intent, Ignored>, String> {
        let region = "us-west-2".parse().unwrap_or_else(|error| panic!("{error}"));
        let own = OwnCalls { stack: "f".into(), client_role: "c".into(), session: "s".into() };
        let work = work(body, &Policy { region, services: BTreeMap::new() }, &own);
        let intent = |work| match work {
            Work::Reconcile(intent) => intent,
            Work::Find(lookup) => panic!("{lookup:?}"),
        };
        work.map(|work| work.map(intent)).map_err(|error| error.chain())
    }

    #[test]
    fn some_of_the_time_is_kept_for_the_answer_and_a_deadline_of_long_ago_is_none() {
        let left =
            |deadline, now| time_left(Duration::from_secs(deadline), Duration::from_secs(now)).as_secs();
        assert_eq!(left(1_060, 1_000), 57);
        assert_eq!(left(1_002, 1_000), 0);
        assert_eq!(left(600, 1_000), 57);
    }

    #[test]
    fn an_intent_is_read_as_it_was_sent() {
        let sent = r#"{"intent":"reconcile","account":"044444444444","vpc_endpoints":["vpce-0123456789abcdef0"],
                       "announced":true,"cause":"a test"}"#;
        let intent = read(sent).and_then(|intent| intent.map_err(|Ignored(reason)| reason));
        let message = |intent| serde_json::to_string(&Message::Reconcile(intent)).unwrap_or_default();
        let again = intent.clone().map(message);
        let again = again.and_then(|text| read(&text)).and_then(|i| i.map_err(|Ignored(reason)| reason));
        assert!(intent.is_ok());
        assert_eq!(intent, again);
    }

    #[test]
    fn truncated_json_wrong_fields_and_strange_objects_are_refused_with_the_reason() {
        for (body, reason) in [
            ("{\"intent\":\"reconcile\",\"acc", "not JSON: EOF while parsing"),
            (
                "{\"intent\":\"reconcile\",\"account\":\"42\",\"cause\":\"x\"}",
                "\"42\" is not an AWS account id",
            ),
            ("{\"intent\":\"explode\"}", "not an intent"),
            ("{\"hello\":1}", "not an EventBridge event: missing field"),
            ("", "not JSON"),
        ] {
            let error = read(body).err().unwrap_or_default();
            assert!(error.contains(reason), "{body}: {error}");
        }
    }
}
