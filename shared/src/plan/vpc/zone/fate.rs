//! What becomes of the zone of one domain: the rows of the table in [`super`].

use jiff::{SignedDuration, Timestamp};

use super::super::limits::{Refused, denied_now};
use super::super::steps::Decided;
use super::super::view::View;
use super::domains::Wanted;
use super::unneeded::{removing, unneeded};
use super::verdict::{Anew, Fate, holds_records, is_needed, is_wanted_again};
use crate::model::dns::DnsName;
use crate::model::facts::{Association, Denied};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::HostedZoneId;
use crate::model::zone::answering;
use crate::model::zone_claim::{ClaimedZone, ZoneLook, ZoneState};

/// A zone that somebody deletes is made once more in this time.
const ONCE_IN: SignedDuration = SignedDuration::from_hours(24);
/// When a zone was seen and is gone at the next question, it is looked at again after this time.
const SOON: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn fate(
    view: &View,
    domain: &DnsName,
    wanted: Option<&Wanted>,
    claimed: Option<&ClaimedZone>,
    decided: &[Decided],
    refused: &[Refused],
) -> Fate {
    let fate = match claimed.map(|claimed| (&claimed.claim.state, claimed)) {
        None => wanted.map_or(Fate::Nothing, |_| first(view)),
        Some((ZoneState::Making { until }, claimed)) => making(view, domain, wanted, claimed, *until),
        Some((ZoneState::Made { zone }, claimed)) => {
            if is_needed(view, domain, claimed) || holds_records(view, zone, decided) {
                made(view, domain, wanted, claimed, zone)
            } else {
                unneeded(view, claimed, zone, refused)
            }
        }
        Some((ZoneState::Removing { zone, until }, claimed)) => {
            let needed = is_needed(view, domain, claimed) || holds_records(view, zone, decided);
            removing(view, wanted, claimed, (zone, *until), needed, refused)
        }
    };
    match (&fate, wanted) {
        (Fate::Create { .. }, Some(wanted)) => {
            in_the_way(view, domain, wanted, refused).map_or(fate, Fate::Hold)
        }
        _ => fate,
    }
}

/// No claim, and no zone can hold the names.
fn first(view: &View) -> Fate {
    let Some(making) = &view.vpc.making else { return Fate::Nothing };
    if making.provider == view.facts.account {
        return Fate::Hold(HoldReason::ProviderVpc);
    }
    if making.zones >= making.at_most {
        return Fate::Hold(HoldReason::TooManyZones { at_most: making.at_most });
    }
    Fate::Create { why: "no zone can hold the name: make one", anew: Anew::No }
}

fn making(
    view: &View,
    domain: &DnsName,
    wanted: Option<&Wanted>,
    claimed: &ClaimedZone,
    until: Timestamp,
) -> Fate {
    let now = view.facts.now;
    match &claimed.look {
        ZoneLook::Reference { zone, caller_reference: Some(reference) }
            if claimed.claim.is_reference_of_ours(reference) =>
        {
            return Fate::Made {
                zone: zone.clone(),
                caller_reference: reference.clone(),
                why: "the zone is there: claim it as made",
            };
        }
        _ if now < until => return Fate::Wait { until },
        // It was gone between two looks, or what is there cannot be read.
        ZoneLook::Reference { caller_reference: None, .. } => return Fate::Wait { until: now + SOON },
        ZoneLook::Denied(_) => return Fate::Nothing,
        _ => {}
    }
    let Some(zones) = view.vpc.listed_zones() else { return Fate::Nothing };
    if wanted.is_some() {
        return Fate::Create {
            why: "no answer said whether the zone was made, and none is seen: ask again",
            anew: Anew::No,
        };
    }
    // Under this claim it would be asked for again with the same reference. Without it a second one would be made, should
    // the first live and somebody have taken the VPC from it.
    if answering(zones, domain).is_none() && is_wanted_again(view, domain) {
        return Fate::Nothing;
    }
    Fate::release("another zone can hold the name, or nothing needs it: release the claim on a new one")
}

fn made(
    view: &View,
    domain: &DnsName,
    wanted: Option<&Wanted>,
    claimed: &ClaimedZone,
    zone: &HostedZoneId,
) -> Fate {
    match (&claimed.look, wanted) {
        (ZoneLook::Unlisted(Association::ZoneGone), Some(_)) => taken_away(view, domain, claimed),
        (ZoneLook::Unlisted(Association::ZoneGone), None) => Fate::release("the zone is gone: release it"),
        (ZoneLook::Unlisted(Association::Left), Some(_)) => {
            Fate::Hold(HoldReason::ZoneDisassociated { domain: domain.clone(), zone: Some(zone.clone()) })
        }
        // The list did not show it yet.
        (ZoneLook::Unlisted(Association::Associated), Some(_)) => Fate::Wait { until: view.facts.now + SOON },
        (ZoneLook::Denied(denied), Some(_)) => Fate::Hold(HoldReason::NoAccess(denied.clone())),
        _ => Fate::Nothing,
    }
}

/// Somebody has deleted the zone: it is made once more, and again after a day.
fn taken_away(view: &View, domain: &DnsName, claimed: &ClaimedZone) -> Fate {
    match claimed.claim.made_anew {
        Some(made) if view.facts.now.duration_since(made) < ONCE_IN => {
            Fate::Hold(HoldReason::ZoneTakenAway { domain: domain.clone(), made })
        }
        _ => Fate::Create {
            why: "somebody has deleted the zone: make it once more",
            anew: Anew::AfterSomebody,
        },
    }
}

/// What keeps a zone from being made that would be: that AWS has just refused it, or denied it before.
fn in_the_way(view: &View, domain: &DnsName, wanted: &Wanted, refused: &[Refused]) -> Option<HoldReason> {
    let subject = |name: &DnsName| Subject::Name(view.vpc.vpc.clone(), name.clone());
    let stored = wanted.names.iter().find_map(|name| view.vpc.holds.get(&subject(name)));
    if let Some(refused) = refused.iter().find(|refused| refused.is_of_zone(&view.vpc.vpc, domain)) {
        return Some(denied_now(&refused.reason, stored, view.facts.now));
    }
    if view.intent.is_by_hand() {
        return None;
    }
    match stored? {
        HoldReason::NoAccess(Denied { tried: Some(tried), .. }) if tried.is_due(view.facts.now) => None,
        // Asked again so soon, or at all, AWS would say the same.
        held @ (HoldReason::NoAccess(Denied { tried: Some(_), .. })
        | HoldReason::ZoneDisassociated { zone: None, .. }) => Some(held.clone()),
        _ => None,
    }
}
