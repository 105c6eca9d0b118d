//! What the functions write to their logs: one line of JSON for each event, at the level that Lambda is set to.

use std::env;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Our own code, and the runtime, whose span names the request.
const OWN: [&str; 5] = ["accept_connections", "backfill", "lambda_runtime", "reconcile_records", "shared"];

/// Begins to log as [Lambda's logging controls] ask for: `AWS_LAMBDA_LOG_LEVEL` (INFO without it) and
/// `AWS_LAMBDA_LOG_FORMAT` (text without it). Once per process.
///
/// [Lambda's logging controls]: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
#[expect(clippy::disallowed_methods, reason = "a configuration that cannot be used must be logged, too")]
pub fn start() {
    let json = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    // Lambda keeps a line that has no timestamp of its own as if it were of the level INFO.
    let lines = if json { fmt::layer().json().boxed() } else { fmt::layer().with_ansi(false).boxed() };
    let level = env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|level| level.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    tracing_subscriber::registry().with(lines).with(levels(level)).init();
}

/// What is logged at `level`: what we depend on speaks only of trouble, unless everything is asked for.
fn levels(level: LevelFilter) -> Targets {
    let others = if level == LevelFilter::TRACE { level } else { level.min(LevelFilter::WARN) };
    Targets::new().with_default(others).with_targets(OWN.map(|target| (target, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn the_sdk_is_silent_at_debug_and_speaks_at_trace() {
        let sdk = "aws_smithy_runtime::client";
        assert!(!levels(LevelFilter::DEBUG).would_enable(sdk, &Level::INFO));
        assert!(levels(LevelFilter::TRACE).would_enable(sdk, &Level::TRACE));
    }

    #[test]
    fn each_target_of_ours_follows_the_level() {
        for target in OWN {
            assert!(levels(LevelFilter::DEBUG).would_enable(target, &Level::DEBUG));
            assert!(!levels(LevelFilter::ERROR).would_enable(target, &Level::WARN));
        }
    }

    #[test]
    fn nobody_warns_where_only_errors_are_asked_for() {
        assert!(!levels(LevelFilter::ERROR).would_enable("hyper", &Level::WARN));
    }
}
