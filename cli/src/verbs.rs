//! The verbs, one file each.

mod check;
mod completions;
mod explain;
mod man;
mod replay;
mod service;
mod status;

use clap::Subcommand;

use crate::arguments::Arguments;
use crate::context::Context;
use crate::output::Answer;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show how every endpoint is, and what is held
    Status(status::Status),
    /// Say why a record or an endpoint is as it is
    Explain(explain::Explain),
    /// Define services: who may connect, and which names lead there
    Service(service::Service),
    /// Check service definitions as the functions would, without AWS
    Check(check::Check),
    /// Say where an event would make zonelink look, without looking
    Replay(replay::Replay),
    /// Print the completions for a shell
    Completions(completions::Completions),
    /// Print the manual page
    Man(man::Man),
}

/// Runs what the arguments ask for.
///
/// # Errors
/// With a sentence, and a remedy where there is one.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Answer> {
    let context = Context { common: arguments.common };
    match arguments.verb {
        Verb::Status(status) => status.run(&context).await,
        Verb::Explain(explain) => explain.run(&context).await,
        Verb::Service(service) => service.run(&context).await,
        Verb::Check(check) => check.run(),
        Verb::Replay(replay) => replay.run(&context),
        Verb::Completions(completions) => Ok(completions.run()),
        Verb::Man(man) => man.run(),
    }
}
