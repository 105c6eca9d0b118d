//! How far something long is, on standard error, so that it is no silence.

use std::time::{Duration, Instant};

use crate::terminal::{count, note};

/// Between two lines; what is over sooner says nothing.
const LINES_APART: Duration = Duration::from_secs(5);

/// Counts what is done of something, and says so from time to time.
pub(crate) struct Pace {
    noun: &'static str,
    all: usize,
    began: Instant,
    last: Instant,
}

impl Pace {
    /// Begins: so many of these are to be looked at.
    pub(crate) fn new(all: usize, noun: &'static str) -> Self {
        let now = Instant::now();
        Self { noun, all, began: now, last: now }
    }

    /// So many are done.
    pub(crate) fn at(&mut self, done: usize) {
        if let Some(line) = self.line(done, Instant::now()) {
            note(&line);
        }
    }

    fn line(&mut self, done: usize, now: Instant) -> Option<String> {
        if now.duration_since(self.last) < LINES_APART {
            return None;
        }
        self.last = now;
        Some(format!("{done} of {} looked at", count(self.all, self.noun)))
    }

    /// Whether it has taken longer than this.
    pub(crate) fn is_over(&self, within: Duration) -> bool {
        self.began.elapsed() > within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_soon_says_nothing_and_what_is_long_says_how_far_it_is_every_five_seconds() {
        let mut pace = Pace::new(305, "endpoint");
        let began = pace.began;
        let said: Vec<_> =
            (0..=12).filter_map(|s| pace.line(s, began + Duration::from_secs(s as u64))).collect();
        assert_eq!(said, ["5 of 305 endpoints looked at", "10 of 305 endpoints looked at"]);
    }
}
