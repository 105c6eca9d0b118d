//! Time to DNS: how long it took from the call that made an endpoint to its record, as the journal has it.

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use shared::aws::Worker;
use shared::inspect::{Inspected, JournalEntry};
use shared::model::record::RecordKey;
use shared::trigger::event::Action;

/// How many journals are read at once: enough to be quick, too few to trouble the table.
const AT_ONCE: usize = 16;

/// What the journals of all claimed records say.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// One for each record that an endpoint's creation led to.
    pub(super) samples: Vec<Sample>,
    /// How many records' journals there are to read.
    pub(super) records: usize,
    /// The records whose journal could not be read, each with the reason.
    pub(super) unread: Vec<String>,
    /// Entries that this version cannot read.
    pub(super) unreadable: Vec<String>,
}

/// One record that an endpoint's creation led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// When it was in place.
    pub(super) at: Timestamp,
    /// How long after the call.
    pub(super) milliseconds: i64,
}

impl Times {
    /// Reads the journal of each record. One that cannot be read leaves a gap that is said.
    pub(crate) async fn read<'a>(
        worker: &Worker,
        keys: impl ExactSizeIterator<Item = &'a RecordKey>,
    ) -> Times {
        let mut times = Times { records: keys.len(), ..Times::default() };
        // Owned, because a stream of borrowed keys cannot be sent between threads.
        let keys: Vec<RecordKey> = keys.cloned().collect();
        let reads = keys.into_iter().map(|key| async move {
            let journal = worker.inspect_record_journal(&key).await;
            (key, journal)
        });
        let mut journals = stream::iter(reads).buffer_unordered(AT_ONCE);
        while let Some((key, journal)) = journals.next().await {
            match journal {
                Ok(Inspected { items, unreadable }) => {
                    times.samples.extend(items.iter().filter_map(sample));
                    times.unreadable.extend(unreadable);
                }
                Err(error) => times.unread.push(format!("the journal of {key}: {}", error.chain())),
            }
        }
        times.unread.sort_unstable();
        times
    }
}

/// The time that an entry tells, if it tells of a record that a new endpoint led to.
///
/// Repairs, changes of subnets and removals have times of their own, and endpoints that a sweep found have none.
fn sample(entry: &JournalEntry) -> Option<Sample> {
    let milliseconds = entry.milliseconds?;
    let by_call = entry.cause.starts_with(&format!("{} event", Action::CreateVpcEndpoint));
    // A notification tells of any change of a connection; a record that was not there before tells which.
    let by_notification = entry.cause.starts_with("SNS notification");
    let is_new = entry.reason.starts_with("no record stands there")
        || entry.reason.starts_with("another record stands there");
    let is_joined = entry.reason.starts_with("the endpoints' addresses have changed");
    let writes = entry.steps.iter().any(|step| step.starts_with("change ") && step.contains("CREATE"));
    let counts = (is_new && (by_call || by_notification)) || (is_joined && by_call);
    (counts && writes && entry.outcome == "done").then_some(Sample { at: entry.at, milliseconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "no record stands there: create it";
    const JOINED: &str = "the endpoints' addresses have changed";
    const CREATED: &str = "CreateVpcEndpoint event 1";
    const CHANGE: &str = "change Z1/*.example.com: CREATE A TTL 60 10.0.0.4";

    fn entry(cause: &str, reason: &str, step: &str, outcome: &str) -> JournalEntry {
        JournalEntry {
            subject: "vpc-0123456789abcdef0/Z1/*.example.com".into(),
            at: Timestamp::UNIX_EPOCH,
            cause: cause.into(),
            by: None,
            reason: reason.into(),
            steps: vec!["claim Z1/*.example.com from nothing to 10.0.0.4".into(), step.into()],
            outcome: outcome.into(),
            milliseconds: Some(1_200),
        }
    }

    fn counts(cause: &str, reason: &str, step: &str, outcome: &str) -> bool {
        sample(&entry(cause, reason, step, outcome)).is_some()
    }

    #[test]
    fn records_of_new_endpoints_count() {
        assert!(counts(CREATED, NEW, CHANGE, "done"));
        assert!(counts(CREATED, JOINED, CHANGE, "done"), "a second endpoint of the VPC");
        assert!(counts("SNS notification 1", NEW, CHANGE, "done"));
    }

    #[test]
    fn repairs_removals_and_what_was_not_done_do_not_count() {
        let removal = "change Z1/*.example.com: DELETE A TTL 60 10.0.0.4";
        for (cause, reason, step, outcome) in [
            (CREATED, "drift: our record was deleted", CHANGE, "done"),
            (CREATED, "the TTL differs", CHANGE, "done"),
            (CREATED, NEW, CHANGE, "raced after 1 steps"),
            (CREATED, NEW, "hold vpc-0123456789abcdef0/Z1/*.example.com", "done"),
            ("ModifyVpcEndpoint event 1", JOINED, CHANGE, "done"),
            ("SNS notification 1", JOINED, CHANGE, "done"),
            ("DeleteVpcEndpoints event 1", "nothing needs it any more: remove it", removal, "done"),
        ] {
            assert!(!counts(cause, reason, step, outcome), "{cause}, {reason}, {step}, {outcome}");
        }
    }

    #[test]
    fn what_a_sweep_found_has_no_time() {
        let entry = JournalEntry { milliseconds: None, ..entry(CREATED, NEW, CHANGE, "done") };
        assert_eq!(sample(&entry), None);
    }
}
