//! The zones that nothing needs any more.
//!
//! A zone is needed while an endpoint of the VPC publishes a name of its domain, or may again, and while a claim on a
//! record stands in it. Nothing of it is asked before the last of these is gone.
//!
//! ```text
//! zone                                        claim           unneeded_zones  step
//! whatever it is                              made            keep            release: it stays, and is the client's
//! its last records go with this plan          made            delete          look again once they are gone
//! ours, SOA and NS alone, this VPC alone      made            delete          claim removing, DeleteZone, release
//!   a run at its limit of removals            made            delete          Hold(TooManyDeletes)
//!   names are defined by the hundred          made            delete          release: it stays
//! it is gone                                  made            delete          release
//! its CallerReference is another one          made            delete          release: it stays
//! it holds other record sets, or may          made            delete          release: it stays
//! it answers other VPCs, or none              made            delete          release: it stays
//! somebody's claim on a record is in it       made            delete          release: it stays
//! AWS does not say what stands in it          made            delete          release: it stays
//! any, and needed or not                      removing        any             until its time is over: wait
//! it is gone                                  removing        any             release; needed again: claim making with
//!                                                                             the next reference, CreateZone
//! it is there, and needed again               removing, over  any             claim made
//! it is there, and not needed                 removing, over  any             as if made
//! a record of it is to be written             removing        any             the record waits
//!
//! what AWS said to DeleteZone
//! HostedZoneNotEmpty, others                  made again                      release: it stays
//! AccessDenied                                made again                      release: it stays, MayDeleteZones
//! no answer                                   removing                        wait, and see
//! ```
//!
//! Whether the claim becomes `removing` is decided in one transaction: no claim stands on any defined name in the zone.
//! A first claim on a record in the zone has the claim on the zone in its own transaction, as it was seen. So of a
//! record that comes and a zone that goes, one is first, and the other is looked at once more.
//!
//! A zone that we have deleted never counts as one that somebody has taken away.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::effect::{Decision, Effect};
use super::super::limits::{Refused, over_limit};
use super::super::steps::Decided;
use super::super::view::View;
use super::domains::Wanted;
use super::verdict::{Anew, Fate, holds_records, is_needed};
use crate::limits::Limit;
use crate::model::claim::Pending;
use crate::model::facts::RecordFacts;
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::HostedZoneId;
use crate::model::record::RecordKey;
use crate::model::zone_claim::{ClaimedZone, ZoneClaim, ZoneContents, ZoneLook, ZoneState};
use crate::plan::steps::Step;

/// The claim itself, before the records on which no claim may stand.
const BESIDE: usize = 1;
/// SOA and NS.
const OWN_RECORD_SETS: u64 = 2;
const STAYS: &str = "it stays, and is the client's";

/// The zone of a claim that is made, and that nothing needs.
pub(super) fn unneeded(view: &View, claimed: &ClaimedZone, zone: &HostedZoneId, refused: &[Refused]) -> Fate {
    let claim = &claimed.claim;
    if !view.policy.deletes_unneeded(&claim.service, &claim.domain) {
        return Fate::release(format!("nothing needs the zone any more: {STAYS}"));
    }
    let why = match &claimed.look {
        ZoneLook::Contents { contents: None, .. } => return Fate::release("the zone is gone: release it"),
        ZoneLook::Contents { contents: Some(contents), claimed } => kept_by(view, claim, contents, *claimed),
        ZoneLook::Denied(denied) => {
            Some(format!("what stands in it cannot be read ({}: {})", denied.operation, denied.message))
        }
        // Its last records go first.
        _ => return Fate::Nothing,
    };
    if let Some(why) = why {
        return Fate::release(format!("nothing needs the zone any more, but {why}: {STAYS}"));
    }
    let refused = refused.iter().find(|refused| refused.is_of_the_end_of(&claim.vpc, zone));
    match refused.map(|refused| &refused.reason) {
        Some(reason @ HoldReason::TooManyDeletes { .. }) => return Fate::Keep(reason.clone()),
        Some(HoldReason::NoAccess(denied)) => {
            return Fate::release(format!(
                "nothing needs the zone any more, but the client role may not delete it (infra/client.yaml, \
                 MayDeleteZones=true; {}): {STAYS}",
                denied.message
            ));
        }
        Some(reason) => {
            return Fate::release(format!("nothing needs the zone any more, but {reason}: {STAYS}"));
        }
        None => {}
    }
    let subject = Subject::Name(claim.vpc.clone(), claim.domain.clone());
    over_limit(view, &subject).map_or_else(|| Fate::Remove { zone: zone.clone() }, Fate::Keep)
}

