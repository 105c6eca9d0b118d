//! Owners of zones, who say whose VPCs they serve, and what that means for what may be written.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::claim::{Claim, Contribution};
use shared::model::hold::Subject;
use shared::model::ids::{AccountId, ServiceId, VpcId};
use shared::model::policy::SharedZones;
use shared::model::record::{Addresses, RecordKey};

use super::observations::Observations;
use super::route53::{Slot, Zone};
use super::truth::lets_in;
use super::world::World;

impl World {
    /// Whether an account serves VPCs of another one with its zones.
    pub(crate) fn serves(&self, owner: &AccountId, guest: &AccountId) -> bool {
        owner == guest || !self.owners_consent || self.guests.contains(&(owner.clone(), guest.clone()))
    }

    /// Some owners serve others from the start: else hardly any guest would be there before the owner's own VPCs.
    pub(crate) fn some_are_served(&mut self) {
        if self.owners_consent {
            let pairs = self.owners_and_guests();
            self.guests = pairs.into_iter().filter(|_| self.random.one_in(2)).collect();
        }
    }

    /// The owner of a zone says that it serves the VPCs of an account, or that it does not any more.
    pub(crate) fn owner_says(&mut self) {
        let pairs = self.owners_and_guests();
        if pairs.is_empty() {
            return;
        }
        let pair = self.random.pick(&pairs).clone();
        let serves = !self.guests.remove(&pair) && self.guests.insert(pair.clone());
        self.tally.count(if serves { "consents given" } else { "consents taken back" });
        let verb = if serves { "serves" } else { "does not serve" };
        self.note(|| format!("{} {verb} VPCs of {} from now on", pair.0, pair.1));
    }

    /// Each owner of a zone with each other account that has VPCs.
    fn owners_and_guests(&self) -> Vec<(AccountId, AccountId)> {
        let owners: BTreeSet<_> = self.route53.zones.values().filter_map(Zone::account).cloned().collect();
        let accounts: BTreeSet<_> = self.vpcs.values().cloned().collect();
        let owners = owners.into_iter().flat_map(|owner| {
            let others = accounts.iter().filter(|account| **account != owner).cloned();
            others.map(|guest| (owner.clone(), guest)).collect::<Vec<_>>()
        });
        owners.collect()
    }

    /// Whether a record may take in what a VPC gives: its account owns the zone, or that account has consented.
    pub(crate) fn may_be_written(&self, key: &RecordKey, given: &Contribution, seen: &Observations) -> bool {
        let Some(pair) = self.owner_and_guest(key, given) else { return true };
        !self.owners_consent || seen.consents.contains(&pair)
    }

    /// The owner of a zone and the account of a VPC, where they are two.
    pub(crate) fn owner_and_guest(
        &self,
        key: &RecordKey,
        given: &Contribution,
    ) -> Option<(AccountId, AccountId)> {
        let owner = self.route53.zones.get(&key.zone)?.account()?;
        let account = &self.vpcs[&given.vpc];
        (account != owner).then(|| (owner.clone(), account.clone()))
    }

    /// Whether a VPC leaves a record that is one VPC's alone to one of the zone's owner.
    pub(crate) fn makes_room(&self, key: &RecordKey, given: &Contribution, written: Option<&Claim>) -> bool {
        let refuses = |claim: &Claim| {
            let definition =
                self.policy.services.get(&claim.service).or_else(|| self.lost.get(&claim.service));
            definition.is_some_and(|definition| definition.shared_zones == SharedZones::Refuse)
        };
        let owners = |claim: &Claim| {
            let mut all = claim.contributions.values().filter(|given| !given.addresses.is_empty());
            all.any(|given| self.owner_and_guest(key, given).is_none())
        };
        self.owner_and_guest(key, given).is_some()
            && written.is_some_and(|claim| refuses(claim) && owners(claim))
    }

    /// Whether the addresses of a VPC, which its owner does not want there, were taken out by somebody, or had the
    /// owner's consent and have been without it for long enough.
    pub(crate) fn was_taken_away(&self, key: &RecordKey, given: &Contribution, seen: &Observations) -> bool {
        let stands = |slot: &Slot| given.addresses.is_within(&slot.seen.addresses());
        let since = given.consent.as_ref().and_then(|consent| consent.denied_since);
        let is_over = since.is_some_and(|since| self.now - since.as_millisecond() >= 15 * 60_000 - 5_000);
        let taken = !seen.slots(key).all(stands) || seen.slots(key).next().is_none();
        let Some(pair) = self.owner_and_guest(key, given) else { return false };
        let refused = seen.refusals.contains(&pair);
        // A worker of another VPC goes by what the claim says.
        let unsaid = given.consent.as_ref().is_none_or(|consent| consent.denied_since.is_some());
        refused && (taken || is_over) || unsaid && taken
    }

    /// Of VPCs that want a record for themselves, those of the zone's owner come first.
    pub(crate) fn owner_first(&self, owner: &AccountId, by_vpc: &mut BTreeMap<&VpcId, Addresses>) {
        let is_owners = |vpc: &VpcId| self.vpcs[vpc] == *owner;
        if by_vpc.keys().any(|vpc| is_owners(vpc)) {
            by_vpc.retain(|vpc, _| is_owners(vpc));
        }
    }

    /// Whether a VPC would write a record, had the zone's owner consented.
    pub(crate) fn is_unwanted(&self, vpc: &VpcId, key: &RecordKey) -> bool {
        let Some(zone) = self.route53.zones.get(&key.zone) else { return false };
        let defines = |service: &ServiceId| {
            let definition =
                self.policy.services.get(service).filter(|definition| definition.removed.is_none());
            definition.is_some_and(|d| {
                d.names.iter().any(|name| *name.as_dns_name() == key.name) && lets_in(d, &self.vpcs[vpc])
            })
        };
        let mut of_vpc = self.ec2.endpoints.values().filter(|e| e.vpc == *vpc && defines(&e.service));
        // Of what a closer zone answers, nothing is said.
        self.asked(vpc, &key.name) == Some(&key.zone)
            && zone.account().is_some_and(|owner| !self.serves(owner, &self.vpcs[vpc]))
            && of_vpc.any(|endpoint| endpoint.shape().is_some_and(|shape| shape.published().is_some()))
    }

    /// VPCs whose records are missing for want of consent, without a word.
    pub(crate) fn unwanted_without_a_hold(&self) -> Vec<String> {
        let mut silent = Vec::new();
        for key in self.keys() {
            for vpc in self.vpcs.keys().filter(|vpc| self.is_unwanted(vpc, &key)) {
                if self.table.hold(&Subject::Record(vpc.clone(), key.clone())).is_none() {
                    silent.push(format!("{key} is not written for {vpc}, and nothing says so"));
                }
            }
        }
        silent
    }
}
