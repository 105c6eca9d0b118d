//! A batch of the work queue: events and intents alike lead to reconciled VPCs.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{Either, join_all, select};
use jiff::Timestamp;
use serde_json::Value;

use super::records::{Reconciled, reconcile};
use crate::cloud::Cloud;
use crate::error::{Disposition, Error};
use crate::model::ids::AccountId;
use crate::model::policy::Policy;
use crate::model::run::Part;
use crate::observe::observe_lookup;
use crate::trigger::event::{Event, InvalidEvent};
use crate::trigger::intent::{Ignored, Intent, Message};
use crate::trigger::lookup::Lookup;
use crate::trigger::own_calls::OwnCalls;
use crate::worker::Worker;

/// How many events of one account are worked on in one batch. If there are more, all of them are sent on as intents,
/// which bear their account: then the queue sees to it that they keep no others waiting.
const FEW: usize = 2;

/// What a message asks for, why it leads to nothing, or why it cannot be read.
type Taken = Result<Result<Work, Ignored>, Error>;

/// A message of the work queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMessage {
    /// Its id.
    pub id: String,
    /// Its body: an EventBridge event, or an intent.
    pub body: String,
    /// By which the queue knows this receive of it.
    pub receipt_handle: String,
    /// How often it has been received, this time included.
    pub receives: u32,
}

/// Seconds until a message comes back that has failed, by how often it was received. A worker that dies says nothing:
/// then the queue's own time holds, which is the longest of these.
const COMES_BACK_AFTER: [i32; 4] = [2, 10, 60, 360];

fn comes_back_after(receives: u32) -> i32 {
    let longest = COMES_BACK_AFTER.len() - 1;
    let place = usize::try_from(receives.saturating_sub(1)).unwrap_or(longest);
    COMES_BACK_AFTER[place.min(longest)]
}

/// Takes a batch, its messages side by side, so that a slow account costs the others nothing: one that is not done
/// at `deadline` goes back alone. A worker may stop anywhere: claims say what was under way. Gives the ids of the
/// messages that failed; one that can never succeed is among them until the queue hands it to the dead-letter
/// queue.
///
/// # Errors
/// When not even the policy can be read: then the whole batch goes back.
pub async fn reconcile_batch<C: Cloud>(
    worker: &Worker<C>,
    messages: Vec<QueueMessage>,
    deadline: Timestamp,
) -> Result<Vec<String>, Error> {
    let (policy, _) = worker.policy().await?;
    let own = worker.config.own_calls();
    let works: Vec<Taken> = messages.iter().map(|message| work(message, &policy, &own)).collect();
    let crowds = crowds(works.iter());
    let outcomes = join_all(messages.into_iter().zip(works).map(async |(message, work)| {
        let work = Box::pin(take(worker, &policy, work, &crowds));
        let outcome = match select(work, Box::pin(worker.cloud.reached(deadline))).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                Err(Error::OutOfTime { operation: "the message", subject: "this invocation".into() })
            }
        };
        (message, outcome)
    }));
    let mut failed = Vec::new();
    for (message, outcome) in outcomes.await {
        let Err(error) = outcome else { continue };
        let (disposition, error) = (error.disposition(), error.chain());
        let (message_id, seconds) = (&message.id, comes_back_after(message.receives));
        match disposition {
            Disposition::Retry => tracing::warn!(message_id, error, seconds, "a message comes back"),
            Disposition::GiveUp => tracing::error!(message_id, error, "a message cannot succeed"),
        }
        failed.push(message);
    }
    join_all(failed.iter().map(|message| let_come_back(worker, message))).await;
    Ok(failed.into_iter().map(|message| message.id).collect())
}

/// Lets a message that failed come back in seconds. Where that fails too, the queue's own time holds.
async fn let_come_back<C: Cloud>(worker: &Worker<C>, message: &QueueMessage) {
    let seconds = comes_back_after(message.receives);
    let changed = worker.cloud.change_message_visibility(&message.receipt_handle, seconds).await;
    if let Err(error) = changed {
        tracing::warn!(message_id = message.id, error = error.chain(), "a message comes back late");
    }
}

/// The accounts of which there are more events in a batch than are worked on at once.
fn crowds<'a>(works: impl Iterator<Item = &'a Taken>) -> BTreeSet<AccountId> {
    let mut events: BTreeMap<&AccountId, usize> = BTreeMap::new();
    for work in works {
        if let Ok(Ok(Work::Told(intent))) = work {
            *events.entry(&intent.account).or_default() += 1;
        }
    }
    events.into_iter().filter(|(_, count)| *count > FEW).map(|(account, _)| account.clone()).collect()
}