/// Why a zone is not deleted that nothing of ours needs.
fn kept_by(view: &View, claim: &ZoneClaim, contents: &ZoneContents, claimed: bool) -> Option<String> {
    if contents.caller_reference != claim.caller_reference {
        return Some(format!(
            "its CallerReference is {:?} and not that of its claim, {}",
            contents.caller_reference, claim.caller_reference
        ));
    }
    match contents.record_sets {
        Some(OWN_RECORD_SETS) => {}
        Some(count) => return Some(format!("it holds {count} record sets, and not SOA and NS alone")),
        None => return Some("Route 53 does not say how many record sets it holds".into()),
    }
    if contents.vpcs != BTreeSet::from([claim.vpc.clone()]) {
        let vpcs: Vec<_> = contents.vpcs.iter().map(ToString::to_string).collect();
        return Some(format!("it answers [{}], and not {} alone", vpcs.join(", "), claim.vpc));
    }
    if claimed {
        return Some("a claim on a record in it stands".into());
    }
    let most = Limit::TransactItems.most() - BESIDE;
    let names = view.policy.names_within(&claim.domain).len();
    (names > most)
        .then(|| format!("it could hold {names} defined names, of which one transaction checks {most}"))
}

/// The zone of a claim that is on its way out.
pub(super) fn removing(
    view: &View,
    wanted: Option<&Wanted>,
    claimed: &ClaimedZone,
    (zone, until): (&HostedZoneId, Timestamp),
    needed: bool,
    refused: &[Refused],
) -> Fate {
    match (&claimed.look, wanted) {
        // No id is given twice: a request that is still on its way finds nothing.
        (ZoneLook::Contents { contents: None, .. }, Some(_)) => Fate::Create {
            why: "the zone was deleted, as nothing needed it, and one is needed again: make it",
            anew: Anew::AfterUs,
        },
        (ZoneLook::Contents { contents: None, .. }, None) => {
            Fate::release("the zone is deleted, as nothing needed it: release it")
        }
        _ if view.facts.now < until => Fate::Wait { until },
        _ if needed => Fate::Made {
            zone: zone.clone(),
            caller_reference: claimed.claim.caller_reference.clone(),
            why: "the zone is needed again, and was not deleted: claim it as made",
        },
        _ => unneeded(view, claimed, zone, refused),
    }
}

/// The end of a zone: announced, done, and the claim goes.
pub(super) fn remove(view: &View, before: &ZoneClaim, zone: HostedZoneId) -> Vec<Step> {
    let (account, domain, vpc) = (before.account.clone(), before.domain.clone(), before.vpc.clone());
    let until = view.facts.now + Pending::MAY_TAKE;
    let version = before.version + 1;
    let state = ZoneState::Removing { zone: zone.clone(), until };
    let removing = ZoneClaim { state, version, ..before.clone() };
    let made = ZoneState::Made { zone: zone.clone() };
    let made = ZoneClaim { state: made, version: version + 1, ..before.clone() };
    let put = |claim, expects, unclaimed| Step::PutZoneClaim {
        claim: Box::new(claim),
        expects: Some(expects),
        at_most: 0,
        unclaimed,
    };
    let key = |name: &crate::model::dns::DnsName| RecordKey { zone: zone.clone(), name: name.clone() };
    let unclaimed = view.policy.names_within(&domain).into_iter().map(key).collect();
    let run = view.intent.run.as_ref();
    let counted = run.map(|run| Step::ReserveDeletion { run: run.run.clone(), at_most: run.deletes });
    let returned = run.map(|run| Step::ReturnDeletion { run: run.run.clone() });
    let put_back = [put(made, version, BTreeSet::new())].into_iter().chain(returned).collect();
    let mut steps = vec![Step::Reserve { account: account.clone(), requests: 1 }];
    steps.extend(counted);
    steps.push(put(removing, before.version, unclaimed));
    steps.push(Step::DeleteZone { account: account.clone(), zone, domain: domain.clone(), until, put_back });
    steps.push(Step::ReleaseZoneClaim { vpc, account, domain, expects: version });
    steps
}

/// What is decided of a record whose zone is on its way out: nothing is written there, and it is looked at again.
pub(in crate::plan::vpc) fn unless_removed(
    decision: Decision,
    view: &View,
    record: &RecordFacts,
) -> Decision {
    let until = view.vpc.zone_claims.values().find_map(|claimed| match &claimed.claim.state {
        ZoneState::Removing { zone, until } if *zone == record.key.zone => Some(*until),
        _ => None,
    });
    match (until, &decision.effect) {
        (Some(until), Effect::Claim(_) | Effect::Change(..)) => {
            Decision { look_again: Some(until.max(view.facts.now)), ..Decision::nothing() }
        }
        _ => decision,
    }
}

/// The decisions after which the VPC is looked at again: the last one of each zone that nothing needs any more once it
/// is carried out. What else stands in the zone is asked then.
pub(in crate::plan::vpc) fn looked_at_again(view: &View, decided: &[Decided]) -> BTreeSet<usize> {
    let goes = |claimed: &&ClaimedZone| {
        let claim = &claimed.claim;
        let ZoneState::Made { zone } = &claim.state else { return false };
        view.policy.deletes_unneeded(&claim.service, &claim.domain)
            && !is_needed(view, &claim.domain, claimed)
            && !holds_records(view, zone, decided)
    };
    let last = |claimed: &ClaimedZone| {
        let is_of_it = |one: &Decided| claimed.claim.zone() == Some(&one.record.key.zone);
        decided.iter().rposition(|one| is_of_it(one) && one.decision.effect.releases())
    };
    view.vpc.zone_claims.values().filter(goes).filter_map(last).collect()
}
