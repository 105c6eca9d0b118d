//! Reconciling: observe, plan, apply, journal, requeue. [`records`] has the flow on one screen.

mod backfill;
mod batch;
mod carry_out;
mod counts;
mod journal;
mod log;
pub mod records;
mod requeue;
pub mod review;
mod runs;
pub mod sweep;
mod unfinished;

pub use self::backfill::backfill;
pub use self::batch::{QueueMessage, reconcile_batch};
pub use self::carry_out::apply_and_journal;
pub use self::journal::Cause;
pub use self::review::review_events;
