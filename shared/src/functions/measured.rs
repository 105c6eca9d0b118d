//! An invocation, measured: its work is done, and what was counted meanwhile is printed.

use std::io::Write;

use lambda_runtime::{Context, Diagnostic};
use tracing::Level;

use crate::aws::Worker;
use crate::error::{Disposition, Error};
use crate::logs;
use crate::metrics::Stamp;

/// Does an invocation's work, and prints what was counted and measured meanwhile, however it ended.
pub(super) async fn measured<T>(
    worker: &Worker,
    invocation: &Context,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let outcome = work.await;
    match outcome.as_ref().map_err(|error| (error.disposition(), error.chain())) {
        Ok(_) => {}
        Err((Disposition::Retry, error)) => tracing::warn!(error, "the invocation failed, and comes back"),
        Err((Disposition::GiveUp, error)) => tracing::error!(error, "the invocation cannot succeed"),
    }
    print_metrics(worker, invocation);
    outcome
}

/// One line, and one more for each value of a second dimension.
fn print_metrics(worker: &Worker, invocation: &Context) {
    let level = logs::level().into_level().unwrap_or(Level::ERROR);
    let stamp = Stamp {
        stack: &worker.config.stack_name,
        request_id: &invocation.request_id,
        xray_trace_id: invocation.xray_trace_id.as_deref(),
        level: level.as_str(),
        at: worker.now(),
    };
    let mut lines = worker.metrics.take_lines(&stamp).join("\n");
    if !lines.is_empty() {
        lines.push('\n');
        // In one piece, so that no line of the log comes in between.
        if let Err(error) = std::io::stdout().lock().write_all(lines.as_bytes()) {
            tracing::warn!(error = error.to_string(), "metrics are lost");
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        let error_type = match error.disposition() {
            Disposition::Retry => "Retry",
            Disposition::GiveUp => "GiveUp",
        };
        Diagnostic { error_type: error_type.into(), error_message: error.chain() }
    }
}
