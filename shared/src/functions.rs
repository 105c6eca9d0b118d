//! The three Lambda functions: each reads its messages, asks the library, and says what became of them.

pub mod accept_connections;
pub mod backfill;
mod measured;
pub mod reconcile_records;

use crate::aws::{Session, Worker};
use crate::config::Config;
use crate::logs;

/// Reads the configuration and makes the clients: once per cold start.
///
/// # Errors
/// When the configuration is not usable.
pub async fn start() -> Result<Worker, lambda_runtime::Error> {
    logs::start();
    Ok(Worker::with(&Session::of_environment().await, Config::from_environment()?))
}
