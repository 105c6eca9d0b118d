//! The zones that zonelink makes: for a VPC that publishes and has no zone that can hold the name.
//!
//! The zone has the name's own domain, never a parent of it: so it hides nothing but that domain's apex. Where one
//! defined name's domain can hold another name, one zone serves both.
//!
//! ```text
//! zones that can hold the name        claim          zones:     step
//! some, none of them ours             –              any        nothing: they are served
//! some, one of an AWS service alone   –              any        Hold(ShadowedByPrivateDns)
//! none                                –              existing   Hold(NoZone)
//! none, VPC of the provider's account –              create     Hold(ProviderVpc)
//! none, as many as may live           –              create     Hold(TooManyZones)
//! none                                –              create     claim making, CreateZone
//! none                                making         any        until its time is over: wait
//! none                                making, over   create     claim making with the same reference, CreateZone
//! none                                making, over   existing   release
//! none, and nothing publishes now     making, over   create     nothing: the same reference is asked for again
//! none, and nothing needs it any more making, over   any        release
//! D, its reference is the claim's     making         any        claim made, though the answer was lost
//! D, another reference, or a parent   making, over   any        release: somebody was first, and theirs is served
//! some, ours is one of them           made           any        nothing
//! none, ours is deleted               made           create     claim anew, CreateZone; within a day of the last time
//!                                                               Hold(ZoneTakenAway)
//! none, ours is deleted               made           existing   release
//! none, ours has left the VPC         made           create     Hold(ZoneDisassociated): a person did it
//! none, ours has left the VPC         made           existing   Hold(NoZone)
//! some, ours is deleted               made           any        release
//! some, ours has left the VPC         made           any        nothing: should they go, ours is not made twice
//!
//! What becomes of a zone that nothing needs any more is in the table of [`unneeded`].
//!
//! what AWS said to CreateZone
//! AccessDenied                        Hold(NoAccess), tried again after an hour, later after a day
//! TooManyHostedZones                  Hold(ZoneQuota)
//! HostedZoneAlreadyExists             Hold(ZoneDisassociated): one with this reference lives, and not in the VPC
//! ConflictingDomainExists, others     looked at once more; where still none is seen, Hold(Route53Refused)
//! ```
//!
//! AWS makes a VPC and a zone's name unique: of two who ask at once, one is refused. The request of a claim whose time
//! is over is sent again with the reference that it had, so that no claim has two zones.

mod domains;
mod fate;
mod unneeded;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use self::domains::Wanted;
pub(super) use self::domains::wanted;
use self::fate::fate;
pub(super) use self::unneeded::{looked_at_again, unless_removed};
use self::verdict::{Anew, Fate};
use super::limits::Refused;
use super::steps::Decided;
use super::view::View;
use crate::model::claim::Pending;
use crate::model::dns::DnsName;
use crate::model::hold::{HoldReason, Subject};
use crate::model::zone_claim::{ClaimedZone, NewZone, ZoneClaim, ZoneState};
use crate::plan::steps::{Plan, Step};

/// What is held of names for which a zone is to be made: nothing while one is on its way.
pub(super) type ZoneHolds = BTreeMap<DnsName, Option<HoldReason>>;

/// Plans the zones of a VPC. Gives what is held in place of [`HoldReason::NoZone`].
pub(super) fn write(view: &View, decided: &[Decided], refused: &[Refused], plan: &mut Plan) -> ZoneHolds {
    if view.facts.denied.is_some() {
        return ZoneHolds::new();
    }
    let wanted = wanted(view);
    let domains: BTreeSet<&DnsName> = wanted.keys().chain(view.vpc.zone_claims.keys()).collect();
    let mut holds = ZoneHolds::new();
    for domain in domains {
        let names = wanted.get(domain);
        let claimed = view.vpc.zone_claims.get(domain);
        let fate = fate(view, domain, names, claimed, decided, refused);
        let subject = Subject::Name(view.vpc.vpc.clone(), domain.clone());
        if let Fate::Wait { until } = fate {
            let at = plan.look_again.entry(view.vpc.vpc.clone()).or_insert(until);
            *at = until.min(*at);
        }
        for name in names.into_iter().flat_map(|wanted| &wanted.names) {
            let stored = view.vpc.holds.get(&Subject::Name(view.vpc.vpc.clone(), name.clone()));
            let hold = match &fate {
                Fate::Hold(reason) => Some(reason.clone()),
                // What is held stays so until the zone is there.
                Fate::Create { .. } | Fate::Wait { .. } => stored.cloned(),
                Fate::Nothing
                | Fate::Made { .. }
                | Fate::Remove { .. }
                | Fate::Keep(_)
                | Fate::Release { .. } => continue,
            };
            holds.insert(name.clone(), hold);
        }
        if let Fate::Keep(reason) = &fate {
            plan.hold(subject.clone(), reason.clone());
        }
        let (reason, steps) = steps(view, domain, names, claimed, fate);
        plan.push(subject, reason, steps);
    }
    holds
}

