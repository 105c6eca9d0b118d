//! `zonelink`: what an operator asks of the library that the functions run.

mod check;
mod replay;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keeps private DNS right for AWS PrivateLink.
#[derive(Debug, Parser)]
#[command(version, about, after_help = "Exit codes: 0 sound, 1 not, 2 wrong arguments.")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say where an event would make zonelink look, without looking
    Replay(replay::Replay),
    /// Check a service definition as the functions would
    Check(check::Check),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Replay(replay) => replay.run(),
        Verb::Check(check) => check.run(),
    };
    match outcome {
        Ok(lines) => show(&lines, false),
        Err(error) => show(&format!("error: {error:#}"), true),
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place where the CLI speaks")]
fn show(text: &str, is_error: bool) -> ExitCode {
    if is_error {
        eprintln!("{text}");
        return ExitCode::FAILURE;
    }
    println!("{text}");
    ExitCode::SUCCESS
}
