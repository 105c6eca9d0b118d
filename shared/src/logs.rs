//! What the functions write to their logs: one line of JSON for each event, at the level that Lambda is set to.

use std::env;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
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
    let lines = if json { json_lines().boxed() } else { fmt::layer().with_ansi(false).boxed() };
    tracing_subscriber::registry().with(lines).with(levels(level())).init();
}

/// The least severe level that is logged: `AWS_LAMBDA_LOG_LEVEL`, INFO without it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a configuration that cannot be used must be logged, too")]
pub fn level() -> LevelFilter {
    let asked = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    asked.unwrap_or(LevelFilter::INFO)
}

/// Lines of JSON: time, level, message, target and the event's own fields side by side, and the spans from the
/// outermost on. That is the runtime's, with `requestId` and `xrayTraceId`, whatever stands within it. docs/LOGGING.md
/// has the fields.
fn json_lines<S>() -> fmt::Layer<S, JsonFields, Format<Json>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(true)
}

/// What is logged at `level`: what we depend on speaks only of trouble, unless everything is asked for.
fn levels(level: LevelFilter) -> Targets {
    let others = if level == LevelFilter::TRACE { level } else { level.min(LevelFilter::WARN) };
    let levels = Targets::new().with_default(others).with_targets(OWN.map(|target| (target, level)));
    // The span of INFO that names the request: a warning without it could not be followed.
    levels.with_target("lambda_runtime::layers::trace", level.max(LevelFilter::INFO))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
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

    /// Where lines are kept instead of printed.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_its_fields_side_by_side_and_the_request_in_its_first_span() {
        let kept = Kept::default();
        let lines = json_lines().with_writer({
            let kept = kept.clone();
            move || kept.clone()
        });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let request =
                tracing::info_span!("Lambda runtime invoke", requestId = "79b4f56e", xrayTraceId = "Root=1");
            request.in_scope(|| {
                tracing::info_span!("within", part = 1).in_scope(|| {
                    tracing::warn!(account = "444455556666", run = None::<&str>, held = 2, "reconciled");
                });
            });
        });
        let line: Value = serde_json::from_slice(&kept.0.lock().unwrap()).unwrap();
        let at = line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>();
        assert!(at.is_ok(), "Lambda takes RFC 3339 only: {at:?}");
        let expected = json!({
            "timestamp": line["timestamp"],
            "level": "WARN",
            "message": "reconciled",
            "account": "444455556666",
            "held": 2,
            "target": "shared::logs::tests",
            "spans": [
                {"requestId": "79b4f56e", "xrayTraceId": "Root=1", "name": "Lambda runtime invoke"},
                {"part": 1, "name": "within"},
            ],
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn nobody_warns_where_only_errors_are_asked_for() {
        assert!(!levels(LevelFilter::ERROR).would_enable("hyper", &Level::WARN));
    }
}
