//! `zonelink`: what an operator asks of the library that the functions run.

mod arguments;
mod aws;
mod by_hand;
mod complaint;
mod context;
mod definition_file;
mod doctor;
mod document;
mod fleet;
mod installation;
mod output;
mod planning;
mod report;
mod runs;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    output::start_logging(arguments.common.verbose);
    let format = arguments.common.output;
    // Its state, of all verbs the largest, is no matter for the stack.
    let answer = Box::pin(verbs::run(arguments)).await;
    match answer.and_then(|answer| answer.show(format)) {
        Ok(exit) => exit.into(),
        Err(error) => complaint::show(&error).into(),
    }
}
