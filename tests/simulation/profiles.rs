//! Route 53 Profiles, which bring zones into VPCs that no list of a VPC's zones shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use shared::model::dns::DnsName;
use shared::model::facts::Tried;
use shared::model::hold::HoldReason;
use shared::model::ids::{AccountId, HostedZoneId, ProfileId, VpcId};
use shared::model::listed::Page;

use super::observations::Observations;
use super::setting::id;
use super::world::World;

pub(crate) const OF_VPC: &str = "route53profiles:ListProfileAssociations";
pub(crate) const RESOURCES: &str = "route53profiles:ListProfileResourceAssociations";

/// What brings zones into VPCs.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) vpcs: BTreeSet<VpcId>,
    pub(crate) zones: BTreeSet<HostedZoneId>,
}

/// All of them.
pub(crate) type Profiles = BTreeMap<ProfileId, Profile>;

impl World {
    /// Somebody associates a VPC with a Profile or ends that, or takes the right to see it away. A VPC has at most two,
    /// and here one: a Profile of its own, with one zone or two.
    pub(crate) fn somebody_at_a_profile(&mut self) {
        let vpcs: Vec<_> = self.vpcs.clone().into_iter().collect();
        let (vpc, account) = self.random.pick(&vpcs).clone();
        if self.random.one_in(8) {
            self.note(|| format!("{OF_VPC} is denied in {account}"));
            self.denied.insert((account, OF_VPC));
            return;
        }
        let profile: ProfileId = id(&format!("rp-{}", vpc.as_str().trim_start_matches("vpc-")));
        if self.profiles.remove(&profile).is_some() {
            return self.note(|| format!("{vpc} leaves {profile}"));
        }
        let zones = self.route53.zones.iter().filter(|(_, zone)| !zone.is_of_aws());
        let zones: Vec<_> = zones.map(|(zone, _)| zone.clone()).collect();
        if zones.is_empty() {
            return;
        }
        let zones: BTreeSet<_> = (0..2).map(|_| self.random.pick(&zones).clone()).collect();
        self.tally.count("Profiles associated");
        self.note(|| format!("{vpc} joins {profile}, which brings {zones:?}"));
        self.profiles.insert(profile, Profile { vpcs: [vpc].into(), zones });
    }

    pub(crate) fn profiles_of(
        &mut self,
        account: &AccountId,
        vpc: &VpcId,
        page: Option<&str>,
        seen: &Observations,
    ) -> Page<ProfileId> {
        if self.vpcs.get(vpc) != Some(account) {
            return Page { items: Vec::new(), next: None };
        }
        let mut names = self.defined.services.values().flat_map(|definition| &definition.names);
        if names.all(|name| seen.has_zone_for(vpc, name.as_dns_name())) {
            self.violation(format!("{vpc} is asked for its Profiles, and its own zones hold all names"));
        }
        self.tally.count("Profiles read");
        let of_vpc = self.profiles.iter().filter(|(_, profile)| profile.vpcs.contains(vpc));
        let of_vpc = of_vpc.map(|(id, _)| (id.to_string(), id.clone())).collect();
        self.page(of_vpc, page)
    }

    pub(crate) fn zones_of_profile(
        &mut self,
        profile: &ProfileId,
        page: Option<&str>,
    ) -> Page<(HostedZoneId, AccountId)> {
        let zones = self.profiles.get(profile).map(|profile| profile.zones.clone()).unwrap_or_default();
        let owner = |zone: &HostedZoneId| self.route53.zones.get(zone)?.account().cloned();
        let zones =
            zones.into_iter().filter_map(|zone| Some((zone.to_string(), (zone.clone(), owner(&zone)?))));
        let zones = zones.collect();
        self.page(zones, page)
    }

    /// The name of an account's zone.
    pub(crate) fn zone_name(&mut self, account: &AccountId, zone: &HostedZoneId) -> Option<DnsName> {
        let found = self.route53.zones.get(zone)?;
        let (owner, name) = (found.account().cloned(), found.name.clone());
        if owner.as_ref() != Some(account) {
            self.violation(format!("{account} asks for the name of {zone}, which it does not own"));
        }
        Some(name)
    }

    /// Whether a sweep within the next minutes reads the Profiles of a VPC once more.
    pub(crate) fn is_time_for_profiles(&self) -> bool {
        let soon = self.timestamp() + SignedDuration::from_mins(10);
        self.table.holds().any(|hold| match &hold.reason {
            HoldReason::NoZone { tried } => tried.is_none_or(|tried| tried.is_due(soon)),
            HoldReason::ProfileZone { tried, .. } => tried.is_due(soon),
            _ => false,
        })
    }

    /// What is to be held of a name that none of a VPC's own zones can hold.
    pub(crate) fn without_zone(&self, vpc: &VpcId, name: &DnsName) -> HoldReason {
        let of_vpc = self.profiles.iter().filter(|(_, profile)| profile.vpcs.contains(vpc));
        let zones = of_vpc.flat_map(|(id, profile)| profile.zones.iter().map(move |zone| (id, zone)));
        let zones = zones.filter_map(|(id, zone)| Some((id, zone, self.route53.zones.get(zone)?)));
        let held = zones.filter(|(_, _, zone)| zone.name.is_zone_of(name));
        let asked = held.max_by_key(|(_, _, zone)| zone.name.labels());
        asked.map_or(HoldReason::NoZone { tried: None }, |(profile, zone, _)| HoldReason::ProfileZone {
            profile: profile.clone(),
            zone: zone.clone(),
            tried: Tried { first: Timestamp::UNIX_EPOCH, last: Timestamp::UNIX_EPOCH },
        })
    }
}

/// Whether two holds say the same, whenever Profiles were read.
pub(crate) fn says(held: &HoldReason, should: &HoldReason) -> bool {
    match (held, should) {
        (HoldReason::NoZone { .. }, HoldReason::NoZone { .. }) => true,
        (
            HoldReason::ProfileZone { profile, zone, .. },
            HoldReason::ProfileZone { profile: same, zone: other, .. },
        ) => profile == same && zone == other,
        _ => held == should,
    }
}
