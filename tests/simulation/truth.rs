//! What every zone should hold, worked out from the truth in this file's own simple way, and what still
//! differs from it.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::claim::Claim;
use shared::model::dns::DnsName;
use shared::model::facts::{VpcEndpointState, ZoneOwner};
use shared::model::hold::{Hold, HoldReason, Subject};
use shared::model::ids::{AccountId, HostedZoneId, ServiceId, VpcId};
use shared::model::policy::{Adopt, Principal, ServiceDefinition, SharedZones, WriteTo};
use shared::model::record::{Addresses, RecordKey};

use super::route53::{Slot, Zone};
use super::world::World;

/// One thing that a name may rightly answer, and the service and VPCs that it is for.
struct Right {
    service: ServiceId,
    vpcs: BTreeSet<VpcId>,
    addresses: Addresses,
}

impl World {
    /// All that is not as it should be.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut differences = self.wrong_records();
        for (vpc, key) in self.table.references() {
            if self.table.claim(key).is_none() {
                differences.push(format!("{vpc} has a reference to {key}, and there is no claim"));
            }
        }
        differences.extend(self.dead_addresses());
        differences.extend(self.held_for_nothing());
        if self.denied_for_now().next().is_none() {
            differences.extend(self.holds_without_reason());
            differences.extend(self.unwanted_without_a_hold());
            differences.extend(self.unserved());
            differences.extend(self.wrong_zones());
        }
        differences
    }

    /// All records that are not as they should be, of those that Route 53 asks. Events lead to no record that a closer
    /// zone shadows: the next sweep does.
    pub(crate) fn wrong_answers(&self) -> Vec<String> {
        let is_asked = |key: &RecordKey| {
            let rights = self.rights(key);
            let mut vpcs = rights.iter().flat_map(|right| &right.vpcs);
            rights.is_empty() || vpcs.any(|vpc| self.asked(vpc, &key.name) == Some(&key.zone))
        };
        self.wrong_among(|key| is_asked(key) && !self.waits_behind_an_adoption(key))
    }

    /// All records that are not as they should be.
    pub(crate) fn wrong_records(&self) -> Vec<String> {
        self.wrong_among(|_| true)
    }

    fn wrong_among(&self, is_meant: impl Fn(&RecordKey) -> bool) -> Vec<String> {
        let mut keys: BTreeSet<RecordKey> = self.keys().into_iter().collect();
        keys.extend(self.table.claims().map(|claim| claim.key.clone()));
        keys.extend(self.route53.slots.keys().cloned());
        let readable = keys.iter().filter(|key| self.is_readable(key) && is_meant(key));
        readable.filter_map(|key| Some(format!("{key}: {}", self.difference(key)?))).collect()
    }

    fn is_readable(&self, key: &RecordKey) -> bool {
        let zone = self.route53.zones.get(&key.zone);
        let accounts: Vec<_> = self
            .vpcs
            .values()
            .chain(zone.and_then(|zone| match &zone.owner {
                ZoneOwner::Account(account) => Some(account),
                ZoneOwner::Service(_) => None,
            }))
            .chain(self.table.claim(key).map(|claim| &claim.zone_account))
            .collect();
        let owner = zone.and_then(Zone::account);
        !self.denied_for_now().any(|account| accounts.contains(&account))
            && !owner.is_some_and(|owner| self.is_closed(owner))
            && self.is_judged_beside_closed(self.table.claim(key))
    }

    /// What may stand at a name: one for each VPC, or all together, for each service that defines it.
    fn rights(&self, key: &RecordKey) -> Vec<Right> {
        let Some(zone) = self.route53.zones.get(&key.zone) else { return Vec::new() };
        let Some(owner) = zone.account() else { return Vec::new() };
        let mut rights = Vec::new();
        for definition in self.policy.services.values().filter(|definition| definition.removed.is_none()) {
            if !definition.names.iter().any(|name| *name.as_dns_name() == key.name) {
                continue;
            }
            let claim = self.table.claim(key).filter(|claim| claim.released.is_none());
            let mut by_vpc: BTreeMap<&VpcId, Addresses> = BTreeMap::new();
            for (name, endpoint) in self.ec2.endpoints.iter().filter(|(_, e)| e.service == definition.service)
            {
                let leaves =
                    definition.write == WriteTo::Answering && self.is_passed_over(&endpoint.vpc, key);
                if zone.vpcs.contains(&endpoint.vpc)
                    && lets_in(definition, &endpoint.account)
                    && !leaves
                    && let Some(published) = endpoint.shape().and_then(super::ec2::Shape::published)
                {
                    // What is from before anybody asked stays as it was, and nothing is added to it.
                    let stands = claim.and_then(|claim| claim.contributions.get(name));
                    let stands = stands.filter(|given| given.consent.is_none()).map(|given| &given.addresses);
                    let served = self.serves(owner, &endpoint.account);
                    if let Some(right) =
                        if served { Some(&published) } else { stands }.filter(|a| !a.is_empty())
                    {
                        by_vpc.entry(&endpoint.vpc).or_default().merge(right);
                    }
                }
            }
            if definition.shared_zones == SharedZones::Refuse {
                self.owner_first(owner, &mut by_vpc);
            }
            let service = definition.service.clone();
            if definition.shared_zones == SharedZones::Merge && !by_vpc.is_empty() {
                let vpcs = by_vpc.keys().copied().cloned().collect();
                let mut addresses = Addresses::default();
                for of_vpc in by_vpc.values() {
                    addresses.merge(of_vpc);
                }
                rights.push(Right { service, vpcs, addresses });
            } else {
                rights.extend(by_vpc.into_iter().map(|(vpc, addresses)| Right {
                    service: service.clone(),
                    vpcs: [vpc.clone()].into(),
                    addresses,
                }));
            }
        }
        rights
    }

    fn difference(&self, key: &RecordKey) -> Option<String> {
        let slot = self.route53.slots.get(key).cloned().unwrap_or_default();
        let claim = self.table.claim(key);
        let rights = self.rights(key);
        if claim.is_some_and(|claim| claim.released.is_some()) {
            // Whatever stands there is a person's.
            let held = |reason: &HoldReason| matches!(reason, HoldReason::Released { .. });
            return if rights.is_empty() {
                None
            } else {
                self.unless_held(key, &rights, held, "it was taken back")
            };
        }
        if rights.is_empty() {
            return left_over(&slot, claim);
        }
        if slot.seen.mark.is_some() {
            let held = |reason: &HoldReason| matches!(reason, HoldReason::ForeignController { .. });
            return self.unless_held(key, &rights, held, "another controller has marked it");
        }
        if !slot.seen.incompatible.is_empty() {
            let held = |reason: &HoldReason| matches!(reason, HoldReason::IncompatibleRecord { .. });
            return self.unless_held(key, &rights, held, "another kind of record set stands there");
        }
        let stands = slot.seen.addresses();
        let adopts_any = |right: &Right| self.policy.services[&right.service].adopt == Adopt::Any;
        let foreign = slot.by_a_person
            && !stands.is_empty()
            && match claim {
                None => !rights.iter().all(adopts_any),
                // Edited while we were about to change it; right at most by chance.
                Some(claim) => claim.pending.is_some(),
            };
        if foreign {
            let held = |reason: &HoldReason| matches!(reason, HoldReason::ForeignRecord { .. });
            return self.unless_held(key, &rights, held, &format!("somebody else's record answers {stands}"));
        }
        let wrong = self.wrong_claim(&slot, claim, &rights)?;
        if claim.is_some_and(|claim| claim.repairs.rest(self.timestamp()).is_some()) && slot.by_a_person {
            // Of what a closer zone answers, nothing is said.
            let mut vpcs = rights.iter().flat_map(|right| &right.vpcs);
            if !vpcs.any(|vpc| self.asked(vpc, &key.name) == Some(&key.zone)) {
                return None;
            }
            let held = |reason: &HoldReason| matches!(reason, HoldReason::Contended { .. });
            return self.unless_held(key, &rights, held, &wrong);
        }
        Some(wrong)
    }

    /// What is wrong with a record that is ours, or with its claim.
    fn wrong_claim(&self, slot: &Slot, claim: Option<&Claim>, rights: &[Right]) -> Option<String> {
        let stands = slot.seen.addresses();
        let right = claim.and_then(|claim| {
            rights.iter().find(|right| right.addresses == stands && right.service == claim.service)
        });
        let Some((right, claim)) = right.zip(claim) else {
            return Some(format!("it answers {stands}, claimed by {claim:?}"));
        };
        if claim.pending.is_some() || claim.confirmed != stands || claim.vpcs() != right.vpcs {
            return Some(format!("the record is right, the claim is not: {claim:?}"));
        }
        let ttl = self.policy.services[&right.service].ttl.seconds();
        let mut sets = slot.seen.a.iter().chain(&slot.seen.aaaa);
        sets.any(|set| set.ttl != ttl).then(|| "the TTL is wrong".into())
    }

    fn unless_held(
        &self,
        key: &RecordKey,
        rights: &[Right],
        fits: impl Fn(&HoldReason) -> bool,
        what: &str,
    ) -> Option<String> {
        // What is not asked is in nobody's way.
        let asks = |vpc: &&VpcId| self.asked(vpc, &key.name) == Some(&key.zone);
        let vpcs: Vec<_> = rights.iter().flat_map(|right| &right.vpcs).filter(asks).collect();
        let hold = |vpc: &&VpcId| self.table.hold(&Subject::Record(Clone::clone(*vpc), key.clone()));
        (!vpcs.is_empty() && !vpcs.iter().filter_map(hold).any(fits))
            .then(|| format!("{what}, and nothing says so"))
    }

    /// Whether what a hold on a record names is still so.
    fn stands_in_the_way(&self, vpc: &VpcId, key: &RecordKey, reason: &HoldReason) -> bool {
        let claim = self.table.claim(key);
        let stands = self.route53.slots.get(key).map(|slot| &slot.seen);
        match reason {
            HoldReason::ForeignRecord { seen } => {
                stands.is_some_and(|stands| stands.addresses() == *seen)
                    && claim.is_none_or(|claim| claim.pending.is_some())
            }
            HoldReason::IncompatibleRecord { .. } => {
                stands.is_some_and(|stands| !stands.incompatible.is_empty())
            }
            HoldReason::ForeignController { .. } => stands.is_some_and(|stands| stands.mark.is_some()),
            HoldReason::Contended { repairs, .. } => {
                let rests = claim.is_some_and(|claim| claim.repairs.rest(self.timestamp()).is_some());
                rests && 2 * self.repairs_within(key, 2) >= *repairs
            }
            HoldReason::NameTaken { service } => claim.is_some_and(|claim| claim.service == *service),
            HoldReason::SharedZone { vpc: other } => {
                other != vpc && claim.is_some_and(|claim| claim.vpcs().contains(other))
            }
            HoldReason::Released { .. } => claim.is_some_and(|claim| claim.released.is_some()),
            _ => false,
        }
    }

    /// Holds on what is no more.
    fn holds_without_reason(&self) -> Vec<String> {
        let stale = self.table.holds().filter(|hold| !self.has_cause(&hold.subject, &hold.reason));
        let words = |Hold { subject, reason, .. }: &Hold| {
            format!("the hold on {subject} stands though its cause is gone: {reason}")
        };
        stale.map(words).collect()
    }

    /// Whether what a hold names is still so.
    fn has_cause(&self, subject: &Subject, reason: &HoldReason) -> bool {
        match subject {
            // What few looks come to stands for as long as something is left to look at.
            Subject::Account(account) => {
                let is_rare = matches!(reason, HoldReason::NoAccess(denied) if denied.is_rarely_met());
                (is_rare || self.is_closed(account)) && self.is_something_left(account)
            }
            _ if self.is_out_of_sight(subject) => true,
            Subject::VpcEndpoint(_, name) => {
                self.ec2.endpoints.get(name).is_some_and(|endpoint| endpoint.shape().is_some())
            }
            Subject::Connection(_, name) => {
                let shape = self.ec2.endpoints.get(name).and_then(|endpoint| endpoint.shape());
                shape.is_some_and(|shape| match reason {
                    HoldReason::NotAllowed { .. } => shape.state == VpcEndpointState::PendingAcceptance,
                    HoldReason::Revoked { .. } => {
                        matches!(shape.state, VpcEndpointState::Pending | VpcEndpointState::Available)
                    }
                    _ => true,
                })
            }
            Subject::Record(vpc, key) if matches!(reason, HoldReason::ZoneOwnerConsent { .. }) => {
                self.is_unwanted(vpc, key)
            }
            Subject::Record(vpc, key) => {
                let zone = self.route53.zones.get(&key.zone);
                let needed = zone.is_some_and(|zone| zone.vpcs.contains(vpc)) && !self.rights(key).is_empty();
                let is_asked = self.asked(vpc, &key.name) == Some(&key.zone);
                needed && is_asked && self.stands_in_the_way(vpc, key, reason)
            }
            Subject::Name(vpc, name) => {
                let publishes = self.published().any(|(of, _, published)| of == vpc && published == name);
                publishes && self.is_right_hold(vpc, name, Some(reason))
            }
            Subject::UnknownEndpoint(account, name) => {
                let endpoint = self.ec2.endpoints.get(name);
                endpoint.is_some_and(|endpoint| endpoint.account == *account && endpoint.shape().is_some())
            }
            Subject::Definition(_) => true,
            // Only too many rejects hold a service here, and no list has to be read.
            Subject::Service(service) => self.strangers(service) > 2,
            Subject::AllowList(_) => false,
        }
    }
}

