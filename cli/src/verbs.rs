//! The verbs, one file each.

mod adopt;
mod apply;
mod backfill;
mod check;
mod completions;
mod doctor;
mod explain;
mod man;
mod plan;
mod release;
mod replay;
mod report;
mod service;
mod status;
mod sweep;
mod zone;

use clap::{Command, Subcommand};

use crate::answer::Answer;
use crate::context::Context;

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    // What each does is said where it is done: clap takes the text from there.
    Status(status::Status),
    Explain(explain::Explain),
    Report(report::Report),
    Doctor(doctor::Doctor),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Adopt(adopt::Adopt),
    Release(release::Release),
    Backfill(backfill::Backfill),
    Sweep(sweep::Sweep),
    Service(service::Service),
    Zone(zone::Zone),
    Check(check::Check),
    Replay(replay::Replay),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs a verb. `command` describes the whole command line, for verbs that tell of it.
///
/// # Errors
/// With a sentence, and a remedy where there is one.
pub(crate) async fn run(verb: Verb, context: &Context, command: fn() -> Command) -> anyhow::Result<Answer> {
    match verb {
        Verb::Status(status) => status.run(context).await,
        Verb::Explain(explain) => explain.run(context).await,
        Verb::Report(report) => report.run(context).await,
        Verb::Doctor(doctor) => Box::pin(doctor.run(context)).await,
        Verb::Plan(plan) => Box::pin(plan.run(context)).await,
        Verb::Apply(apply) => Box::pin(apply.run(context)).await,
        Verb::Adopt(adopt) => Box::pin(adopt.run(context)).await,
        Verb::Release(release) => Box::pin(release.run(context)).await,
        Verb::Backfill(backfill) => backfill.run(context).await,
        Verb::Sweep(sweep) => sweep.run(context).await,
        Verb::Service(service) => Box::pin(service.run(context)).await,
        Verb::Zone(zone) => Box::pin(zone.run(context)).await,
        Verb::Check(check) => check.run(),
        Verb::Replay(replay) => Box::pin(replay.run(context)).await,
        Verb::Completions(completions) => Ok(completions.run(command())),
        Verb::Man(man) => man.run(command()),
    }
}
