//! `zonelink adopt`: hands a record over to zonelink.

use std::collections::BTreeSet;

use serde_json::json;
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, VpcId};
use shared::model::record::RecordKey;
use shared::plan::vpc::handover::{HandOver, Refusal, adopt};
use shared::trigger::intent::Intent;

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::installation::Installation;
use crate::manual::{Record, carry_out, intent};
use crate::planning::vpcs;
use crate::question::confirm;
use crate::terminal::note;

/// Hands a record over to zonelink, whatever its service's definition says of adoption.
///
/// What stands at the name, if it is a simple A or AAAA record set, is claimed as it stands, for the endpoints of the
/// VPC that needs it. The next look at the VPC, for which this sends, then makes it answer the endpoints' addresses. It
/// also ends what `zonelink release` has begun.
///
/// Exit codes: 0 it is handed over, 1 it is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Adopt {
    #[command(flatten)]
    record: Record,
    /// The VPC that needs the record, where several do
    #[arg(long, value_name = "ID")]
    vpc: Option<VpcId>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Adopt {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let key = self.record.key()?;
        let installation = context.installation().await?;
        let fleet = Fleet::read(&installation.worker).await?;
        let places = self.places(&key, &fleet);
        if places.is_empty() {
            let what = format!("no VPC is known to need {key}");
            return Err(
                Failure::new(what, "zonelink status lists what is known; give the VPC with --vpc").into()
            );
        }
        let cause = format!("zonelink adopt by {}", installation.caller().await?.arn);
        let (vpc, handed) = self.hand_over(&installation, &fleet, places, &key, &cause).await?;
        let HandOver { before, after, plan } = handed;
        note(&format!("{key} answers {before} now\n{vpc} needs it to answer {after}"));
        confirm(&format!("Hand {key} over to zonelink?"), self.yes)?;
        carry_out(&installation.worker, &plan, &cause).await?;
        let text = format!("{key} is handed over: it answered {before}, and the next look makes it {after}");
        Answer::new(&json!({"record": key, "vpc": vpc, "before": before, "after": after}), text)
    }

    /// The VPCs that may need the record: those that are held on it, or else all that publish the name.
    fn places(&self, key: &RecordKey, fleet: &Fleet) -> BTreeSet<(AccountId, VpcId)> {
        let held = fleet.holds.iter().filter_map(|hold| match &hold.subject {
            Subject::Record(vpc, held) if held == key => Some((hold.account.clone()?, vpc.clone())),
            _ => None,
        });
        let held: BTreeSet<_> = held.collect();
        let publishing = fleet.endpoints.iter().filter(|endpoint| {
            let definition = fleet.policy.services.get(&endpoint.service);
            definition.is_some_and(|one| one.names.iter().any(|name| *name.as_dns_name() == key.name))
        });
        let publishing: BTreeSet<_> =
            publishing.filter_map(|one| Some((one.account.clone(), one.vpc.clone()?))).collect();
        let mut places = if held.is_empty() || self.vpc.is_some() { publishing } else { BTreeSet::new() };
        places.extend(held);
        places.retain(|(_, vpc)| self.vpc.as_ref().is_none_or(|wanted| wanted == vpc));
        places
    }

    async fn hand_over(
        &self,
        installation: &Installation,
        fleet: &Fleet,
        places: BTreeSet<(AccountId, VpcId)>,
        key: &RecordKey,
        cause: &str,
    ) -> anyhow::Result<(VpcId, HandOver)> {
        let (mut found, mut refused) = (Vec::new(), Vec::new());
        for (account, vpc) in places {
            let intent = Intent { vpcs: [vpc.clone()].into(), ..intent(&account, cause.to_owned()) };
            for (facts, _) in vpcs(&installation.worker, &fleet.policy, &intent, &mut BTreeSet::new()).await?
            {
                match adopt(&intent, &facts, &fleet.policy, &vpc, key) {
                    Ok(handed) => found.push((vpc.clone(), handed)),
                    Err(refusal) => refused.push(refusal),
                }
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(refusal(key, refused).into()),
            _ => {
                let vpcs: Vec<_> = found.iter().map(|(vpc, _)| vpc.to_string()).collect();
                let what = format!("{key} is needed by several VPCs: {}", vpcs.join(", "));
                Err(Failure::new(
                    what,
                    "say for which with --vpc; the others are held, or join if the definition merges",
                )
                .into())
            }
        }
    }
}

/// The refusal that tells most.
fn refusal(key: &RecordKey, refused: Vec<Refusal>) -> Failure {
    let tells = |refusal: &Refusal| !matches!(refusal, Refusal::NotNeeded(_));
    let (specific, rest): (Vec<_>, Vec<_>) = refused.into_iter().partition(tells);
    let Some(refusal) = specific.into_iter().chain(rest).next() else {
        return Failure::new(format!("{key} cannot be seen"), "look at the VPC with zonelink plan");
    };
    let remedy = match &refusal {
        Refusal::Held(reason) => reason.remedy(),
        Refusal::NotNeeded(_) => "zonelink plan shows which records the VPC needs, in which zones".into(),
        Refusal::Ours(_) => "zonelink explain says how it is kept".into(),
        _ => "zonelink plan shows what is done next".into(),
    };
    Failure::new(format!("{key} is not handed over: {refusal}"), remedy)
}
