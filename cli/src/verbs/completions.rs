//! `zonelink completions`: what a shell needs to complete the command line.

use clap::Command;
use clap_complete::Shell;

use crate::answer::Answer;

/// Prints the completions for a shell.
///
/// Where they belong is the shell's own: for bash, `zonelink completions bash >
/// ~/.local/share/bash-completion/completions/zonelink`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Answer {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "zonelink", &mut text);
        Answer::raw(String::from_utf8_lossy(&text))
    }
}
