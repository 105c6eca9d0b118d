//! What is held of a name that publishes and finds no zone, or one that nobody but AWS writes.
//!
//! ```text
//! zone that is asked for the name      its Profiles                      hold on the name
//! cannot be read                       –                                 NoAccess
//! of an account                        –                                 –
//! of an AWS service                    –                                 ShadowedByPrivateDns
//! none                                 bring one that can hold it        ProfileZone
//! none                                 bring none, or may not be read    NoZone
//! none                                 are not read at this look         as it is held; NoZone where it is not
//! ```
//!
//! Where a zone is to be made, [`super::zone`] says what is held in place of the last three: the VPC's own zone comes
//! before those of its Profiles.
//!
//! Profiles are read where one of the last three rows is met for the first time, and then each hour, after a day each
//! day. The hold says when. A run by hand reads them at once.

use std::collections::BTreeSet;

use super::contribution::Contribution;
use super::view::View;
use super::zone::ZoneHolds;
use crate::model::dns::DnsName;
use crate::model::facts::{Tried, ZoneOwner};
use crate::model::hold::{HoldReason, Subject};
use crate::model::zone::{answering, answering_of_profiles};
use crate::plan::steps::Plan;

/// Holds what publishes and finds no zone that could be written.
pub(super) fn hold_without_zone(view: &View, zone_holds: &ZoneHolds, plan: &mut Plan) {
    let published = view.vpc.endpoints.iter().filter_map(|(id, endpoint)| {
        matches!(view.contributions[id], Contribution::Publish(_)).then_some(&endpoint.service)
    });
    for service in published.collect::<BTreeSet<_>>() {
        let Some(definition) = view.policy.services.get(service) else { continue };
        for name in &definition.names {
            let name = name.as_dns_name();
            let subject = Subject::Name(view.vpc.vpc.clone(), name.clone());
            let reason = match (unanswered(view, name, view.vpc.holds.get(&subject)), zone_holds.get(name)) {
                (Some(HoldReason::NoZone { .. } | HoldReason::ProfileZone { .. }), Some(reason)) => {
                    reason.clone()
                }
                (reason, _) => reason,
            };
            plan.holds.extend(reason.map(|reason| (subject, reason)));
        }
    }
}

fn unanswered(view: &View, name: &DnsName, stored: Option<&HoldReason>) -> Option<HoldReason> {
    let zones = match view.vpc.zones.as_ref()? {
        Ok(zones) => zones,
        Err(denied) => return Some(HoldReason::NoAccess(denied.clone())),
    };
    let Some((zone, asked)) = answering(zones, name) else { return Some(without_zone(view, name, stored)) };
    match &asked.owner {
        ZoneOwner::Account(_) => None,
        ZoneOwner::Service(service) => {
            Some(HoldReason::ShadowedByPrivateDns { zone: zone.clone(), service: service.clone() })
        }
    }
}

/// What is held of a name that none of the VPC's own zones can hold. What is found again before it is due says still
/// when it was read last, so that nothing is written for it.
fn without_zone(view: &View, name: &DnsName, stored: Option<&HoldReason>) -> HoldReason {
    let is_such =
        |reason: &&HoldReason| matches!(reason, HoldReason::NoZone { .. } | HoldReason::ProfileZone { .. });
    let (now, stored) = (view.facts.now, stored.filter(is_such));
    let Some(zones) = &view.vpc.profiles else {
        return stored.cloned().unwrap_or(HoldReason::NoZone { tried: None });
    };
    let tried = match stored.and_then(HoldReason::profiles_read) {
        Some(tried) if tried.is_due(now) => Tried { first: tried.first, last: now },
        Some(tried) => tried,
        None => Tried { first: now, last: now },
    };
    match answering_of_profiles(zones, name) {
        Some(found) => {
            HoldReason::ProfileZone { profile: found.profile.clone(), zone: found.zone.clone(), tried }
        }
        None => HoldReason::NoZone { tried: Some(tried) },
    }
}
