//! The steps of a scripted schedule that act on the world: what clients, people, EC2 and time do, each said
//! outright and none of it drawn. Nothing here knows how a job is run.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use shared::model::facts::{InterfaceFacts, IpAddressType, VpcEndpointState, ZoneOwner};
use shared::model::ids::{ServiceId, VpcEndpointId, VpcId};
use shared::model::policy::{
    Adopt, Disallowed, OnRemove, Policy, Removal, ServiceDefinition, SharedZones, Ttl, UnneededZones,
    WriteTo, ZoneChoice,
};
use shared::model::rate::Rate;
use shared::model::record::{Addresses, RecordKey, SeenRecords};
use shared::model::table::{BucketUpdate, Partition};

use super::ec2::{Endpoint, Shape, describe, subnet_id};
use super::faults::Faults;
use super::pages::Cut;
use super::random::Random;
use super::route53::{Route53, Slot, Zone};
use super::setting::{CLIENTS, id};
use super::table::Table;
use super::world::World;

pub(crate) const SERVICE: &str = "vpce-svc-00000001";
const NAME: &str = "*.aws.byoc.example.com";
const ZONE: &str = "Z1";

/// The one record of a script.
pub(crate) fn record() -> RecordKey {
    RecordKey { zone: id(ZONE), name: id(NAME) }
}

/// The VPC of this number.
pub(crate) fn numbered_vpc(number: usize) -> String {
    format!("vpc-{number:08}")
}

/// The record sets that answer these addresses.
pub(crate) fn answering(values: &[&str]) -> SeenRecords {
    let none = SeenRecords::default();
    none.apply(&none.changes_to(&addresses(values), 60)).unwrap()
}

fn addresses(values: &[&str]) -> Addresses {
    let mut all = Addresses::default();
    for value in values {
        match id(value) {
            IpAddr::V4(v4) => _ = all.a.insert(v4),
            IpAddr::V6(v6) => _ = all.aaaa.insert(v6),
        }
    }
    all
}

impl World {
    /// A world in which nothing goes wrong by itself: one service with one name, and one zone of that name's
    /// domain that answers these VPCs, the first of the first client, the second of the second, and so on.
    pub(crate) fn scripted(shared_zones: SharedZones, vpcs: &[&str]) -> Self {
        let definition = ServiceDefinition {
            service: id(SERVICE),
            names: BTreeSet::from([id(NAME)]),
            allowed_principals: CLIENTS.map(id).into(),
            disallowed: Disallowed::Leave,
            revocation_grace: 0,
            ttl: Ttl::try_from(60).unwrap(),
            adopt: Adopt::Identical,
            on_remove: OnRemove::Keep,
            shared_zones,
            write: WriteTo::Every,
            zones: ZoneChoice::Existing,
            unneeded_zones: UnneededZones::Keep,
            removed: None,
        };
        let policy =
            Policy { region: id("us-west-2"), services: [(definition.service.clone(), definition)].into() };
        // Each step of a call takes a millisecond. Chance has nothing left but by how much less than a second a
        // message that waits is early.
        let mut world = World::new(0, Random::new(0), true);
        world.faults = Faults { pace: 1, ..Faults::none() };
        (world.cut, world.with_texts) = (Cut::Never, false);
        (world.rate, world.max_deletes) = (Rate::default(), 20);
        (world.route53, world.table) = (Route53::default(), Table::default());
        (world.defined, world.policy) = (policy.clone(), policy);
        world.write_definitions();
        world.vpcs = vpcs.iter().zip(CLIENTS).map(|(vpc, account)| (id(vpc), id(account))).collect();
        let (name, owner) = (id("aws.byoc.example.com"), ZoneOwner::Account(id(CLIENTS[0])));
        let zone =
            Zone { name, owner, vpcs: world.vpcs.keys().cloned().collect(), caller_reference: String::new() };
        world.route53.zones = [(id(ZONE), zone)].into();
        world
    }

    /// The same, with one client to which all VPCs belong.
    pub(crate) fn of_one_client(count: usize) -> Self {
        let names: Vec<_> = (1..=count).map(numbered_vpc).collect();
        let mut world = Self::scripted(SharedZones::Merge, &[]);
        world.rate = Rate { per_second: 1_000, burst: 1_000 };
        world.vpcs = names.iter().map(|vpc| (id(vpc), id(CLIENTS[0]))).collect();
        for zone in world.route53.zones.values_mut() {
            zone.vpcs = world.vpcs.keys().cloned().collect();
        }
        world
    }

