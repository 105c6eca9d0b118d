//! Progress on standard error: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{SignedDuration, Timestamp};

use super::progress::{Progress, Stage};
use crate::terminal::{count, note, span};

/// Between two lines where there is no terminal.
const LINES_APART: SignedDuration = SignedDuration::from_secs(5);

/// Where progress is shown.
pub(super) enum Screen {
    Bar(ProgressBar),
    Lines { last: Option<Timestamp> },
}

impl Screen {
    pub(super) fn new() -> Self {
        if !stderr().is_terminal() {
            return Screen::Lines { last: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Screen::Bar(bar)
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, progress: &Progress, now: Timestamp) {
        match self {
            Screen::Bar(bar) => draw(bar, progress),
            Screen::Lines { last } => {
                if last.is_none_or(|last| now.duration_since(last) >= LINES_APART) {
                    note(&words(progress));
                    *last = Some(now);
                }
            }
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn clear(&self) {
        if let Screen::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let form = match progress.position() {
        Some((done, found)) => {
            bar.set_length(found as u64);
            bar.set_position(done as u64);
            "{bar:30} {percent}% {wide_msg}"
        }
        None => "{wide_msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(words(progress));
    bar.tick();
}

/// How far it is, in one line.
pub(super) fn words(progress: &Progress) -> String {
    let Some((done, found)) = progress.position().filter(|_| progress.stage != Stage::Lost) else {
        return format!("the function sends messages; {} done", count(progress.vpcs_done, "VPC"));
    };
    let mut parts = vec![format!("{done} of {} done", count(found, "VPC"))];
    if let Some(left) = progress.left().filter(|_| progress.stage == Stage::UnderWay) {
        parts.push(format!("{:.1} a second", progress.rate()));
        parts.push(format!("about {} left", span(left)));
    }
    if !progress.failed.is_empty() {
        parts.push(format!("{} to be repeated", count(progress.failed.len(), "message")));
    }
    parts.join(", ")
}
