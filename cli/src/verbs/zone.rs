//! `zonelink zone`: the private hosted zones that zonelink has made, and further VPCs of a zone.

mod list;
mod share;
mod unshare;
mod with;

use clap::Subcommand;

use crate::answer::Answer;
use crate::context::Context;

/// Shows the zones that zonelink has made or shares, and brings further VPCs into a zone.
#[derive(Debug, clap::Args)]
pub(crate) struct Zone {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::List),
    Share(share::Share),
    Unshare(unshare::Unshare),
}

impl Zone {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        match &self.verb {
            Verb::List(list) => list.run(context).await,
            Verb::Share(share) => Box::pin(share.run(context)).await,
            Verb::Unshare(unshare) => Box::pin(unshare.run(context)).await,
        }
    }
}
