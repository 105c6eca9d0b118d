//! The three Lambda functions: each reads its messages, asks the library, and says what became of them.

pub mod accept_connections;
pub mod backfill;
pub mod reconcile_records;

use std::io::Write;

use lambda_runtime::{Context, Diagnostic};
use tracing::Level;

use crate::aws::{Aws, Definitions};
use crate::config::Config;
use crate::error::{Disposition, Error};
use crate::logs;
use crate::metrics::Stamp;
use crate::policy::Policy;

/// Reads the configuration and makes the clients: once per cold start.
///
/// # Errors
/// When the configuration is not usable.
pub async fn start() -> Result<Aws, lambda_runtime::Error> {
    logs::start();
    Ok(Aws::load(Config::from_environment()?).await)
}

/// Does an invocation's work, and prints what was counted and measured meanwhile, however it ended.
async fn measured<T>(
    aws: &Aws,
    invocation: &Context,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let outcome = work.await;
    match outcome.as_ref().map_err(|error| (error.disposition(), error.chain())) {
        Ok(_) => {}
        Err((Disposition::Retry, error)) => tracing::warn!(error, "the invocation failed, and comes back"),
        Err((Disposition::GiveUp, error)) => tracing::error!(error, "the invocation cannot succeed"),
    }
    print_metrics(aws, invocation);
    outcome
}

/// One line, and one more for each value of a second dimension.
fn print_metrics(aws: &Aws, invocation: &Context) {
    let level = logs::level().into_level().unwrap_or(Level::ERROR);
    let stamp = Stamp {
        stack: &aws.config().stack_name,
        request_id: &invocation.request_id,
        xray_trace_id: invocation.xray_trace_id.as_deref(),
        level: level.as_str(),
        at: aws.now(),
    };
    let mut lines = aws.metrics().take_lines(&stamp).join("\n");
    if !lines.is_empty() {
        lines.push('\n');
        // In one piece, so that no line of the log comes in between.
        if let Err(error) = std::io::stdout().lock().write_all(lines.as_bytes()) {
            tracing::warn!(error = error.to_string(), "metrics are lost");
        }
    }
}

/// The policy as it stands now, and the definitions that it leaves out.
async fn policy(aws: &Aws) -> Result<(Policy, Definitions), Error> {
    let definitions = aws.definitions().await?;
    Ok((aws.config().policy(definitions.sound.clone()), definitions))
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
