//! What the CLI says: data on standard output, all else on standard error.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::Format;
use crate::complaint::Complaint;

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Well = 0,
    /// It failed.
    Failed = 1,
    /// The arguments are wrong.
    Arguments = 2,
    /// Something is held, or differs from what it should be.
    Held = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

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

/// Says something beside the data, on standard error.
pub(crate) fn note(text: &str) {
    // Who closed standard error does not want to hear it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Asks before something is done; `yes` is the answer given beforehand.
///
/// # Errors
/// When nobody can be asked, or the answer is no.
pub(crate) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Complaint::arguments(
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
    Err(Complaint::new("nothing was done", "answer y, or give --yes").into())
}

/// Rows below a header, in columns, without lines: it can be read, searched and cut.
pub(crate) fn table<Row>(header: &[&str], rows: impl IntoIterator<Item = Row>) -> String
where
    Row: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|cell| cell.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// A number and its noun: "1 service", "2 services".
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How long something has been so: "40 s", "3 min", "5 h", "12 d".
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A moment, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// Logs go to standard error: ours from warnings on, or as often as `--verbose` is given, everybody's.
pub(crate) fn start_logging(verbose: u8) {
    let (ours, others) = match verbose {
        0 => (LevelFilter::WARN, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::INFO),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    // What was applied, a verb says itself.
    let applied = if verbose == 0 { LevelFilter::ERROR } else { ours };
    let levels = Targets::new()
        .with_targets([("shared", ours), ("shared::aws::told", applied), ("zonelink", ours)])
        .with_default(others);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn ages_are_said_in_the_unit_that_matters() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |seconds| age(since, since + SignedDuration::from_secs(seconds));
        let said = [-5, 40, 119, 120, 7_199, 7_200, 172_800].map(after);
        assert_eq!(said, ["0 s", "40 s", "119 s", "2 min", "119 min", "2 h", "2 d"]);
    }

    #[test]
    fn columns_stand_below_their_header_without_trailing_spaces() {
        let rows = [["a".to_owned(), "long text".to_owned()], ["bbb".to_owned(), String::new()]];
        assert_eq!(table(&["id", "words"], rows), "ID   WORDS\na    long text\nbbb");
    }
}
