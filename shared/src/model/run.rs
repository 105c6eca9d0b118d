//! Runs: an invocation of backfill, from its request to the last message that came of it.
//!
//! A run is an item of the table. What an operator asks for by hand can be followed to its end: each message
//! that is done leaves an item too, its *part*, under a name of its own, so that one that is delivered twice
//! counts once. A message that sends others on says how many, and a run is over when
//!
//! ```text
//! messages + the sum of all parts' sent_on = parts that have not failed
//! ```
//!
//! The schedule's runs leave no parts: what is in sync is to cost no write.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::ids::{AccountId, ServiceId};

/// What a backfill is asked; `{}` means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackfillRequest {
    /// Only these services; all defined ones when empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// Only endpoints of these accounts; all when empty.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<AccountId>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// How many record sets may be removed, those that earlier runs have held included; `MaxDeletes`, and
    /// nothing that is held, when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_deletes: Option<u32>,
    /// How many connections of each service may be rejected; `MaxRejects` when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_rejects: Option<u32>,
    /// Who asks.
    pub requested_by: RequestedBy,
    /// The id of the run, for one who wants to follow it from its start: see [`Run::run`]. The function makes one
    /// when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl BackfillRequest {
    /// Whether it leaves nothing out, and does what it finds: a whole sweep.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.services.is_empty() && self.accounts.is_empty() && !self.dry_run
    }
}

/// The id of a run that starts at this moment; `word` tells it from others of the same moment.
#[must_use]
pub fn run_id(started: Timestamp, word: &str) -> String {
    format!("{started:.3}-{word}")
}

/// Whether this may be the id of a run: a moment and a word, as [`run_id`] makes it.
#[must_use]
pub fn is_run_id(text: &str) -> bool {
    let Some((moment, word)) = text.split_once("Z-") else { return false };
    let sound = |word: &str| {
        (1..=36).contains(&word.len()) && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    format!("{moment}Z").parse::<Timestamp>().is_ok_and(|at| format!("{at:.3}") == format!("{moment}Z"))
        && sound(word)
}

/// For how long a run and its parts stay.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Until when an item of a run that begins or goes on now is kept, in seconds since 1970.
#[must_use]
pub fn expires_at(now: Timestamp) -> i64 {
    (now + KEPT).as_second()
}

/// Who has asked for a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestedBy {
    /// A person, or what a person has set up.
    #[default]
    Hand,
    /// The stack's own schedule.
    Schedule,
}

impl RequestedBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_hand(&self) -> bool {
        *self == RequestedBy::Hand
    }
}

/// A run, as it travels with the messages that come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunPart {
    /// The run's id.
    pub run: String,
    /// Which message of the run this is; none where nobody counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How many record sets the run may remove.
    pub deletes: u32,
    /// Whether somebody has said so for this run: only then does it go on with what earlier ones have held.
    #[serde(default)]
    pub allowed: bool,
    /// Who asks.
    #[serde(default, skip_serializing_if = "RequestedBy::is_hand")]
    pub requested_by: RequestedBy,
}

impl RunPart {
    /// The same run for the `n`th message that is sent on from this one.
    #[must_use]
    pub fn sent_on(&self, n: usize) -> Self {
        Self { part: self.part.as_ref().map(|part| format!("{part}.{n}")), ..self.clone() }
    }

    /// The same run for a message that nobody counts: one of a waiting chain, which may go on for long.
    #[must_use]
    pub fn uncounted(&self) -> Self {
        Self { part: None, ..self.clone() }
    }
}

/// A run as it stands in the table from its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id: the moment of its start first, so that ids sort by time.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// Who asked for it.
    pub requested_by: RequestedBy,
    /// What was asked.
    pub request: BackfillRequest,
    /// How many record sets it has removed, or was about to.
    #[serde(default)]
    pub deletes: u32,
    /// What it came to, once all its messages are sent.
    #[serde(flatten)]
    pub end: Option<RunEnd>,
    /// When the table forgets it, in seconds since 1970 (DynamoDB's TTL).
    pub expires_at: i64,
}

impl Run {
    /// When it ended, if it was a whole sweep that failed in nothing.
    #[must_use]
    pub fn completed(&self) -> Option<Timestamp> {
        let end = self.end.as_ref().filter(|end| end.failed == 0 && self.request.is_whole());
        end.map(|end| end.ended)
    }
}

