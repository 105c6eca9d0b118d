//! `zonelink service`: definitions of services, in the table.

mod apply;
mod difference;
mod known;
mod list;
mod remove;
mod schema;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::output::Answer;

/// Works on the definitions of services.
///
/// The stack's own service is defined by the stack's parameters; every other one by an item of the table.
#[derive(Debug, clap::Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the definitions of a file into the table
    Apply(apply::Apply),
    /// List all definitions
    List(list::List),
    /// Show one definition
    Show(show::Show),
    /// End a service: its records go or stay, its definition goes
    Remove(remove::Remove),
    /// Print the JSON Schema of a definition
    Schema(schema::Schema),
}

impl Service {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        match &self.verb {
            Verb::Apply(apply) => apply.run(context).await,
            Verb::List(list) => list.run(context).await,
            Verb::Show(show) => show.run(context).await,
            Verb::Remove(remove) => remove.run(context).await,
            Verb::Schema(schema) => Ok(schema.run()),
        }
    }
}
