//! How the terminal is spoken to: notes and logs on standard error, words for numbers and times, exit codes.

use std::io::{self, Write};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Well = 0,
    /// It failed.
    Failed = 1,
    /// The arguments are wrong.
    Arguments = 2,
    /// Something is held, or differs from what it should be.
    Held = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Says something beside the data, on standard error.
pub(crate) fn note(text: &str) {
    // Who closed standard error does not want to hear it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A number and its noun: "1 service", "2 services".
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How long something has been so: "40 s", "3 min", "5 h", "12 d".
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A span as people say it.
pub(crate) fn span(span: SignedDuration) -> String {
    match span.as_secs() {
        seconds @ ..120 => format!("{} s", seconds.max(1)),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// A moment, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// Logs go to standard error: ours from warnings on, or as often as `--verbose` is given, everybody's.
pub(crate) fn start_logging(verbose: u8) {
    let (ours, others) = match verbose {
        0 => (LevelFilter::WARN, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    // What was applied, a verb says itself.
    let applied = if verbose == 0 { LevelFilter::ERROR } else { ours };
    let levels = Targets::new()
        .with_targets([("shared", ours), ("shared::reconcile::log", applied), ("zonelink", ours)])
        .with_default(others);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_the_unit_that_matters() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |seconds| age(since, since + SignedDuration::from_secs(seconds));
        let said = [-5, 40, 119, 120, 7_199, 7_200, 172_800].map(after);
        assert_eq!(said, ["0 s", "40 s", "119 s", "2 min", "119 min", "2 h", "2 d"]);
    }
}
