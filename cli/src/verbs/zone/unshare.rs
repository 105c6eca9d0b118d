//! `zonelink zone unshare`: a VPC leaves a zone again.

use serde_json::json;
use shared::plan::zone_guest::{GuestStep, NotDone, unshare};

use super::with::{Parties, outside_of_provider};
use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::question::confirm;
use crate::sharing::{Known, KnownZone, carry_out};
use crate::terminal::note;

/// Takes a VPC out of a zone again that `zonelink zone share` has brought there.
///
/// An association that zonelink did not make is never removed, and a zone keeps its last VPC. After a failure the same
/// command goes on where it stopped.
///
/// Exit codes: 0 it is taken out, 1 it is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Unshare {
    #[command(flatten)]
    parties: Parties,
}

impl Unshare {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let (worker, with) = (&installation.worker, &self.parties.with);
        let known = Known::read(worker).await?;
        let zone = known.find(worker, &self.parties.zone).await?;
        outside_of_provider(&installation, [&zone.account, &with.account])?;
        let contents = worker.inspect_zone(&zone.account, &zone.zone).await?;
        let (item, seen) = (known.guest(&zone.zone, &with.vpc), contents.map(|contents| contents.vpcs));
        let refused = |why: &NotDone| refusal(&zone, &self.parties, why);
        let steps = unshare(item, &with.vpc, seen.as_ref(), worker.now()).map_err(|why| refused(&why))?;
        let item = item.ok_or_else(|| refused(&NotDone::NotShared))?;
        let (vpc, account) = (&item.vpc, &item.vpc_account);
        if *account != with.account {
            let what = format!("{vpc} is of account {account}, not of {}", with.account);
            return Err(Failure::usage(what, format!("give --with {account}/{vpc}")).into());
        }
        let leaves = steps.contains(&GuestStep::Disassociate);
        let about = format!("{} ({})", item.zone, item.domain);
        if leaves {
            note(&format!("{about} will answer {vpc} of account {account} no name any more"));
            confirm(&format!("Take {vpc} out of {}?", item.zone), self.parties.yes)?;
        }
        carry_out(worker, item, &steps).await?;
        let json = json!({"zone": item.zone, "zone_account": item.zone_account, "vpc": vpc, "vpc_account": account,
                          "disassociated": leaves});
        let still = !leaves && seen.is_some_and(|vpcs| vpcs.contains(vpc));
        let text = match (leaves, still) {
            (true, _) => format!("{vpc} is taken out of {about}"),
            (_, true) => format!("{vpc} stays in {about}: somebody else associated it; zonelink forgets it"),
            (_, false) => format!("{vpc} is not in {about}; zonelink forgets it"),
        };
        Answer::new(&json, text)
    }
}

fn refusal(zone: &KnownZone, parties: &Parties, why: &NotDone) -> Failure {
    let remedy = match why {
        NotDone::NotOurs => "who associated it takes it out: aws route53 disassociate-vpc-from-hosted-zone",
        NotDone::Busy(_) => "wait until then, and repeat it; zonelink zone share goes on at once",
        NotDone::LastVpc => "associate another VPC first, or delete the zone",
        _ => "zonelink zone list shows what is shared",
    };
    Failure::new(format!("{} is not taken out of {}: {why}", parties.with.vpc, zone.zone), remedy)
}
