//! `zonelink zone share`: a further VPC comes into a zone.

use anyhow::Context as _;
use serde_json::json;
use shared::cloud::Cloud;
use shared::model::zone_guest::{GuestState, ZoneGuest};
use shared::plan::zone_guest::{NotDone, share};

use super::with::{Parties, outside_of_provider};
use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::question::confirm;
use crate::sharing::{Known, KnownZone, carry_out};
use crate::terminal::note;

/// Associates a further VPC with a zone that zonelink has made or keeps records in.
///
/// In another account the zone's owner authorises it first, and takes that back afterwards. Each step is written down
/// before it is done: after a failure the same command goes on where it stopped. The accounts permit it with
/// `MayShareZones` of `infra/client.yaml`.
///
/// Exit codes: 0 it is shared, 1 it is not, or not yet.
#[derive(Debug, clap::Args)]
pub(crate) struct Share {
    #[command(flatten)]
    parties: Parties,
}

impl Share {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let (worker, with) = (&installation.worker, &self.parties.with);
        let known = Known::read(worker).await?;
        let zone = known.find(worker, &self.parties.zone).await?;
        outside_of_provider(&installation, [&zone.account, &with.account])?;
        let contents = worker.inspect_zone(&zone.account, &zone.zone).await?;
        let by = installation.caller().await?.arn;
        let domain = match &zone.domain {
            Some(domain) => domain.clone(),
            None => worker
                .cloud
                .hosted_zone_name(&zone.account, &zone.zone)
                .await?
                .with_context(|| format!("{} is gone", zone.zone))?,
        };
        let wanted = ZoneGuest {
            zone: zone.zone.clone(),
            zone_account: zone.account.clone(),
            domain,
            vpc: with.vpc.clone(),
            vpc_account: with.account.clone(),
            by,
            state: GuestState::Authorizing,
            refused: None,
            version: 0,
        };
        let (item, seen) = (known.guest(&zone.zone, &with.vpc), contents.map(|contents| contents.vpcs));
        let steps = share(item, &wanted, seen.as_ref(), worker.now())
            .map_err(|why| refusal(&zone, &self.parties, &why))?;
        let (vpc, account) = (&with.vpc, &with.account);
        let about = format!("{} ({})", zone.zone, wanted.domain);
        if !steps.is_empty() {
            note(&format!(
                "{vpc} of account {account} will ask {about} of account {} for every name in it",
                zone.account
            ));
            confirm(&format!("Share {} with {vpc}?", zone.zone), self.parties.yes)?;
            carry_out(worker, item.unwrap_or(&wanted), &steps).await?;
        }
        let json = json!({"zone": zone.zone, "zone_account": zone.account, "vpc": vpc, "vpc_account": account,
                          "state": "shared", "changed": !steps.is_empty()});
        Answer::new(&json, format!("{about} answers {vpc} of account {account}"))
    }
}

fn refusal(zone: &KnownZone, parties: &Parties, why: &NotDone) -> Failure {
    let (zone, with) = (&zone.zone, &parties.with);
    let remedy = match why {
        NotDone::NotOurs => "none is needed: the zone answers the VPC already".to_owned(),
        NotDone::Ending => {
            format!("end that first: zonelink zone unshare {zone} --with {}/{}", with.account, with.vpc)
        }
        _ => "zonelink zone list shows the zones that there are".to_owned(),
    };
    Failure::new(format!("{zone} is not shared with {}: {why}", with.vpc), remedy)
}
