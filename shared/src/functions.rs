//! The three Lambda functions: each reads its messages, asks the library, and says what became of them.

pub mod accept_connections;
pub mod backfill;
pub mod reconcile_records;

use lambda_runtime::Diagnostic;

use crate::aws::{Aws, Definitions};
use crate::config::Config;
use crate::error::{Disposition, Error};
use crate::logs;
use crate::policy::Policy;

/// Reads the configuration and makes the clients: once per cold start.
///
/// # Errors
/// When the configuration is not usable.
pub async fn start() -> Result<Aws, lambda_runtime::Error> {
    logs::start();
    Ok(Aws::load(Config::from_environment()?).await)
}

/// The policy as it stands now, and the definitions that it leaves out.
async fn policy(aws: &Aws) -> Result<(Policy, Definitions), Error> {
    let definitions = aws.definitions().await?;
    for (service, reason) in &definitions.refused {
        tracing::error!(service.id = service, reason, "a service definition is refused");
    }
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
