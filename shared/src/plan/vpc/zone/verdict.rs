//! What may become of a zone, and whether anything needs it.

use jiff::Timestamp;

use super::super::contribution::Contribution;
use super::super::steps::Decided;
use super::super::view::View;
use crate::model::dns::DnsName;
use crate::model::hold::HoldReason;
use crate::model::ids::HostedZoneId;
use crate::model::policy::{ServiceDefinition, ZoneChoice};
use crate::model::record::RecordKey;
use crate::model::zone_claim::ClaimedZone;

/// Whether a zone is made that was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anew {
    /// It never was, as far as anybody knows.
    No,
    /// We have deleted it, as nothing needed it.
    AfterUs,
    /// Somebody else has deleted it.
    AfterSomebody,
}

/// What becomes of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Nothing,
    /// It is made.
    Create {
        why: &'static str,
        anew: Anew,
    },
    /// It is there, with this reference.
    Made {
        zone: HostedZoneId,
        caller_reference: String,
        why: &'static str,
    },
    /// It is deleted.
    Remove {
        zone: HostedZoneId,
    },
    /// A request may be on its way.
    Wait {
        until: Timestamp,
    },
    /// The claim goes, and nothing else.
    Release {
        why: String,
    },
    /// What keeps its names from being answered.
    Hold(HoldReason),
    /// What keeps a zone from being deleted that nothing needs.
    Keep(HoldReason),
}

impl Fate {
    pub(super) fn release(why: impl Into<String>) -> Self {
        Self::Release { why: why.into() }
    }
}

/// Whether an endpoint of the VPC publishes a name of this domain, or may again. A service that nothing defines may be
/// defined again.
pub(super) fn is_needed(view: &View, domain: &DnsName, claimed: &ClaimedZone) -> bool {
    let needs = |service| {
        let definition = view.policy.services.get(service);
        definition.is_none_or(|one| one.names.iter().any(|name| domain.is_zone_of(name.as_dns_name())))
    };
    let stays = |id| view.contributions.get(id) != Some(&Contribution::Withdraw);
    !view.policy.services.contains_key(&claimed.claim.service)
        || view.vpc.endpoints.iter().any(|(id, endpoint)| stays(id) && needs(&endpoint.service))
}

/// Whether an endpoint that does not publish at the moment would have the zone made once it does: one that is changing,
/// say.
pub(super) fn is_wanted_again(view: &View, domain: &DnsName) -> bool {
    let creates = |definition: &&ServiceDefinition| {
        definition.zones == ZoneChoice::Create
            && definition.names.iter().any(|name| domain.is_zone_of(name.as_dns_name()))
    };
    view.vpc.endpoints.iter().any(|(id, endpoint)| {
        view.contributions.get(id) != Some(&Contribution::Withdraw)
            && view.policy.services.get(&endpoint.service).is_some_and(|one| creates(&one))
    })
}

/// Whether a claim on a record is left in the zone after what is decided.
pub(super) fn holds_records(view: &View, zone: &HostedZoneId, decided: &[Decided]) -> bool {
    let goes =
        |key: &RecordKey| decided.iter().any(|one| one.record.key == *key && one.decision.effect.releases());
    let here = view.vpc.records.iter().filter(|record| record.key.zone == *zone && record.claim.is_some());
    here.into_iter().any(|record| !goes(&record.key))
}