async fn take<C: Cloud>(
    worker: &Worker<C>,
    policy: &Policy,
    work: Taken,
    crowds: &BTreeSet<AccountId>,
) -> Result<(), Error> {
    match work? {
        Ok(Work::Told(intent)) if intent.is_of_too_many() || crowds.contains(&intent.account) => {
            let (account, cause) = (intent.account.to_string(), intent.cause.clone());
            let intents = intent.split();
            tracing::info!(account, cause, intents = intents.len(), "sent on");
            send(worker, &intents).await?;
        }
        Ok(Work::Reconcile(intent) | Work::Told(intent)) => {
            let outcome = reconcile(worker, policy, &intent).await;
            let why = |error: &Error| Part { failed: Some(error.chain()), ..Part::default() };
            let part = outcome.as_ref().map_or_else(why, |reconciled| reconciled.part.clone());
            let noted = match &intent.run {
                Some(run) => worker.put_part(run, &part).await,
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
            let intents = lookup.intents(observe_lookup(worker, &lookup).await?);
            tracing::info!(cause = lookup.cause, intents = intents.len(), "looked up");
            send(worker, &intents).await?;
        }
        Err(Ignored(reason)) => tracing::info!(reason, "ignored"),
    }
    Ok(())
}

async fn send<C: Cloud>(worker: &Worker<C>, intents: &[Intent]) -> Result<(), Error> {
    for intent in intents {
        worker.cloud.send_message(intent, 0).await?;
    }
    Ok(())
}

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
enum Work {
    /// The VPCs are known: make them right.
    Reconcile(Intent),
    /// The same, of an event. The queue does not know whose it is.
    Told(Intent),
    /// The table knows which VPCs it is about.
    Find(Lookup),
}

fn work(message: &QueueMessage, policy: &Policy, own: &OwnCalls) -> Taken {
    let mut work = read(&message.body, policy, own)?;
    if let Ok(Work::Told(intent) | Work::Reconcile(intent)) = &mut work {
        intent.message = Some(message.id.clone());
    }
    Ok(work)
}

fn read(body: &str, policy: &Policy, own: &OwnCalls) -> Taken {
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
        _ => event.intent(policy).map(Work::Told),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn intent_of(body: &str) -> Result<Result<Intent, Ignored>, String> {
        let region = "us-west-2".parse().unwrap_or_else(|error| panic!("{error}"));
        let own = OwnCalls { account: None, stack: "f".into(), client_role: "c".into(), session: "s".into() };
        let work = read(body, &Policy { region, services: BTreeMap::new() }, &own);
        let intent = |work| match work {
            Work::Reconcile(intent) | Work::Told(intent) => intent,
            Work::Find(lookup) => panic!("{lookup:?}"),
        };
        work.map(|work| work.map(intent)).map_err(|error| error.chain())
    }

    #[test]
    fn message_that_fails_comes_back_in_seconds_at_first() {
        assert_eq!([0, 1, 2, 3, 4, 5, 900].map(comes_back_after), [2, 2, 10, 60, 360, 360, 360]);
    }

    #[test]
    fn an_intent_is_read_as_it_was_sent() {
        let sent = r#"{"intent":"reconcile","account":"044444444444","vpc_endpoints":["vpce-0123456789abcdef0"],
                       "announced":true,"cause":"a test"}"#;
        let intent = intent_of(sent).and_then(|intent| intent.map_err(|Ignored(reason)| reason));
        let message = |intent| serde_json::to_string(&Message::Reconcile(intent)).unwrap_or_default();
        let again = intent.clone().map(message);
        let again = again.and_then(|text| intent_of(&text)).and_then(|i| i.map_err(|Ignored(reason)| reason));
        assert!(intent.is_ok());
        assert_eq!(intent, again);
    }

    #[test]
    fn events_of_one_account_are_a_crowd_and_intents_and_those_of_many_accounts_are_none() {
        let intent = |account: usize| -> Intent {
            let sent =
                format!(r#"{{"account":"{account:012}","vpc_endpoints":["vpce-00000001"],"cause":"x"}}"#);
            serde_json::from_str(&sent).unwrap_or_else(|error| panic!("{error}"))
        };
        let told = |account| Ok(Ok(Work::Told(intent(account))));
        let sent = |account| Ok(Ok(Work::Reconcile(intent(account))));
        let of = |works: Vec<Taken>| -> Vec<String> {
            crowds(works.iter()).into_iter().map(String::from).collect()
        };
        assert_eq!(of(vec![told(1), told(1), told(1), told(2), told(2), sent(2)]), ["000000000001"]);
        assert_eq!(of(vec![sent(1), sent(1), sent(1), sent(1)]), Vec::<String>::new());
        assert_eq!(of((0..10).map(told).collect()), Vec::<String>::new());
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
            let error = intent_of(body).err().unwrap_or_default();
            assert!(error.contains(reason), "{body}: {error}");
        }
    }
}
