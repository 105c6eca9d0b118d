//! `zonelink sweep`: the sweep of one account, started by hand and followed to its end.

use shared::model::ids::AccountId;

use crate::answer::Answer;
use crate::context::Context;
use crate::options::Format;
use crate::runs::{Bounds, Following, start};

/// Sweeps one client account now, and follows the run to its end.
///
/// It is backfill for the endpoints of one account, of all services; `zonelink backfill` sweeps all accounts, and its
/// help says how progress is counted. `zonelink backfill --run ID` follows the run again.
///
/// Exit codes: 0 all is done, 1 something failed, 3 something is held, or the time to wait is over.
#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    /// The account whose endpoints are looked at
    #[arg(long, value_name = "ID")]
    account: AccountId,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    following: Following,
}

impl Sweep {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let is_wide = context.common.output == Format::Wide;
        let request = self.bounds.request([].into(), [self.account.clone()].into());
        start(&installation, request, &self.following, is_wide).await
    }
}
