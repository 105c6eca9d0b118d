//! Writing the journal: one entry, and one line of the log, for each group that decided or changed something.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::log::log;
use crate::apply::{GroupOutcome, Outcome};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::hold::Subject;
use crate::model::journal::{JournalEntry, place};
use crate::model::table::{Condition, journal_entry};
use crate::trigger::intent::{Edit, Intent};
use crate::worker::Worker;

/// How many entries are written side by side: a function has few connections to spare.
const AT_ONCE: usize = 20;

/// What led to a plan.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// In words.
    pub words: &'a str,
    /// Who had written which records.
    pub edit: Option<&'a Edit>,
    /// When that happened.
    pub since: Option<Timestamp>,
    /// How often in a row its changes were put off: the journal has the first time only.
    pub attempt: u32,
}

impl<'a> Cause<'a> {
    /// One that did not happen at a certain moment.
    #[must_use]
    pub fn of(words: &'a str) -> Self {
        Self { words, edit: None, since: None, attempt: 0 }
    }
}

impl<'a> From<&'a Intent> for Cause<'a> {
    fn from(intent: &'a Intent) -> Self {
        let edit = intent.edit.as_deref();
        Self { words: &intent.cause, edit, since: intent.since, attempt: intent.attempt }
    }
}

/// Writes one entry for each group that decided or changed something, whether it succeeded or not.
///
/// # Errors
/// When an entry cannot be written. The message then comes back, and finds nothing left to do.
pub(super) async fn journal<C: Cloud>(
    worker: &Worker<C>,
    cause: Cause<'_>,
    outcomes: &[GroupOutcome<'_>],
) -> Result<(), Error> {
    let is_kept = |outcome: &&GroupOutcome| {
        let nothing_done = matches!(outcome.outcome, Outcome::Superseded | Outcome::NoQuota(_));
        // What is too much is journalled as the hold that it becomes.
        let held = matches!(outcome.outcome, Outcome::TooManyDeletes { .. });
        let known = matches!(outcome.outcome, Outcome::NotYet(_)) && cause.attempt > 0;
        let left_out = held || known || (nothing_done && outcome.done == 0);
        outcome.group.is_journalled() && !left_out
    };
    let kept: Vec<_> = outcomes.iter().filter(is_kept).collect();
    let entries = kept.into_iter().map(|outcome| put_entry(worker, cause, outcome));
    stream::iter(entries).buffer_unordered(AT_ONCE).try_collect().await
}

async fn put_entry<C: Cloud>(
    worker: &Worker<C>,
    cause: Cause<'_>,
    outcome: &GroupOutcome<'_>,
) -> Result<(), Error> {
    let at = worker.now();
    let milliseconds = cause.since.and_then(|since| i64::try_from(at.duration_since(since).as_millis()).ok());
    let subject = &outcome.group.subject;
    let by = match subject {
        Subject::Record(_, key) => cause.edit.and_then(|edit| edit.by(key)),
        _ => None,
    };
    log(outcome, cause.words, by, milliseconds);
    let written = JournalEntry {
        subject: subject.to_string(),
        at,
        cause: cause.words.to_owned(),
        by: by.map(ToOwned::to_owned),
        reason: outcome.group.reason.clone(),
        steps: outcome.group.steps.iter().map(ToString::to_string).collect(),
        outcome: outcome.words(),
        milliseconds,
    };
    let (key, item) = journal_entry(&place(subject), written);
    worker.cloud.put_item(&key, &item, Condition::None).await
}
