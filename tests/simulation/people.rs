//! What people at the console do: to record sets, to zones, to permissions.

use std::collections::BTreeSet;

use shared::model::claim::Released;
use shared::model::ids::VpcId;
use shared::model::policy::Removal;
use shared::model::record::{Addresses, RecordKey, SeenRecords};
use shared::model::table::{Condition, DefinitionItem, Item, Key, Partition, Write};
use shared::plan::vpc::handover::release;
use shared::plan::{Plan, Step};

use super::ec2::{Endpoint, Shape};
use super::events::intent;
use super::queue::Job;
use super::route53::{Slot, Zone};
use super::setting::{self, id};
use super::unneeded::DELETE_ZONE;
use super::world::World;

/// What may be refused in an account.
const DENIABLE: [&str; 7] = [
    "sts:AssumeRole",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeNetworkInterfaces",
    "route53:ListHostedZonesByVPC",
    "route53:GetHostedZone",
    "route53:ListResourceRecordSets",
    "route53:ChangeResourceRecordSets",
];

impl World {
    /// Writes, edits, repeats, deletes or replaces a record set by another kind.
    pub(crate) fn person_at_a_record(&mut self) {
        let keys = self.keys();
        if !keys.is_empty() {
            let key = self.random.pick(&keys).clone();
            self.person_at(key);
        }
    }

    /// The same at one record.
    pub(crate) fn person_at(&mut self, key: RecordKey) {
        let before = self.route53.slots.get(&key).map(|slot| slot.seen.clone()).unwrap_or_default();
        let set = |addresses: &Addresses, ttl| {
            SeenRecords::default()
                .apply(&SeenRecords::default().changes_to(addresses, ttl))
                .unwrap_or_default()
        };
        let ttl = *self.random.pick(&[30, 60, 300]);
        let claim = self.table.claim(&key).cloned();
        let after = match self.random.below(10) {
            0 => SeenRecords { incompatible: BTreeSet::from(["CNAME".to_owned()]), ..SeenRecords::default() },
            1..=3 => SeenRecords::default(),
            // What we want to be there, or had there before.
            4 => {
                claim.and_then(|claim| claim.pending).map_or(before.clone(), |pending| set(&pending.to, ttl))
            }
            5 => claim.map_or(before.clone(), |claim| set(&claim.addresses(), ttl)),
            6 | 7 => set(&self.some_published(), ttl),
            _ => {
                let host = self.random.between(1, 4);
                let a = BTreeSet::from([id(&format!("192.0.2.{host}"))]);
                set(&Addresses { a, ..Addresses::default() }, ttl)
            }
        };
        self.tally.count("records touched by people");
        let shown = format!("{} {:?}", after.addresses(), after.incompatible);
        self.note(|| format!("a person makes {key} answer {shown}, before {}", before.addresses()));
        let slot = Slot { seen: after, by_a_person: true, touched: Some(self.now) };
        self.route53.slots.insert(key, slot);
    }

    /// Takes a record back: `zonelink release`.
    pub(crate) fn person_takes_back(&mut self) {
        let claims: Vec<_> = self.table.claims().cloned().collect();
        if claims.is_empty() {
            return;
        }
        let claim = self.random.pick(&claims).clone();
        let released = Released { by: "arn:aws:iam::111122223333:user/ada".into(), at: self.timestamp() };
        let cause = intent(claim.zone_account.clone(), "zonelink release");
        // Refused for one that is on its way, or was taken back already.
        let Ok(plan) = release(&cause, &claim, released) else { return };
        let written = self.table.write(&writes_of(&plan));
        if !matches!(written, Ok(None)) {
            self.violation(format!("{} cannot be taken back: {written:?}", claim.key));
        }
        self.check_references();
        self.tally.count("records taken back");
        self.note(|| format!("a person takes {} back", claim.key));
        if let Some(slot) = self.route53.slots.get_mut(&claim.key) {
            slot.by_a_person = true;
        }
    }

    /// The addresses of an endpoint, as somebody would copy them by hand.
    fn some_published(&mut self) -> Addresses {
        let living = self.ec2.endpoints.values().filter_map(Endpoint::shape);
        let published: Vec<_> = living.filter_map(Shape::published).collect();
        if published.is_empty() { Addresses::default() } else { self.random.pick(&published).clone() }
    }

    /// Associates or dissociates a zone and a VPC, or deletes a zone.
    pub(crate) fn zone_and_vpc(&mut self) {
        if self.makes_zones && self.random.one_in(3) {
            return self.person_makes_a_zone();
        }
        let mut zones: Vec<_> = self.route53.zones.keys().cloned().collect();
        if self.has_zones_of_aws && self.random.one_in(2) {
            // Somebody turns the private DNS of an endpoint on or off.
            zones.retain(|zone| self.route53.zones[zone].is_of_aws());
        }
        let vpcs: Vec<VpcId> = self.vpcs.keys().cloned().collect();
        if zones.is_empty() {
            return;
        }
        let (zone, vpc) = (self.random.pick(&zones).clone(), self.random.pick(&vpcs).clone());
        if self.random.one_in(6) {
            self.note(|| format!("somebody deletes zone {zone} and all that is in it"));
            self.made_zones.touch(&zone, self.now);
            self.route53.zones.remove(&zone);
            self.route53.slots.retain(|key, _| key.zone != zone);
            return;
        }
        let name = self.route53.zones[&zone].name.clone();
        let conflict =
            |(other, facts): (&_, &Zone)| *other != zone && facts.name == name && facts.vpcs.contains(&vpc);
        if self.route53.zones.iter().any(conflict) {
            return;
        }
        let now = self.timestamp();
        self.made_zones.touch(&zone, self.now);
        if let Some(found) = self.route53.zones.get_mut(&zone) {
            let verb = if found.vpcs.remove(&vpc) {
                "dissociates"
            } else {
                found.vpcs.insert(vpc.clone());
                "associates"
            };
            self.note(|| format!("somebody {verb} {zone} and {vpc} at {now}"));
        }
    }