/// What a run came to when its last message was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnd {
    /// When that was.
    pub ended: Timestamp,
    /// Endpoints that were sent on.
    pub endpoints: usize,
    /// VPCs to which they and claims lead, as far as they are known; an endpoint that is not counts as one.
    pub vpcs: usize,
    /// Messages that were sent.
    pub messages: usize,
    /// Connections that were accepted.
    pub accepted: usize,
    /// What is held.
    pub held: usize,
    /// What could not be done.
    pub failed: usize,
}

/// What one message of a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// VPCs that it has looked at.
    pub vpcs: usize,
    /// Record sets that it has changed.
    pub changed: usize,
    /// What is held there.
    pub held: usize,
    /// Messages that it has sent on, for what it could not get to.
    pub sent_on: usize,
    /// Why it failed, if it did: it comes back, and counts when it succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> RunPart {
        RunPart {
            run: "r".into(),
            part: None,
            deletes: 20,
            allowed: false,
            requested_by: RequestedBy::Schedule,
        }
    }

    #[test]
    fn a_part_of_a_run_that_does_not_say_who_asks_is_by_hand() {
        let read = |json: &str| serde_json::from_str::<RunPart>(json).map(|part| part.requested_by).ok();
        assert_eq!(read(r#"{"run":"r","deletes":20}"#), Some(RequestedBy::Hand));
        let written = serde_json::to_string(&part()).unwrap_or_default();
        assert_eq!(read(&written), Some(RequestedBy::Schedule));
        let by_hand = RunPart { requested_by: RequestedBy::Hand, ..part() };
        assert!(!serde_json::to_string(&by_hand).unwrap_or_default().contains("requested_by"));
    }

    #[test]
    fn a_whole_sweep_leaves_nothing_out_and_does_what_it_finds() {
        assert!(BackfillRequest { allow_deletes: Some(5), ..BackfillRequest::default() }.is_whole());
        assert!(!BackfillRequest { dry_run: true, ..BackfillRequest::default() }.is_whole());
        let account = "444455556666".parse().into_iter().collect();
        assert!(!BackfillRequest { accounts: account, ..BackfillRequest::default() }.is_whole());
    }

    #[test]
    fn messages_that_are_sent_on_are_named_after_the_one_that_sends_them() {
        let first = RunPart { part: Some("a.1".into()), ..part() };
        assert_eq!(first.sent_on(2).sent_on(1).part.as_deref(), Some("a.1.2.1"));
        assert_eq!(first.uncounted().sent_on(1).part, None);
    }

    #[test]
    fn ids_of_runs_are_moments_that_sort_and_words() {
        assert_eq!(run_id(Timestamp::UNIX_EPOCH, "da6fc412"), "1970-01-01T00:00:00.000Z-da6fc412");
        assert!(is_run_id("2026-11-20T07:55:30.735Z-da6fc412"));
        for text in
            ["", "mine", "2026-11-20T07:55:30.735Z", "2026-11-20T07:55:30.735Z-", "2026-11-20T07:55:30Z-a"]
        {
            assert!(!is_run_id(text), "{text}");
        }
        assert!(!is_run_id("2026-11-20T07:55:30.735Z-a#b"));
    }

    #[test]
    fn a_run_reads_back_before_and_after_its_end() {
        let mut run = Run {
            run: "2026-03-02T09:15:00.000Z-1".into(),
            started: Timestamp::UNIX_EPOCH,
            requested_by: RequestedBy::Schedule,
            request: BackfillRequest { allow_deletes: Some(5), ..BackfillRequest::default() },
            deletes: 3,
            end: None,
            expires_at: 42,
        };
        let again = |run: &Run| serde_json::to_value(run).and_then(serde_json::from_value::<Run>).ok();
        assert_eq!(again(&run), Some(run.clone()));
        let end = RunEnd {
            ended: Timestamp::UNIX_EPOCH,
            endpoints: 1,
            vpcs: 2,
            messages: 3,
            accepted: 4,
            held: 5,
            failed: 6,
        };
        assert_eq!(run.completed(), None);
        run.end = Some(end);
        assert_eq!(again(&run), Some(run.clone()));
        assert_eq!(run.completed(), None, "six things failed");
        run.end = run.end.map(|end| RunEnd { failed: 0, ..end });
        assert_eq!(run.completed(), Some(Timestamp::UNIX_EPOCH));
    }
}
