//! `zonelink backfill`: the sweep, started by hand and followed to its end.

use shared::model::ids::{AccountId, ServiceId};

use crate::answer::Answer;
use crate::context::Context;
use crate::options::Format;
use crate::runs::{Bounds, Following, resume, start};

/// Sweeps now, as the schedule does, and follows the run to its end.
///
/// The function looks at all connections of the services, accepts and rejects as their definitions say, and sends every
/// VPC that they and claims lead to on to be made right. It runs with its own rights. Without --service and --account
/// it sweeps everything.
///
/// Progress is counted in VPCs: those that messages of the run have done, of those that the run has found. The time
/// left is from the rate since its start; messages carry up to a hundred endpoints, so it moves in steps. On a terminal
/// there is a bar on standard error, elsewhere a line every five seconds. What is interrupted here goes on in AWS;
/// --run follows it again.
///
/// Exit codes: 0 all is done, 1 something failed, 3 something is held, or the time to wait is over.
#[derive(Debug, clap::Args)]
pub(crate) struct Backfill {
    /// Only this service, `vpce-svc-…`; repeat it for more
    #[arg(long, value_name = "ID")]
    service: Vec<ServiceId>,
    /// Only endpoints of this account; repeat it for more
    #[arg(long, value_name = "ID")]
    account: Vec<AccountId>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    following: Following,
    /// Follow this run, and start none
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["service", "account", "dry_run", "allow_deletes", "allow_rejects", "no_wait"]
    )]
    run: Option<String>,
}

impl Backfill {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let is_wide = context.common.output == Format::Wide;
        if let Some(run) = &self.run {
            return resume(&installation, run, &self.following, is_wide).await;
        }
        let services = self.service.iter().cloned().collect();
        let accounts = self.account.iter().cloned().collect();
        let request = self.bounds.request(services, accounts);
        start(&installation, request, &self.following, is_wide).await
    }
}