/// Whether whoever is connected gets a record. No list changes in the schedules.
pub(crate) fn lets_in(definition: &ServiceDefinition, owner: &AccountId) -> bool {
    definition.allows(owner).is_some() || definition.allowed_principals.contains(&Principal::Connected)
}

impl World {
    /// The zones of accounts, or all, that could hold a name for a VPC, the closest first.
    fn zones_for(&self, vpc: &VpcId, name: &DnsName) -> Vec<(&HostedZoneId, &Zone)> {
        let could =
            |(_, zone): &(&HostedZoneId, &Zone)| zone.vpcs.contains(vpc) && zone.name.is_zone_of(name);
        let mut zones: Vec<_> = self.route53.zones.iter().filter(could).collect();
        zones.sort_by_key(|(_, zone)| std::cmp::Reverse(zone.name.to_string().len()));
        zones
    }

    /// The zone that Route 53 asks for a name.
    pub(crate) fn asked(&self, vpc: &VpcId, name: &DnsName) -> Option<&HostedZoneId> {
        self.zones_for(vpc, name).first().map(|(id, _)| *id)
    }

    /// Whether a VPC has a closer zone that can be written.
    fn is_passed_over(&self, vpc: &VpcId, key: &RecordKey) -> bool {
        let writable = self.zones_for(vpc, &key.name).into_iter().find(|(_, zone)| !zone.is_of_aws());
        writable.is_some_and(|(id, _)| *id != key.zone)
    }

