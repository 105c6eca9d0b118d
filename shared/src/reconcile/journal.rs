//! Writing the journal: one entry, and one line of the log, for each group that decided or changed something.

use futures::future::try_join_all;
use jiff::Timestamp;

use super::log::log;
use crate::apply::{GroupOutcome, Outcome};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::journal::{JournalEntry, place};
use crate::model::table::{Condition, journal_entry};
use crate::worker::Worker;

/// How many entries are written side by side: a function has few connections to spare.
const AT_ONCE: usize = 20;

/// Writes one entry for each group that decided or changed something, whether it succeeded or not.
///
/// # Errors
/// When an entry cannot be written. The message then comes back, and finds nothing left to do.
pub(super) async fn journal<C: Cloud>(
    worker: &Worker<C>,
    cause: &str,
    since: Option<Timestamp>,
    outcomes: &[GroupOutcome<'_>],
) -> Result<(), Error> {
    let is_kept = |outcome: &&GroupOutcome| {
        let nothing_done = matches!(outcome.outcome, Outcome::Superseded | Outcome::NoQuota(_));
        // What is too much is journalled as the hold that it becomes.
        let held = matches!(outcome.outcome, Outcome::TooManyDeletes { .. });
        outcome.group.is_journalled() && !held && !(nothing_done && outcome.done == 0)
    };
    let kept: Vec<_> = outcomes.iter().filter(is_kept).collect();
    for some in kept.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|outcome| put_entry(worker, cause, since, outcome))).await?;
    }
    Ok(())
}

async fn put_entry<C: Cloud>(
    worker: &Worker<C>,
    cause: &str,
    since: Option<Timestamp>,
    outcome: &GroupOutcome<'_>,
) -> Result<(), Error> {
    let at = worker.now();
    let milliseconds = since.and_then(|since| i64::try_from(at.duration_since(since).as_millis()).ok());
    log(outcome, cause, milliseconds);
    let subject = &outcome.group.subject;
    let written = JournalEntry {
        subject: subject.to_string(),
        at,
        cause: cause.to_owned(),
        reason: outcome.group.reason.clone(),
        steps: outcome.group.steps.iter().map(ToString::to_string).collect(),
        outcome: outcome.words(),
        milliseconds,
    };
    let (key, item) = journal_entry(&place(subject), written);
    worker.cloud.put_item(&key, &item, Condition::None).await
}
