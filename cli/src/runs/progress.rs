//! How far a run is, from its item and its parts.

use jiff::{SignedDuration, Timestamp};
use shared::model::run::{Part, RequestedBy, Run};

/// Lambda ends any invocation after 15 minutes: who has not ended its run by then never will.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// The sums of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    /// Messages that are known so far; none while the function still sends.
    pub(super) messages: Option<usize>,
    /// Messages that are done.
    pub(super) messages_done: usize,
    /// VPCs that the run has found; none while the function still looks.
    pub(super) vpcs: Option<usize>,
    /// VPCs that its messages have looked at.
    pub(super) vpcs_done: usize,
    /// Record sets that they have changed.
    pub(super) changed: usize,
    /// What was held where they looked.
    pub(super) held: usize,
    /// Why messages have failed that have not succeeded yet.
    pub(super) failed: Vec<String>,
    /// Where it stands.
    pub(super) stage: Stage,
    /// For how long it has run.
    elapsed: SignedDuration,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The function looks and sends.
    Sending,
    /// Its messages are being done.
    UnderWay,
    /// All of it is done, as far as anybody counts.
    Over,
    /// The function has not ended it, and cannot any more.
    Lost,
}

impl Progress {
    /// The sums at this moment.
    pub(super) fn of(run: &Run, parts: &[Part], now: Timestamp) -> Self {
        let done = || parts.iter().filter(|part| part.failed.is_none());
        let sent_on: usize = parts.iter().map(|part| part.sent_on).sum();
        let messages = run.end.as_ref().map(|end| end.messages + sent_on);
        let messages_done = done().count();
        // Nobody counts the messages of the schedule.
        let is_counted = run.requested_by == RequestedBy::Hand;
        let elapsed = now.duration_since(run.started);
        let stage = match messages {
            Some(messages) if messages_done >= messages || !is_counted => Stage::Over,
            Some(_) => Stage::UnderWay,
            None if elapsed > LONGEST => Stage::Lost,
            None => Stage::Sending,
        };
        Self {
            messages,
            messages_done,
            vpcs: run.end.as_ref().map(|end| end.vpcs),
            vpcs_done: done().map(|part| part.vpcs).sum(),
            changed: done().map(|part| part.changed).sum(),
            held: done().map(|part| part.held).sum(),
            failed: parts.iter().filter_map(|part| part.failed.clone()).collect(),
            stage,
            elapsed,
        }
    }

    /// Whether there is nothing to wait for.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.stage, Stage::Over | Stage::Lost)
    }

    /// How many VPCs are done, and of how many. A VPC of two services is found once and looked at twice, and one that
    /// was not known beforehand is found on the way: until the run is over, the last one is never done.
    pub(super) fn position(&self) -> Option<(usize, usize)> {
        let found = self.vpcs?;
        if self.stage == Stage::Over {
            return Some((found, found));
        }
        Some((self.vpcs_done.min(found.saturating_sub(1)), found))
    }

    /// VPCs in a second since the run began.
    #[expect(clippy::cast_precision_loss, reason = "a rate is for people")]
    pub(super) fn rate(&self) -> f64 {
        self.vpcs_done as f64 / self.elapsed.as_secs_f64().max(0.1)
    }

    /// How long it will take if it goes on as it went; none while nothing is done, or what is to be done is unknown.
    #[expect(clippy::cast_precision_loss, reason = "an estimate is for people")]
    pub(super) fn left(&self) -> Option<SignedDuration> {
        let (done, found) = self.position()?;
        (self.vpcs_done > 0)
            .then(|| SignedDuration::try_from_secs_f64((found - done) as f64 / self.rate()).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use shared::model::run::{BackfillRequest, RunEnd};

    use super::*;

    fn run(end: Option<(usize, usize)>) -> Run {
        Run {
            run: "r".into(),
            started: Timestamp::UNIX_EPOCH,
            requested_by: RequestedBy::Hand,
            request: BackfillRequest::default(),
            deletes: 0,
            end: end.map(|(messages, vpcs)| RunEnd {
                ended: Timestamp::UNIX_EPOCH,
                endpoints: vpcs,
                vpcs,
                messages,
                accepted: 0,
                held: 0,
                failed: 0,
            }),
            expires_at: 0,
        }
    }

    fn part(vpcs: usize, sent_on: usize) -> Part {
        Part { vpcs, sent_on, ..Part::default() }
    }

    fn after(run: &Run, parts: &[Part], seconds: i64) -> Progress {
        Progress::of(run, parts, Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds))
    }

    #[test]
    fn messages_that_are_sent_on_are_waited_for() {
        let run = run(Some((1, 25)));
        assert_eq!(after(&run, &[part(10, 2)], 1).stage, Stage::UnderWay);
        assert_eq!(after(&run, &[part(10, 2), part(8, 0), part(7, 0)], 1).stage, Stage::Over);
    }

    #[test]
    fn message_that_has_failed_is_not_done() {
        let failed = Part { failed: Some("oh".into()), ..part(3, 0) };
        let seen = after(&run(Some((1, 3))), &[failed], 1);
        assert_eq!((seen.stage, seen.messages_done, seen.vpcs_done), (Stage::UnderWay, 0, 0));
        assert_eq!(seen.failed, ["oh"]);
    }

    #[test]
    fn nothing_is_over_before_the_function_has_said_how_much_there_is() {
        let seen = after(&run(None), &[part(3, 0)], 1);
        assert_eq!((seen.stage, seen.position(), seen.left()), (Stage::Sending, None, None));
        assert_eq!(after(&run(None), &[], 901).stage, Stage::Lost);
    }

    #[test]
    fn run_that_finds_nothing_is_over_at_once_and_so_is_one_that_nobody_counts() {
        assert_eq!(after(&run(Some((0, 0))), &[], 1).stage, Stage::Over);
        let scheduled = Run { requested_by: RequestedBy::Schedule, ..run(Some((3, 9))) };
        assert_eq!(after(&scheduled, &[], 1).stage, Stage::Over);
    }

    #[test]
    fn time_left_follows_from_the_rate_so_far() {
        let seen = after(&run(Some((10, 1000))), &[part(100, 0), part(100, 0)], 50);
        assert_eq!((seen.position(), seen.left()), (Some((200, 1000)), Some(SignedDuration::from_secs(200))));
        assert_eq!(after(&run(Some((10, 1000))), &[], 50).left(), None);
    }

    #[test]
    fn bar_is_full_only_when_the_run_is_over() {
        let run = run(Some((2, 10)));
        assert_eq!(after(&run, &[part(12, 0)], 9).position(), Some((9, 10)));
        assert_eq!(after(&run, &[part(5, 0), part(4, 0)], 9).position(), Some((10, 10)));
    }
}