    /// Takes a permission away, or gives all of them back.
    pub(crate) fn access(&mut self) {
        if self.random.one_in(2) {
            self.note(|| "all that was denied is granted again".into());
            return self.grant_again();
        }
        let account = self.random.pick(&setting::accounts()).clone();
        let operation = if self.makes_zones && self.random.one_in(3) {
            let deletes = self.deletes_zones && self.random.one_in(2);
            if deletes { DELETE_ZONE } else { "route53:CreateHostedZone" }
        } else {
            *self.random.pick(&DENIABLE)
        };
        self.note(|| format!("{operation} is denied in {account}"));
        self.denied.insert((account, operation));
    }

    /// Removes or loses a definition, loses an item of the table, or lets a sweep remove more.
    pub(crate) fn operator(&mut self) {
        if self.makes_zones && self.random.one_in(3) {
            return self.operator_at_zones();
        }
        let services: Vec<_> = self.policy.services.keys().cloned().collect();
        let remembered = self.table.memories();
        match self.random.below(4) {
            0 if !services.is_empty() => {
                let service = self.random.pick(&services).clone();
                let removed = *self.random.pick(&[Removal::KeepRecords, Removal::DeleteRecords]);
                self.note(|| format!("{service} is removed: {removed:?}"));
                self.tally.count("definitions removed");
                if let Some(definition) = self.policy.services.get_mut(&service) {
                    definition.removed.get_or_insert(removed);
                }
                self.write_definitions();
            }
            1 if !services.is_empty() => {
                let service = self.random.pick(&services).clone();
                self.note(|| format!("the definition of {service} is lost"));
                self.tally.count("definitions lost");
                self.lost.extend(self.policy.services.remove_entry(&service));
                self.write_definitions();
            }
            2 if !remembered.is_empty() => {
                let (pk, sk) = self.random.pick(&remembered).clone();
                self.note(|| format!("the table's item of {sk} is deleted by hand"));
                self.tally.count("memories lost");
                self.table.remove(&pk, &sk);
                self.forgotten.insert(sk);
            }
            _ => {
                let allow_deletes = Some(u32::try_from(self.random.between(1, 3)).unwrap_or(1));
                self.queue.send(Job::Sweep { allow_deletes }, self.now);
            }
        }
    }

    /// Defines what was lost as it was.
    pub(crate) fn define_again(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        self.policy.services.extend(lost);
        self.write_definitions();
    }

    /// Makes the table hold what is defined now.
    pub(crate) fn write_definitions(&mut self) {
        for service in self.defined.services.keys() {
            match self.policy.services.get(service) {
                Some(definition) => {
                    let item = DefinitionItem { definition: definition.clone() };
                    self.table.insert(&Key::definition(service), &item.into());
                }
                None => _ = self.table.remove(&Partition::Definitions.pk(), service.as_str()),
            }
        }
    }

    /// Every defined name in every zone that can hold it.
    pub(crate) fn keys(&self) -> Vec<RecordKey> {
        let definitions = self.defined.services.values();
        let names: BTreeSet<_> = definitions
            .flat_map(|definition| &definition.names)
            .map(|name| name.as_dns_name().clone())
            .collect();
        let zones = self.route53.zones.iter().filter(|(_, zone)| !zone.is_of_aws());
        zones
            .flat_map(|(zone, facts)| {
                let held = names.iter().filter(|name| facts.name.is_zone_of(name));
                held.map(|name| RecordKey { zone: zone.clone(), name: name.clone() }).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// What the command line writes when a record is taken back.
fn writes_of(plan: &Plan) -> Vec<Write> {
    let mut writes = Vec::new();
    for step in plan.steps() {
        let Step::PutClaim { claim, expects, joins, leaves, .. } = step else { continue };
        let condition = expects.map_or(Condition::Absent, Condition::Version);
        writes.push(Write::Put(Key::claim(&claim.key), Item::Claim(claim.clone()), condition));
        writes.push(Write::Delete(Key::indexed_claim(&claim.key), Condition::None));
        let joins = joins.iter().map(|vpc| {
            Write::Put(Key::reference(vpc, &claim.key), claim.key.clone().into(), Condition::None)
        });
        writes.extend(joins);
        let leaves = leaves.iter();
        writes.extend(leaves.map(|vpc| Write::Delete(Key::reference(vpc, &claim.key), Condition::None)));
    }
    writes
}