fn steps(
    view: &View,
    domain: &DnsName,
    wanted: Option<&Wanted>,
    claimed: Option<&ClaimedZone>,
    fate: Fate,
) -> (String, Vec<Step>) {
    let before = claimed.map(|claimed| &claimed.claim);
    match (fate, before) {
        (Fate::Create { why, anew }, _) => {
            let steps = wanted.map(|wanted| create(view, domain, wanted, before, anew));
            (why.to_owned(), steps.unwrap_or_default())
        }
        (Fate::Made { zone, caller_reference, why }, Some(before)) => {
            let (state, version) = (ZoneState::Made { zone }, before.version + 1);
            let made = ZoneClaim { caller_reference, state, version, ..before.clone() };
            (why.to_owned(), vec![put(made, Some(before), 0)])
        }
        (Fate::Remove { zone }, Some(before)) => {
            let why = "nothing needs the zone any more, and nothing else is in it: delete it";
            (why.to_owned(), unneeded::remove(view, before, zone))
        }
        (Fate::Release { why }, Some(before)) => (why, vec![release(before, before.version)]),
        _ => (String::new(), Vec::new()),
    }
}

/// A claim announces the zone, and Route 53 is asked for it. That it was made is seen at the next look: so it is after
/// an answer that was lost, too.
fn create(
    view: &View,
    domain: &DnsName,
    wanted: &Wanted,
    before: Option<&ZoneClaim>,
    anew: Anew,
) -> Vec<Step> {
    let (vpc, account) = (view.vpc.vpc.clone(), view.facts.account.clone());
    let Some(making) = &view.vpc.making else { return Vec::new() };
    let until = view.facts.now + Pending::MAY_TAKE;
    // As with records: a claim that is made anew never repeats a version, nor a reference.
    let first = u64::try_from(view.moment().as_nanosecond()).unwrap_or_default();
    let version = before.map_or(first, |before| before.version + 1);
    let caller_reference = match before {
        None => format!("{}{first}", ZoneClaim::reference_of(&making.installation, &vpc, domain)),
        Some(before) if anew != Anew::No => before.next_reference(version),
        Some(before) => before.caller_reference.clone(),
    };
    let claim = ZoneClaim {
        vpc: vpc.clone(),
        account: account.clone(),
        domain: domain.clone(),
        service: before.map_or_else(|| wanted.service.clone(), |before| before.service.clone()),
        caller_reference: caller_reference.clone(),
        state: ZoneState::Making { until },
        made_anew: match anew {
            Anew::AfterSomebody => Some(view.facts.now),
            Anew::No | Anew::AfterUs => before.and_then(|before| before.made_anew),
        },
        version,
    };
    let put_back = match before {
        None => release(&claim, version),
        Some(before) => put(ZoneClaim { version: version + 1, ..before.clone() }, Some(&claim), 0),
    };
    let goes = view.policy.deletes_unneeded(&claim.service, domain);
    let end = if goes { "it goes with the last of its endpoints" } else { "it stays when its endpoints go" };
    let zone = NewZone {
        domain: domain.clone(),
        region: view.policy.region.clone(),
        comment: format!("Made by zonelink in {} for {vpc}; {end}", making.provider),
        caller_reference,
        vpc,
    };
    let create =
        Step::CreateZone { account: account.clone(), zone: Box::new(zone), until, put_back: vec![put_back] };
    vec![Step::Reserve { account, requests: 1 }, put(claim, before, making.at_most), create]
}

fn put(claim: ZoneClaim, before: Option<&ZoneClaim>, at_most: u32) -> Step {
    let (expects, unclaimed) = (before.map(|before| before.version), BTreeSet::new());
    Step::PutZoneClaim { claim: Box::new(claim), expects, at_most, unclaimed }
}

fn release(claim: &ZoneClaim, expects: u64) -> Step {
    Step::ReleaseZoneClaim {
        vpc: claim.vpc.clone(),
        account: claim.account.clone(),
        domain: claim.domain.clone(),
        expects,
    }
}
