//! How far something long is, on standard error, so that it is no silence: a bar on a terminal, lines elsewhere.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::SignedDuration;
use shared::model::ids::AccountId;
use shared::model::rate::Rate;

use crate::terminal::{count, note, span};

/// Before the first line; what is over sooner says nothing.
const FIRST: Duration = Duration::from_secs(5);

/// The longest silence. Until then each is twice as long as the one before, so that no wait fills the screen.
const LONGEST: Duration = Duration::from_mins(1);

/// Counts what is done of something, and says so from time to time.
pub(crate) struct Pace {
    noun: &'static str,
    all: usize,
    began: Instant,
    next: Instant,
    silence: Duration,
    bar: Option<ProgressBar>,
}

impl Pace {
    /// Begins: so many of these are to be looked at. Lines tell of it.
    pub(crate) fn new(all: usize, noun: &'static str) -> Self {
        let began = Instant::now();
        Self { noun, all, began, next: began + FIRST, silence: FIRST, bar: None }
    }

    /// The same with a bar, if standard error is a terminal.
    pub(crate) fn with_bar(all: usize, noun: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30} {percent}% {wide_msg}");
            if let Ok(style) = style {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Self { bar, ..Self::new(all, noun) }
    }

    /// So many are done.
    pub(crate) fn at(&mut self, done: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(self.words(done, self.began.elapsed()));
            bar.tick();
        } else if let Some(line) = self.line(done, Instant::now()) {
            note(&line);
        }
    }

    /// Says something, and leaves the bar below it.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    /// Leaves the terminal as it was.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&mut self, done: usize, now: Instant) -> Option<String> {
        if now < self.next {
            return None;
        }
        self.silence = (2 * self.silence).min(LONGEST);
        self.next = now + self.silence;
        Some(self.words(done, now.duration_since(self.began)))
    }

    /// How far it is, and how long it takes if it goes on as it went.
    fn words(&self, done: usize, elapsed: Duration) -> String {
        let words = format!("{done} of {} looked at", count(self.all, self.noun));
        let left = self.all.saturating_sub(done);
        if done == 0 || left == 0 {
            return words;
        }
        let milliseconds = elapsed.as_millis() * left as u128 / done as u128;
        let left = SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        format!("{words}, about {} left", span(left))
    }

    /// Whether it has taken longer than this.
    pub(crate) fn is_over(&self, within: Duration) -> bool {
        self.began.elapsed() > within
    }
}

/// How long the share of Route 53's requests makes it take that each account is asked so often. Half of a full bucket
/// is there at once, as for a sweep; the rest comes by and by, in all accounts at the same time.
pub(crate) fn by_quota(requests: &BTreeMap<&AccountId, u32>, rate: Rate) -> SignedDuration {
    let most = requests.values().copied().max().unwrap_or_default();
    rate.cost(most.saturating_sub(rate.burst / 2))
}

/// Waits.
pub(crate) async fn pause(wait: Duration) {
    #[expect(clippy::disallowed_methods, reason = "a person asked to wait; no function runs here")]
    tokio::time::sleep(wait).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_soon_says_nothing_and_what_is_long_says_how_far_it_is_ever_more_seldom() {
        let mut pace = Pace::new(305, "endpoint");
        let began = pace.began;
        let said: Vec<_> =
            (0..=40).filter_map(|s| pace.line(s, began + Duration::from_secs(s as u64))).collect();
        assert_eq!(
            said,
            [
                "5 of 305 endpoints looked at, about 5 min left",
                "15 of 305 endpoints looked at, about 4 min left",
                "35 of 305 endpoints looked at, about 4 min left"
            ]
        );
        let lines = (41..=900).filter_map(|s| pace.line(s, began + Duration::from_secs(s as u64))).count();
        assert_eq!(lines, 14, "a quarter of an hour is no page of lines");
    }

    #[test]
    fn nothing_is_said_of_what_is_left_before_anything_is_done() {
        let pace = Pace::new(2, "endpoint");
        assert_eq!(pace.words(0, Duration::from_secs(9)), "0 of 2 endpoints looked at");
        assert_eq!(pace.words(2, Duration::from_secs(9)), "2 of 2 endpoints looked at");
    }

    #[test]
    fn quota_makes_it_as_long_as_in_the_account_that_is_asked_most() {
        let [few, many]: [AccountId; 2] = ["111111111111", "222222222222"].map(|id| id.parse().unwrap());
        let rate = Rate { per_second: 5, burst: 24 };
        let time = |of_few, of_many| by_quota(&[(&few, of_few), (&many, of_many)].into(), rate).as_secs();
        assert_eq!(time(10, 12), 0, "what half a bucket holds takes no time");
        assert_eq!(time(112, 512), 100);
        assert_eq!(by_quota(&BTreeMap::new(), rate).as_secs(), 0);
    }
}
