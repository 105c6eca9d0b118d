//! `zonelink release`: takes a record back from zonelink.

use serde_json::json;
use shared::model::claim::Released;
use shared::plan::vpc::handover::{Refusal, release};

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::manual::{Record, carry_out, intent};
use crate::question::confirm;
use crate::terminal::note;

/// Takes a record back from zonelink, and leaves it as it is.
///
/// From then on zonelink neither changes nor removes it nor takes it over, whatever stands there and whatever the
/// definition says, until `zonelink adopt` hands it over again. VPCs that need it are held (Released).
///
/// Exit codes: 0 it is taken back, 1 it is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    #[command(flatten)]
    record: Record,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Release {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let key = self.record.key()?;
        let installation = context.installation().await?;
        let worker = &installation.worker;
        let claims = worker.inspect_claims([&key].into_iter()).await?;
        if let Some(why) = claims.unreadable.first() {
            return Err(Failure::new(why.clone(), "use the version of zonelink that wrote it").into());
        }
        let Some(claim) = claims.items.into_iter().next() else {
            let what = format!("{key} is not zonelink's: nothing claims it");
            return Err(Failure::new(what, "zonelink explain says what is known of it").into());
        };
        let by = installation.caller().await?.arn;
        let cause = format!("zonelink release by {by}");
        let intent = intent(&installation.config().account, cause.clone());
        let plan = release(&intent, &claim, Released { by, at: worker.now() }).map_err(|refusal| {
            let remedy = match &refusal {
                Refusal::Busy(_) => "wait until then, and repeat it",
                Refusal::AlreadyReleased(_) => "zonelink adopt hands it over again",
                _ => "zonelink explain says how it is kept",
            };
            Failure::new(format!("{key} is not taken back: {refusal}"), remedy)
        })?;
        let vpcs: Vec<_> = claim.vpcs().iter().map(ToString::to_string).collect();
        note(&format!(
            "{key} answers {} for {}, as zonelink last wrote it; it stays as it stands, and {} are held from then on",
            claim.confirmed,
            claim.service,
            vpcs.join(", ")
        ));
        confirm(&format!("Take {key} back from zonelink?"), self.yes)?;
        carry_out(worker, &plan, &cause).await?;
        let text =
            format!("{key} is taken back: it stays as it stands until zonelink adopt hands it over again");
        Answer::new(&json!({"record": key, "confirmed": claim.confirmed, "vpcs": claim.vpcs()}), text)
    }
}
