//! A question to whoever sits at the terminal, before something is done.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Context;

use crate::failure::Failure;

/// Asks before something is done; `yes` is the answer given beforehand.
///
/// # Errors
/// When nobody can be asked, or the answer is no.
pub(crate) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            format!("{question} Nobody can be asked here"),
            "give --yes to do it without a question",
        )
        .into());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush())?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("the answer cannot be read")?;
    if ["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::new("nothing was done", "answer y, or give --yes").into())
}
