//! `zonelink service`: definitions of services, in the table.

mod apply;
mod definitions;
mod difference;
mod list;
mod remove;
mod schema;
mod show;

use clap::Subcommand;

use crate::answer::Answer;
use crate::context::Context;

/// Defines services: who may connect, and which names lead there.
///
/// The stack's own service is defined by the stack's parameters; every other one by an item of the table.
#[derive(Debug, clap::Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Apply(apply::Apply),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
    Schema(schema::Schema),
}

impl Service {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        match &self.verb {
            Verb::Apply(apply) => apply.run(context).await,
            Verb::List(list) => list.run(context).await,
            Verb::Show(show) => show.run(context).await,
            Verb::Remove(remove) => Box::pin(remove.run(context)).await,
            Verb::Schema(schema) => Ok(schema.run()),
        }
    }
}
