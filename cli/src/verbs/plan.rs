//! `zonelink plan`: what would be done now, and what is held.

use crate::answer::Answer;
use crate::context::Context;
use crate::planning::{Kept, Planning, Report, Selection};

/// Shows what would be done now, and what is held.
///
/// Every change batch, every write of the table, every hold with its remedy. It observes as the functions do and writes
/// nothing, but that its reads reserve room among the account's Route 53 requests, as theirs do. The digest at the end
/// stands for what is done and held, not for when: `zonelink apply` takes it. The plan is kept on this machine too, for
/// apply to say what has moved since.
///
/// With `--all` an account or a service that cannot be read is named, and the others are planned.
///
/// Exit codes: 0 all is in sync and nothing is held, 1 it, or a part of it, could not be read, 3 something is to be
/// done, or held.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    kept: Kept,
}

impl Plan {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let planning = Planning::of(&installation, &self.selection, "zonelink plan").await?;
        let report = Report::of(&planning, installation.worker.now());
        self.kept.keep(&report);
        let mut text = report.text();
        if report.parts.iter().any(|part| !part.plan.is_empty()) {
            let selection = self.selection.words();
            text = format!("{text}\ndo it: zonelink apply --plan {} {selection}", report.digest);
        }
        let answer = Answer::new(&report, text)?;
        for unread in &report.unread {
            unread.say();
        }
        Ok(if report.unread.is_empty() { answer.held_if(!report.is_quiet()) } else { answer.failed() })
    }
}
