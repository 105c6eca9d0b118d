//! The items of runs: when each began and ended, and what its messages came to.

use jiff::Timestamp;

use crate::cloud::{Cloud, Order};
use crate::error::Error;
use crate::model::run::{Part, Run, RunEnd, RunPart, expires_at};
use crate::model::table::{Condition, Expiring, Key, Partition, RunUpdate};
use crate::observe::table::value;
use crate::worker::Worker;

impl<C: Cloud> Worker<C> {
    /// Writes that a run has begun.
    ///
    /// # Errors
    /// A condition that does not hold when a run of this id has begun before, or that of the write.
    pub(super) async fn begin_run(&self, run: &Run) -> Result<(), Error> {
        self.cloud.put_item(&Key::run(&run.run), &run.clone().into(), Condition::Absent).await
    }

    /// Writes what a run has come to. Its messages may be under way, and count its removals meanwhile.
    ///
    /// # Errors
    /// When the item cannot be written.
    pub(super) async fn end_run(&self, run: &str, end: RunEnd) -> Result<(), Error> {
        self.cloud.update_run(run, &RunUpdate::End(end)).await
    }

    /// When the last whole sweep ended that failed in nothing; none when the table remembers no such run. One that
    /// cannot be read is none. Of the latest runs one is a complete sweep, unless something is wrong.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(super) async fn last_complete_sweep(&self) -> Result<Option<Timestamp>, Error> {
        let mut page = None;
        loop {
            let answer = self.cloud.query(&Partition::Runs, "", Order::Descending, page).await?;
            let mut runs = answer.items.into_iter().filter_map(|row| value::<Run>(row).ok());
            if let Some(completed) = runs.find_map(|run| run.completed()) {
                return Ok(Some(completed));
            }
            if answer.next.is_none() {
                return Ok(None);
            }
            page = answer.next;
        }
    }

    /// Writes what a message of a run came to, if its messages are counted. The first delivery that succeeds
    /// counts: another of the same message finds nothing left to do.
    ///
    /// # Errors
    /// When the item cannot be written.
    pub(super) async fn put_part(&self, run: &RunPart, part: &Part) -> Result<(), Error> {
        let Some(name) = &run.part else { return Ok(()) };
        let item = Expiring { value: part.clone(), expires_at: expires_at(self.now()) }.into();
        match self.cloud.put_item(&Key::part(&run.run, name), &item, Condition::NotDone).await {
            Err(error) if error.is_condition_failed() => Ok(()),
            other => other,
        }
    }
}
