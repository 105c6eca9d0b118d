//! What a run came to, for people and programs.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::model::ids::{AccountId, ServiceId};
use shared::model::run::{BackfillRequest, RequestedBy, Run};

use super::progress::{Progress, Stage};
use super::request::{Following, request_json, selection_options};
use super::watch::Watched;
use crate::answer::Answer;
use crate::fleet::{EndpointView, Fleet, HoldView, Selection, held_text};
use crate::installation::Installation;
use crate::terminal::count;

/// A run, what failed, and what is held once it is over.
pub(super) struct Outcome {
    run: Run,
    progress: Progress,
    /// Why the function failed, and messages that are still to be repeated.
    failed: Vec<String>,
    /// What is held of what was asked for; none while the run is under way.
    holds: Option<Vec<HoldView>>,
    /// The endpoints that may show it.
    endpoints: Vec<EndpointView>,
    read_at: Timestamp,
    is_wide: bool,
    /// Whether nobody wanted to wait.
    no_wait: bool,
}

impl Outcome {
    /// Reads what is held, if the run is over.
    pub(super) async fn read(
        installation: &Installation,
        watched: Watched,
        failure: Option<String>,
        following: &Following,
        is_wide: bool,
    ) -> anyhow::Result<Self> {
        let Watched { run, progress } = watched;
        let mut failed: Vec<String> = failure.into_iter().collect();
        let unsaid = run.end.as_ref().map_or(0, |end| end.failed);
        if failed.is_empty() && unsaid > 0 {
            failed.push(format!("{} the function could not do: see its log", count(unsaid, "thing")));
        }
        if progress.stage == Stage::Lost {
            failed.push("the function did not come to its end: see its log, and start it again".into());
        }
        failed.extend(progress.failed.iter().map(|why| format!("a message, which is repeated: {why}")));
        let (holds, endpoints) = match progress.stage {
            Stage::Over => {
                let fleet = Fleet::read(&installation.worker).await?;
                (Some(holds(&fleet, &run.request)), fleet.endpoints)
            }
            _ => (None, Vec::new()),
        };
        let (read_at, no_wait) = (installation.worker.now(), following.no_wait);
        Ok(Self { run, progress, failed, holds, endpoints, read_at, is_wide, no_wait })
    }

    /// The answer.
    pub(super) fn answer(&self) -> anyhow::Result<Answer> {
        let answer = Answer::new(&self.json(), self.text())?;
        if !self.failed.is_empty() {
            return Ok(answer.failed());
        }
        let is_held = self.holds.as_ref().is_some_and(|holds| !holds.is_empty());
        let is_cut_short = self.progress.stage != Stage::Over && !self.no_wait;
        Ok(answer.held_if(is_held || is_cut_short))
    }

    /// How many removals wait for an operator's word.
    fn held_removals(&self) -> usize {
        let too_many = |hold: &&HoldView| hold.reason == "TooManyDeletes";
        self.holds.iter().flatten().filter(too_many).count()
    }

    /// The command that would let them go.
    fn remedy(&self) -> Option<String> {
        let number = self.held_removals();
        (number > 0).then(|| {
            format!("zonelink backfill{} --allow-deletes {number}", selection_options(&self.run.request))
        })
    }

    fn state(&self) -> &'static str {
        match self.progress.stage {
            Stage::Sending | Stage::UnderWay => "under_way",
            Stage::Over => "over",
            Stage::Lost => "lost",
        }
    }

    fn json(&self) -> Value {
        let (run, progress) = (&self.run, &self.progress);
        let end = run.end.as_ref();
        json!({
            "run": run.run,
            "state": self.state(),
            "requested_by": run.requested_by,
            "request": request_json(&run.request),
            "started": run.started,
            "endpoints": end.map(|end| end.endpoints),
            "vpcs": end.map(|end| end.vpcs),
            "vpcs_done": progress.vpcs_done,
            "messages": progress.messages,
            "messages_done": progress.messages_done,
            "accepted": end.map(|end| end.accepted),
            "changed": progress.changed,
            "removed": run.deletes,
            "failed": self.failed,
            "holds": self.holds,
            "held_removals": self.remedy().map(|remedy| json!({
                "number": self.held_removals(),
                "remedy": remedy,
            })),
        })
    }

    fn text(&self) -> String {
        let mut parts = vec![self.headline()];
        if !self.failed.is_empty() {
            parts.push(format!("Failed:\n  {}", self.failed.join("\n  ")));
        }
        match &self.holds {
            None => {}
            Some(holds) if holds.is_empty() => parts.push("Nothing of it is held.".into()),
            Some(holds) => {
                let held = held_text(holds, &self.endpoints, self.read_at, self.is_wide);
                parts.push(format!("Held:\n{held}"));
            }
        }
        if let Some(remedy) = self.remedy() {
            let removals = count(self.held_removals(), "removal");
            parts.push(format!("{removals} held. If these endpoints are meant to be gone:\n  {remedy}"));
        }
        if self.progress.stage == Stage::UnderWay || self.progress.stage == Stage::Sending {
            parts.push(format!("Follow it with:\n  zonelink backfill --run {}", self.run.run));
        }
        parts.join("\n\n")
    }

    /// What was looked at and done, in a few lines.
    fn headline(&self) -> String {
        let (run, progress) = (&self.run, &self.progress);
        let word = match progress.stage {
            Stage::Sending => "still looks for what is to be done",
            Stage::UnderWay => "is under way",
            Stage::Over if run.requested_by == RequestedBy::Schedule => {
                "is over; it is the schedule's, and what came of its messages is not counted"
            }
            Stage::Over => "is over",
            Stage::Lost => "was never ended",
        };
        let mut lines = vec![format!("Run {} {word}.", run.run)];
        if let Some(end) = &run.end {
            let endpoints = count(end.endpoints, "endpoint");
            lines.push(format!("  found     {endpoints} in {}", count(end.vpcs, "VPC")));
            lines.push(format!("  accepted  {}", count(end.accepted, "connection")));
            let accounts: Vec<_> = run.request.accounts.iter().map(AccountId::as_str).collect();
            if end.vpcs == 0 && !accounts.is_empty() {
                lines.push(format!("  No endpoint or record of {} is known.", accounts.join(", ")));
            }
        }
        if run.requested_by == RequestedBy::Hand {
            let of = progress.messages.map_or(String::new(), |messages| format!(" of {messages}"));
            lines.push(format!("  done      {}{of} messages", progress.messages_done));
            lines.push(format!("  changed   {}", count(progress.changed, "record set")));
        }
        lines.push(format!("  removed   {}", count(run.deletes as usize, "record set")));
        lines.join("\n")
    }
}

/// What is held of what a request asks for, as status shows it.
fn holds(fleet: &Fleet, request: &BackfillRequest) -> Vec<HoldView> {
    let services = all_or_each::<ServiceId>(request.services.iter());
    let accounts = all_or_each::<AccountId>(request.accounts.iter());
    let mut holds: Vec<HoldView> = Vec::new();
    for service in &services {
        for account in &accounts {
            let selection = Selection { service: service.clone(), account: account.clone(), vpc: None };
            for hold in fleet.selected_holds(&selection) {
                if !holds.iter().any(|known| known.subject == hold.subject) {
                    holds.push(hold.clone());
                }
            }
        }
    }
    holds
}

fn all_or_each<'a, T: Clone + 'a>(named: impl Iterator<Item = &'a T>) -> Vec<Option<T>> {
    let named: Vec<_> = named.cloned().map(Some).collect();
    if named.is_empty() { vec![None] } else { named }
}
