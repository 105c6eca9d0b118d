//! `zonelink apply`: does what a plan says, if that is still what would be done.

mod outcome;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::Serialize;
use shared::plan::Plan;
use shared::plan::digest::{Difference, Digest, PlanContent};
use shared::quota::Reserved;
use shared::reconcile::{Cause, apply_and_journal};

use crate::answer::Answer;
use crate::context::Context;
use crate::installation::Installation;
use crate::planning::{About, Kept, Planned, Planning, Report, Selection, read, vpcs};
use outcome::Done;

/// What was observed longer ago is observed once more before it is done: a change has a minute from then on.
const FRESH: SignedDuration = SignedDuration::from_secs(20);

/// Does what a plan says, if that is still what would be done.
///
/// It plans afresh. Where the digest is another one, it says what has moved since and does nothing. Else it applies the
/// plan as the functions do, each step on its condition, and the journal names the caller. What somebody else has
/// changed in the meantime is left, and said.
///
/// Exit codes: 0 it is done, 1 it failed, 3 something has moved, or a part was not done.
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    /// The digest that `zonelink plan` has printed, or a file with its answer in JSON
    #[arg(long, value_name = "DIGEST|FILE")]
    plan: Agreed,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    kept: Kept,
}

/// What was agreed to.
#[derive(Debug, Clone)]
enum Agreed {
    Digest(Digest),
    File(PathBuf),
}

impl FromStr for Agreed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(digest) => Ok(Agreed::Digest(digest)),
            Err(_) if text.contains(['.', '/']) => Ok(Agreed::File(text.into())),
            Err(error) => Err(format!("{error}, or the path of a file, as ./plan.json")),
        }
    }
}

/// The answer where something has moved.
#[derive(Serialize)]
struct Refusal {
    /// What was agreed to.
    agreed: Digest,
    /// What has moved, by the subject; null when the plan that was agreed to is not at hand.
    moved: Option<Difference>,
    /// What would be done now.
    plan: Report,
}

impl Apply {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let (agreed, before) = match &self.plan {
            Agreed::Digest(digest) => (digest.clone(), self.kept.find(digest)),
            Agreed::File(path) => {
                let report = read(path)?;
                (report.digest.clone(), Some(report))
            }
        };
        let installation = context.installation().await?;
        let cause = format!("applied by hand by {}", installation.caller().await?.arn);
        let planning = Planning::of(&installation, &self.selection, &cause).await?;
        for unread in &planning.unread {
            unread.say();
        }
        let now = Report::of(&planning, installation.worker.now());
        if now.digest != agreed {
            let moved = before.as_ref().map(|before| before.content().difference_to(&now.content()));
            let refusal = Refusal { agreed, moved, plan: now };
            return Ok(Answer::new(&refusal, refusal.text(before.as_ref(), &self.selection))?.held_if(true));
        }
        let mut done = Done::default();
        for part in &planning.parts {
            apply_part(&installation, &planning, part, &cause, &mut done).await?;
        }
        let answer = done.answer(&agreed)?;
        Ok(if planning.unread.is_empty() { answer } else { answer.failed() })
    }
}

async fn apply_part(
    installation: &Installation,
    planning: &Planning,
    part: &Planned,
    cause: &str,
    done: &mut Done,
) -> anyhow::Result<()> {
    let worker = &installation.worker;
    done.busy(&part.plan);
    if part.plan.is_empty() {
        return Ok(());
    }
    let About::Vpcs { intent, .. } = &part.about else {
        done.add(apply_and_journal(worker, &part.plan, &Reserved::default(), Cause::of(cause)).await?);
        return Ok(());
    };
    if worker.now().duration_since(part.at) <= FRESH {
        done.add(apply_and_journal(worker, &part.plan, &Reserved::default(), Cause::of(cause)).await?);
        return Ok(());
    }
    let again = vpcs(worker, &planning.policy, intent, &mut BTreeSet::new()).await?;
    let plans: Vec<Plan> = again.into_iter().map(|(_, planned)| planned.plan).collect();
    let moved = PlanContent::of([&part.plan]).difference_to(&PlanContent::of(&plans));
    if !moved.is_empty() {
        done.moved(moved);
        return Ok(());
    }
    for plan in &plans {
        done.add(apply_and_journal(worker, plan, &Reserved::default(), Cause::of(cause)).await?);
    }
    Ok(())
}

impl Refusal {
    fn text(&self, before: Option<&Report>, selection: &Selection) -> String {
        let digest = &self.plan.digest;
        let mut parts = vec![format!("nothing was done: the plan is {digest} now, not {}", self.agreed)];
        match (&self.moved, before) {
            (Some(moved), Some(before)) => parts.push(outcome::moved_text(moved, before, &self.plan)),
            _ => parts.push(format!(
                "What has moved cannot be said: that plan was not printed on this machine. Now it is:\n\n{}",
                self.plan.text()
            )),
        }
        let selection = selection.words();
        parts.push(format!(
            "look at it again: zonelink plan {selection}\nor agree to it: zonelink apply --plan {digest} {selection}"
        ));
        parts.join("\n\n")
    }
}
