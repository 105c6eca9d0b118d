//! What a verb answers: data on standard output, and an exit code.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::options::Format;
use crate::terminal::Exit;

/// What a verb has to say, in every form.
#[derive(Debug)]
pub(crate) struct Answer {
    text: String,
    json: Option<Value>,
    exit: Exit,
}

impl Answer {
    /// A report, and how it reads for people.
    ///
    /// # Errors
    /// When the report cannot be written as JSON.
    pub(crate) fn new(report: &impl Serialize, text: impl Into<String>) -> anyhow::Result<Self> {
        let json = serde_json::to_value(report).context("the answer cannot be written as JSON")?;
        Ok(Self { text: text.into(), json: Some(json), exit: Exit::Well })
    }

    /// A text that has one form only.
    pub(crate) fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), json: None, exit: Exit::Well }
    }

    /// Tells programs by the exit code that something is held or differs.
    pub(crate) fn held_if(mut self, held: bool) -> Self {
        if held {
            self.exit = Exit::Held;
        }
        self
    }

    /// Tells programs by the exit code that a part of it failed.
    pub(crate) fn failed(mut self) -> Self {
        self.exit = Exit::Failed;
        self
    }

    /// Writes the answer for people to standard output, on a terminal in place of what stood there. Whether anybody
    /// reads it still.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn redraw(&self) -> anyhow::Result<bool> {
        let mut stdout = io::stdout().lock();
        // Home, and nothing below.
        let begin = if stdout.is_terminal() { "\u{1b}[H\u{1b}[2J" } else { "" };
        match writeln!(stdout, "{begin}{}", self.text.trim_end()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error).context("standard output cannot be written"),
            Ok(()) => Ok(true),
        }
    }

    /// Writes the answer to standard output.
    ///
    /// # Errors
    /// When standard output cannot be written. A reader that has seen enough is no failure.
    pub(crate) fn show(self, format: Format) -> anyhow::Result<Exit> {
        let text = match (format, &self.json) {
            (Format::Json, Some(json)) => serde_json::to_string_pretty(json)?,
            _ => self.text,
        };
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(error).context("standard output cannot be written")
            }
            _ => Ok(self.exit),
        }
    }
}
