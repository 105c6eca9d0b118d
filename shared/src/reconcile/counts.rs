//! What became of a plan, as metrics: it follows from its steps, and from how many of them were done.

use jiff::Timestamp;

use crate::apply::{GroupOutcome, Outcome};
use crate::metrics::{Metric, Metrics};
use crate::plan::Step;

/// Counts what became of a plan, for an event of the moment `since`, or for none.
pub(super) fn count(metrics: &Metrics, outcomes: &[GroupOutcome<'_>], since: Option<Timestamp>) {
    for outcome in outcomes {
        if let Some(change) = outcome.confirmed_change() {
            metrics.count_as(Metric::RecordChanges, change.action(), 1);
            if change.repairs_drift {
                metrics.count(Metric::DriftRepaired, 1);
            }
            if let Some(since) = since {
                let took = outcome.at.duration_since(since).as_millis();
                // Clocks differ: nothing was there before its event.
                metrics.measure(Metric::TimeToRecord, u64::try_from(took).unwrap_or_default());
            }
        }
        for step in outcome.done_steps() {
            if let Step::PutHold { hold } = step
                && !hold.reason.is_note()
            {
                metrics.count_as(Metric::HoldsPlaced, hold.reason.code(), 1);
            }
        }
        // Taking turns in a waiting chain is no race: that is what the chain is for.
        if matches!(outcome.outcome, Outcome::Raced) {
            metrics.count(Metric::Races, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Stamp;
    use crate::model::hold::{Hold, HoldReason, Subject};
    use crate::plan::Group;

    /// What is counted of a group of which so many steps were done.
    fn counted(done: usize, outcome: Outcome) -> String {
        let subject: Subject = "vpc-0123456789abcdef0/*.aws.example.com".parse().unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let reason = HoldReason::NoZone { tried: None };
        let hold = Hold { subject: subject.clone(), reason, account: None, since: at, expires_at: None };
        let steps = vec![Step::PutHold { hold: Box::new(hold) }];
        let group = Group { subject, reason: "a test".into(), steps };
        let metrics = Metrics::default();
        count(&metrics, &[GroupOutcome { group: &group, done, outcome, at }], None);
        let stamp = Stamp { stack: "s", request_id: "r", xray_trace_id: None, level: "INFO", at };
        metrics.take_lines(&stamp).join("\n")
    }

    #[test]
    fn a_hold_is_counted_when_it_was_written_and_not_before() {
        assert!(counted(1, Outcome::Done).contains(r#""Reason":"NoZone""#));
        assert_eq!(counted(0, Outcome::Superseded), "", "another worker has written it, and counts it");
    }

    #[test]
    fn a_lost_race_is_counted_and_a_turn_that_another_took_is_none() {
        assert!(counted(0, Outcome::Raced).contains(r#""Races":1"#));
        assert!(!counted(0, Outcome::Superseded).contains("Races"));
    }
}
