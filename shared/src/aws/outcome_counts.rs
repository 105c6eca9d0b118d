//! What became of a plan, as metrics: it follows from its steps, and from how many of them were done.

use jiff::Timestamp;

use super::apply::{GroupOutcome, Outcome};
use super::clients::Aws;
use crate::metrics::Metric;
use crate::plan::{RecordChange, Step};

impl Aws {
    /// Counts what became of a plan, for an event of the moment `since`, or for none.
    pub(crate) fn count_outcomes(&self, outcomes: &[GroupOutcome<'_>], since: Option<Timestamp>) {
        for outcome in outcomes {
            if let Some(change) = outcome.confirmed_change() {
                self.metrics.count_as(Metric::RecordChanges, change.action(), 1);
                if change.repairs_drift {
                    self.metrics.count(Metric::DriftRepaired, 1);
                }
                if let Some(since) = since {
                    let took = outcome.at.duration_since(since).as_millis();
                    // Clocks differ: nothing was there before its event.
                    self.metrics.measure(Metric::TimeToRecord, u64::try_from(took).unwrap_or_default());
                }
            }
            for step in outcome.done_steps() {
                if let Step::PutHold { hold } = step {
                    self.metrics.count_as(Metric::HoldsPlaced, &hold.reason.code(), 1);
                }
            }
            // Taking turns in a waiting chain is no race: that is what the chain is for.
            if matches!(outcome.outcome, Outcome::Raced) {
                self.metrics.count(Metric::Races, 1);
            }
        }
    }
}

impl GroupOutcome<'_> {
    /// The change of a record that was made, and written down as made.
    #[must_use]
    pub fn confirmed_change(&self) -> Option<RecordChange> {
        let (change, place) = self.group.record_change()?;
        // What confirms it comes right after it.
        (self.done > place + 1).then_some(change)
    }
}