    /// The service is not defined any more, and its records are left as they are.
    pub(crate) fn definition_is_removed(&mut self) {
        for policy in [&mut self.defined, &mut self.policy] {
            policy.services.values_mut().for_each(|d| d.removed = Some(Removal::KeepRecords));
        }
        self.write_definitions();
    }

    /// A client creates an endpoint with an interface for each address, each in a subnet of its own, and it
    /// waits to be accepted.
    pub(crate) fn client_creates(&mut self, name: &str, vpc: &str, values: &[&str]) {
        let vpc: VpcId = id(vpc);
        let interface = |(subnet, value): (usize, &&str)| {
            let found = InterfaceFacts { subnet: subnet_id(&vpc, subnet), addresses: addresses(&[value]) };
            (id(&format!("eni-{}{subnet}", name.trim_start_matches("vpce-0"))), found)
        };
        let shape = Shape {
            state: VpcEndpointState::PendingAcceptance,
            family: IpAddressType::Ipv4,
            subnets: (0..values.len()).map(|subnet| subnet_id(&vpc, subnet)).collect(),
            interfaces: values.iter().enumerate().map(interface).collect(),
        };
        let (account, service) = (self.vpcs[&vpc].clone(), id::<ServiceId>(SERVICE));
        self.note(|| format!("{account} creates {name} in {vpc}: {}", describe(Some(&shape))));
        let mut endpoint = Endpoint { account, vpc, service, past: Vec::new(), settles: None };
        endpoint.turn(self.now, Some(shape), None);
        self.ec2.endpoints.insert(id(name), endpoint);
    }

    /// A client has an endpoint of another type than Interface.
    pub(crate) fn client_has_a_gateway(&mut self, name: &str, vpc: &str) {
        let account = self.vpcs[&id::<VpcId>(vpc)].clone();
        self.note(|| format!("{account} creates the gateway endpoint {name} in {vpc}"));
        self.ec2.of_other_types.insert(id(name), account);
    }

    /// An endpoint is in this state from now on.
    pub(crate) fn turns(&mut self, name: &str, state: VpcEndpointState) {
        let now = self.now;
        self.note(|| format!("EC2: {name} is {state}"));
        let endpoint = self.ec2.endpoints.get_mut(&id::<VpcEndpointId>(name)).unwrap();
        let shape = endpoint.shape().cloned().map(|shape| Shape { state, ..shape });
        endpoint.turn(now, shape, None);
    }

    /// A client deletes an endpoint, and EC2 does not show it any more.
    pub(crate) fn goes(&mut self, name: &str) {
        let now = self.now;
        self.note(|| format!("EC2: {name} is gone"));
        self.ec2.endpoints.get_mut(&id::<VpcEndpointId>(name)).unwrap().turn(now, None, None);
    }

    /// A person makes the record what it is from now on.
    pub(crate) fn person_makes_it(&mut self, seen: SeenRecords) {
        self.note(|| format!("a person makes it answer {} {:?}", seen.addresses(), seen.incompatible));
        let slot = Slot { seen, by_a_person: true, touched: Some(self.now) };
        self.route53.slots.insert(record(), slot);
    }

    /// Somebody deletes the table's item of an endpoint.
    pub(crate) fn is_forgotten(&mut self, name: &str) {
        self.note(|| format!("the table's item of {name} is deleted by hand"));
        self.table.remove(&Partition::Endpoints(id(SERVICE)).pk(), name).unwrap();
        self.forgotten.insert(name.to_owned());
    }

    /// A machine whose clock is ahead by so many milliseconds has used the account's bucket, and taken a turn there.
    pub(crate) fn a_clock_is_ahead(&mut self, vpc: &str, by: i64) {
        let (account, now) = (self.vpcs[&id::<VpcId>(vpc)].clone(), self.now);
        self.note(|| format!("a clock that is {by} ms ahead moves the bucket of {account}"));
        let at = Timestamp::from_millisecond(now + by).unwrap();
        for update in [
            BucketUpdate::FullAt { full_at: at, at_most: at },
            BucketUpdate::TurnAt { turn_at: at, at_most: at },
        ] {
            self.table.update_bucket(&account, update, i64::MAX).unwrap();
        }
    }

    /// What the record answers.
    pub(crate) fn answers(&self) -> String {
        self.route53.record_sets(&record()).unwrap_or_default().addresses().to_string()
    }
}
