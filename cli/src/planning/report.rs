//! A plan as it is said, kept and compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::model::ids::{AccountId, VpcId};
use shared::plan::digest::{Digest, PlanContent};
use shared::plan::{Plan, Step};

use super::planned::{About, Planned, Planning};
use super::unread::Unread;
use crate::terminal::count;

/// A plan for programs; `zonelink apply` reads it back to say what has moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    /// What it comes to. The same digest: the same would be done and held.
    pub(crate) digest: Digest,
    /// When the first of it was observed.
    pub(crate) planned_at: Timestamp,
    /// Part by part: services first, then accounts.
    pub(crate) parts: Vec<Part>,
    /// What could not be read; nothing is said of it above.
    #[serde(default)]
    pub(crate) unread: Vec<Unread>,
}

/// The plan for a service, or for a few VPCs of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What it is about.
    pub(crate) about: String,
    /// The account; null for what concerns services.
    pub(crate) account: Option<AccountId>,
    /// The VPCs that were looked at.
    pub(crate) vpcs: BTreeSet<VpcId>,
    /// What is done and held.
    #[serde(flatten)]
    pub(crate) plan: Plan,
}

impl Report {
    /// What has been planned at `now`.
    pub(crate) fn of(planning: &Planning, now: Timestamp) -> Self {
        let planned_at = planning.parts.iter().map(|part| part.at).min().unwrap_or(now);
        let parts = planning.parts.iter().map(Part::of).collect();
        Self { digest: planning.content().digest(), planned_at, parts, unread: planning.unread.clone() }
    }

    pub(crate) fn content(&self) -> PlanContent {
        PlanContent::of(self.parts.iter().map(|part| &part.plan))
    }

    /// Whether all was read and is in sync, and nothing held.
    pub(crate) fn is_quiet(&self) -> bool {
        self.unread.is_empty() && self.parts.iter().all(|part| part.plan.is_empty() && part.is_settled())
    }

    /// For people: each part that does or holds something, and the sum.
    pub(crate) fn text(&self) -> String {
        let mut paragraphs: Vec<String> =
            self.parts.iter().filter(|part| !part.is_quiet()).map(Part::text).collect();
        paragraphs.push(self.sum());
        paragraphs.join("\n\n")
    }

    fn sum(&self) -> String {
        let of_kind = |is: fn(&Step) -> bool| {
            self.parts.iter().flat_map(|part| part.plan.steps()).filter(|step| is(step)).count()
        };
        let changes = of_kind(|step| matches!(step, Step::ChangeRecords { .. }));
        let steps = of_kind(|_| true);
        let holds: usize = self.parts.iter().map(|part| part.plan.holds.len()).sum();
        let vpcs: BTreeSet<_> = self.parts.iter().flat_map(|part| &part.vpcs).collect();
        let mut sum = format!(
            "{} looked at: {}, {} in all; {} held",
            count(vpcs.len(), "VPC"),
            count(changes, "record change"),
            count(steps, "step"),
            count(holds, "thing")
        );
        if self.is_quiet() {
            sum.push_str("; all is in sync");
        }
        if !self.unread.is_empty() {
            let unread: Vec<_> = self.unread.iter().map(|one| one.about.as_str()).collect();
            let _ = write!(sum, "; not read: {}", unread.join(", "));
        }
        let _ = write!(sum, "\ndigest {}", self.digest);
        sum
    }
}

impl Part {
    fn of(planned: &Planned) -> Self {
        let (about, account, vpcs) = match &planned.about {
            About::Provider(about) => (about.clone(), None, BTreeSet::new()),
            About::Vpcs { vpcs, intent } => {
                (format!("account {}", intent.account), Some(intent.account.clone()), vpcs.clone())
            }
        };
        Self { about, account, vpcs, plan: planned.plan.clone() }
    }

    fn is_settled(&self) -> bool {
        self.plan.holds.is_empty() && self.plan.look_again.is_empty()
    }

    fn is_quiet(&self) -> bool {
        self.plan.is_empty() && self.is_settled()
    }

    fn text(&self) -> String {
        let lines = self.plan.to_string();
        let lines = lines.lines().filter(|line| *line != "in sync: nothing to do");
        let lines: Vec<_> = lines.map(|line| format!("  {line}")).collect();
        format!("{}\n{}", self.about, lines.join("\n"))
    }
}
