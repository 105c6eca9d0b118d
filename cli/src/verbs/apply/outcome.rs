//! What became of a plan, and what has moved since another.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::apply::{GroupOutcome, Outcome};
use shared::model::ids::VpcId;
use shared::plan::Plan;
use shared::plan::digest::{Difference, Digest};

use crate::answer::Answer;
use crate::planning::Report;
use crate::terminal::count;

/// What was done, group by group.
#[derive(Debug, Default, Serialize)]
pub(super) struct Done {
    groups: Vec<DoneGroup>,
    /// What had moved by the time its turn came, and was left.
    left: Difference,
    /// VPCs in which another worker's change is on its way, and until when.
    busy: BTreeMap<VpcId, jiff::Timestamp>,
    #[serde(skip)]
    failed: bool,
}

#[derive(Debug, Serialize)]
struct DoneGroup {
    subject: String,
    reason: String,
    /// The steps that were done.
    done: Vec<String>,
    /// The steps that were not.
    not_done: Vec<String>,
    outcome: String,
    is_done: bool,
}

impl Done {
    pub(super) fn add(&mut self, outcomes: Vec<GroupOutcome<'_>>) {
        for outcome in outcomes {
            self.failed |= matches!(outcome.outcome, Outcome::Failed(_));
            let (done, not_done) = outcome.group.steps.split_at(outcome.done);
            let words = |steps: &[shared::plan::Step]| steps.iter().map(ToString::to_string).collect();
            self.groups.push(DoneGroup {
                subject: outcome.group.subject.to_string(),
                reason: outcome.group.reason.clone(),
                done: words(done),
                not_done: words(not_done),
                outcome: outcome.words(),
                is_done: matches!(outcome.outcome, Outcome::Done | Outcome::Superseded),
            });
        }
    }

    pub(super) fn busy(&mut self, plan: &Plan) {
        self.busy.extend(plan.look_again.clone());
    }

    pub(super) fn moved(&mut self, moved: Difference) {
        self.left.gone.extend(moved.gone);
        self.left.new.extend(moved.new);
        self.left.changed.extend(moved.changed);
    }

    pub(super) fn answer(self, digest: &Digest) -> anyhow::Result<Answer> {
        let not_done = self.groups.iter().filter(|group| !group.is_done).count();
        let is_whole = not_done == 0 && self.left.is_empty() && self.busy.is_empty();
        let report = serde_json::json!({"digest": digest, "is_done": is_whole, "outcome": self});
        let answer = Answer::new(&report, self.text(not_done))?;
        Ok(if self.failed { answer.failed() } else { answer.held_if(!is_whole) })
    }

    fn text(&self, not_done: usize) -> String {
        let mut parts: Vec<String> = self.groups.iter().map(DoneGroup::text).collect();
        let left = self.left.gone.iter().chain(&self.left.new).chain(&self.left.changed);
        parts.extend(left.map(|subject| format!("{subject}\n  left: it has moved since the plan")));
        let busy = self.busy.iter();
        parts.extend(busy.map(|(vpc, at)| format!("{vpc}\n  another change is on its way until {at:.0}")));
        let done = self.groups.len() - not_done;
        let sum = match self.groups.len() {
            0 => "nothing was to be done".to_owned(),
            _ => format!("{} done", count(done, "group")),
        };
        let whole = not_done == 0 && self.left.is_empty() && self.busy.is_empty();
        parts.push(if whole {
            sum
        } else {
            format!("{sum}, {not_done} not: plan again, and see what is left")
        });
        parts.join("\n")
    }
}

impl DoneGroup {
    fn text(&self) -> String {
        let done = self.done.iter().map(|step| format!("\n  done     {step}"));
        let not_done = self.not_done.iter().map(|step| format!("\n  not done {step}"));
        let steps: String = done.chain(not_done).collect();
        let outcome = if self.is_done && self.not_done.is_empty() {
            String::new()
        } else {
            format!("\n  {}", self.outcome)
        };
        format!("{}\n  because {}{steps}{outcome}", self.subject, self.reason)
    }
}

/// What has moved between two plans, with what each says of it.
pub(super) fn moved_text(moved: &Difference, before: &Report, now: &Report) -> String {
    let mut parts = Vec::new();
    for (word, subjects) in [("gone", &moved.gone), ("new", &moved.new), ("changed", &moved.changed)] {
        for subject in subjects {
            let mut lines = vec![format!("{word}: {subject}")];
            lines.extend(said(before, subject).into_iter().map(|line| format!("  was  {line}")));
            lines.extend(said(now, subject).into_iter().map(|line| format!("  now  {line}")));
            parts.push(lines.join("\n"));
        }
    }
    parts.join("\n")
}

/// What a plan says of a subject.
fn said(report: &Report, subject: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for plan in report.parts.iter().map(|part| &part.plan) {
        for group in plan.groups.iter().filter(|group| group.subject.to_string() == subject) {
            lines.extend(group.steps.iter().map(ToString::to_string));
        }
        let held = plan.holds.iter().filter(|(held, _)| held.to_string() == subject);
        lines.extend(held.map(|(_, reason)| format!("held: {reason}")));
        let busy = plan.look_again.keys().filter(|vpc| format!("{vpc}/") == subject);
        lines.extend(busy.map(|_| "another change is on its way".to_owned()));
    }
    lines
}
