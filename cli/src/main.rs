//! `zonelink`: what an operator asks of the library that the functions run.

mod arguments;
mod aws;
mod by_hand;
mod complaint;
mod context;
mod definition_file;
mod document;
mod fleet;
mod installation;
mod output;
mod planning;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    output::start_logging(arguments.common.verbose);
    let format = arguments.common.output;
    match verbs::run(arguments).await.and_then(|answer| answer.show(format)) {
        Ok(exit) => exit.into(),
        Err(error) => complaint::show(&error).into(),
    }
}
