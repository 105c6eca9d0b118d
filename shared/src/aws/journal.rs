//! The journal: what was decided and done, and why. History only; nothing reads it to decide.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::apply::{GroupOutcome, Outcome};
use super::clients::Aws;
use super::table::{Item, Key, item};
use super::told::tell;
use crate::error::Error;
use crate::hold::Subject;
use crate::ids::ServiceId;

/// For how long an entry stays.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How many entries are written side by side: a function has few connections to spare.
const AT_ONCE: usize = 20;

/// One entry: a group of steps on one subject.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    subject: &'a Subject,
    at: Timestamp,
    cause: &'a str,
    reason: &'a str,
    steps: Vec<String>,
    outcome: String,
    /// Milliseconds from the event to here; none for a sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<i64>,
    expires_at: i64,
}

/// Writes one entry for each group that decided or changed something, whether it succeeded or not.
///
/// # Errors
/// When an entry cannot be written. The message then comes back, and finds nothing left to do.
pub async fn journal(
    aws: &Aws,
    cause: &str,
    since: Option<Timestamp>,
    outcomes: &[GroupOutcome<'_>],
) -> Result<(), Error> {
    let told = |outcome: &&GroupOutcome| {
        let nothing_done = matches!(outcome.outcome, Outcome::Superseded | Outcome::NoRoom(_));
        // What is too much is journalled as the hold that it becomes.
        let held = matches!(outcome.outcome, Outcome::TooManyDeletes { .. });
        outcome.group.is_journalled() && !held && !(nothing_done && outcome.done == 0)
    };
    let told: Vec<_> = outcomes.iter().filter(told).collect();
    for some in told.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|outcome| put_entry(aws, cause, since, outcome))).await?;
    }
    Ok(())
}

async fn put_entry(
    aws: &Aws,
    cause: &str,
    since: Option<Timestamp>,
    outcome: &GroupOutcome<'_>,
) -> Result<(), Error> {
    let at = aws.now();
    let entry = Entry {
        subject: &outcome.group.subject,
        at,
        cause,
        reason: &outcome.group.reason,
        steps: outcome.group.steps.iter().map(ToString::to_string).collect(),
        outcome: outcome.words(),
        milliseconds: since.and_then(|since| i64::try_from(at.duration_since(since).as_millis()).ok()),
        expires_at: (at + KEPT).as_second(),
    };
    tell(outcome, cause, entry.milliseconds);
    let key = Key::new(format!("journal#{}", place(&outcome.group.subject)), &format!("{at:.9}"));
    aws.put(&key, &entry, None).await
}

/// The entry on what a person did to a service's definition.
pub(super) fn entry_by_hand(
    service: &ServiceId,
    at: Timestamp,
    cause: &str,
    steps: Vec<String>,
) -> Result<Item, Error> {
    let subject = Subject::Service(service.clone());
    let entry = Entry {
        subject: &subject,
        at,
        cause,
        reason: "by hand",
        steps,
        outcome: "done".into(),
        milliseconds: None,
        expires_at: (at + KEPT).as_second(),
    };
    item(&Key::new(format!("journal#{}", place(&subject)), &format!("{at:.9}")), &entry)
}

/// Where entries on a subject are found: a record's by zone and name, whichever VPC they came from; a
/// connection's and an endpoint's by the endpoint.
pub(super) fn place(subject: &Subject) -> String {
    match subject {
        Subject::Account(account) => account.to_string(),
        Subject::Service(service) | Subject::AllowList(service) => service.to_string(),
        Subject::Definition(_) => subject.to_string(),
        Subject::Connection(_, vpc_endpoint)
        | Subject::VpcEndpoint(_, vpc_endpoint)
        | Subject::UnknownEndpoint(_, vpc_endpoint) => vpc_endpoint.to_string(),
        Subject::Name(vpc, name) => format!("{vpc}/{name}"),
        Subject::Record(_, key) => key.to_string(),
    }
}

impl GroupOutcome<'_> {
    /// How it ended, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.outcome {
            Outcome::Done => "done".into(),
            Outcome::Raced => format!("raced after {} steps", self.done),
            Outcome::Superseded => "another worker has just done the same".into(),
            Outcome::NoRoom(_) => format!("throttled after {} steps", self.done),
            Outcome::Unanswered(message) => format!("unanswered: {message}"),
            Outcome::TooManyDeletes { run, at_most } => format!("run {run} may make {at_most} removals"),
            Outcome::Refused(message) => format!("refused by Route 53: {message}"),
            Outcome::Denied(denied) => format!("denied: {}: {}", denied.operation, denied.message),
            Outcome::Failed(Error::Unsuccessful { items, .. }) => {
                format!("looked again: AWS was unsuccessful for {items}")
            }
            Outcome::Failed(error) => format!("failed after {} steps: {}", self.done, error.chain()),
        }
    }
}
