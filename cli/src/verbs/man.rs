//! `zonelink man`: the manual page, made from the arguments themselves.

use anyhow::Context as _;
use clap::Command;

use crate::answer::Answer;
use crate::failure::Failure;

/// Prints the manual page: of zonelink, or of one of its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct Man {
    /// The command, as in `man service apply`; the overview when left out
    command: Vec<String>,
}

impl Man {
    pub(crate) fn run(&self, mut top: Command) -> anyhow::Result<Answer> {
        // Common options are shown with every command once the tree is built.
        top.build();
        let mut command = &top;
        for word in &self.command {
            let found = command.find_subcommand(word);
            let remedy = "zonelink help lists the commands";
            let unknown = || Failure::usage(format!("there is no command {word}"), remedy);
            command = found.ok_or_else(unknown)?;
        }
        let mut page = Vec::new();
        render(command, &mut page)?;
        Ok(Answer::raw(String::from_utf8_lossy(&page)))
    }
}

fn render(command: &Command, page: &mut Vec<u8>) -> anyhow::Result<()> {
    clap_mangen::Man::new(command.clone()).render(page).context("the manual page cannot be made")
}