    /// What is to be held of a name that no zone that can be written answers.
    pub(crate) fn no_answer(&self, vpc: &VpcId, name: &DnsName) -> Option<HoldReason> {
        let zones = self.zones_for(vpc, name);
        let Some((id, zone)) = zones.first() else { return Some(self.without_zone(vpc, name)) };
        let ZoneOwner::Service(service) = &zone.owner else { return None };
        Some(HoldReason::ShadowedByPrivateDns { zone: Clone::clone(*id), service: service.clone() })
    }

    /// The names that endpoints publish, each with the VPC and the service.
    pub(crate) fn published(&self) -> impl Iterator<Item = (&VpcId, &ServiceId, &DnsName)> {
        let publishing = self
            .ec2
            .endpoints
            .values()
            .filter(|one| one.shape().is_some_and(|shape| shape.published().is_some()));
        publishing.flat_map(|endpoint| {
            let definition = self.policy.services.get(&endpoint.service);
            let definition =
                definition.filter(|one| one.removed.is_none() && lets_in(one, &endpoint.account));
            let names = definition.into_iter().flat_map(|definition| &definition.names);
            names.map(|name| (&endpoint.vpc, &endpoint.service, name.as_dns_name()))
        })
    }

    /// Who needs a name, is not answered, and nothing says so.
    fn unserved(&self) -> Vec<String> {
        let mut unserved = Vec::new();
        for (vpc, service, name) in self.published() {
            let subject = Subject::Name(vpc.clone(), name.clone());
            if let Some(reason) = self.no_answer(vpc, name) {
                let held = self.table.hold(&subject);
                if !self.is_right_hold(vpc, name, held) {
                    unserved.push(format!("{subject} is not held: {reason}, but {held:?}"));
                }
            } else if let Some(zone) = self.asked(vpc, name) {
                let key = RecordKey { zone: zone.clone(), name: name.clone() };
                let serves = |claim: &Claim| claim.service == *service && claim.vpcs().contains(vpc);
                let is_held = self.table.hold(&Subject::Record(vpc.clone(), key.clone())).is_some();
                if !self.table.claim(&key).is_some_and(serves) && !is_held {
                    unserved.push(format!("{vpc} has nothing in {key}, which it asks, and is not held"));
                }
            }
        }
        unserved
    }

    /// How many living connections of a service no rule matches.
    fn strangers(&self, service: &ServiceId) -> usize {
        let of_service = self.ec2.endpoints.values().filter(|endpoint| endpoint.service == *service);
        let living = of_service.filter(|endpoint| {
            use VpcEndpointState as State;
            let state = endpoint.shape().map(|shape| &shape.state);
            matches!(state, Some(State::PendingAcceptance | State::Pending | State::Available))
        });
        let allows = |endpoint: &super::ec2::Endpoint| {
            let definition = self.policy.services.get(&endpoint.service);
            definition.is_some_and(|definition| definition.allows(&endpoint.account).is_some())
        };
        living.filter(|endpoint| !allows(endpoint)).count()
    }
}

/// What stands at a name that nothing needs.
fn left_over(slot: &Slot, claim: Option<&Claim>) -> Option<String> {
    if let Some(claim) = claim {
        return Some(format!("nothing needs it, and it is claimed: {claim:?}"));
    }
    let stands = slot.seen.addresses();
    (!slot.by_a_person && !stands.is_empty() && slot.seen.mark.is_none())
        .then(|| format!("nothing needs it, and it answers {stands}"))
}
