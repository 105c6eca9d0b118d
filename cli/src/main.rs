//! `zonelink`: what an operator asks of the library that the functions run.

mod answer;
mod arguments;
mod aws;
mod cidr;
mod colour;
mod columns;
mod context;
mod definition_file;
mod doctor;
mod document;
mod failure;
mod fleet;
mod installation;
mod manual;
mod observed;
mod operator;
mod options;
mod pace;
mod planning;
mod question;
mod report;
mod runs;
mod sharing;
mod terminal;
mod verbs;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::Arguments;
use context::Context;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { common, verb } = Arguments::parse();
    terminal::start_logging(common.verbose);
    colour::decide(common.color);
    let format = common.output;
    let context = Context { common };
    // Its state, of all verbs the largest, is no matter for the stack.
    let answer = Box::pin(verbs::run(verb, &context, Arguments::command)).await;
    match answer.and_then(|answer| answer.show(format)) {
        Ok(exit) => exit.into(),
        Err(error) => failure::show(&error).into(),
    }
}
