//! What a seed begins with: services and their definitions, VPCs, zones.

use std::collections::BTreeSet;
use std::str::FromStr;

use shared::config::Config;
use shared::model::consent::Served;
use shared::model::facts::ZoneOwner;
use shared::model::ids::{AccountId, HostedZoneId, VpcId};
use shared::model::policy::{
    Adopt, Disallowed, OnRemove, Policy, ServiceDefinition, SharedZones, Ttl, UnneededZones, WriteTo,
    ZoneChoice,
};
use shared::model::rate::Rate;

use super::random::Random;
use super::route53::Zone;
use super::world::World;

pub(crate) const OWN: &str = "111122223333";
pub(crate) const CLIENTS: [&str; 2] = ["444455556666", "555566667777"];
pub(crate) const STRANGER: &str = "999900001111";
/// Owns zones and no VPC.
const ZONE_KEEPER: &str = "222233334444";
const SERVICES: [&str; 2] = ["vpce-svc-00000001", "vpce-svc-00000002"];
const NAMES: [&str; 2] = ["*.aws.byoc.example.com", "in02.aws.byoc.example.com"];

/// Zones of endpoints that have private DNS: one before all others, one before the wide zone alone.
const OF_AWS: [(&str, &str); 2] = [("ZS1", "*.aws.byoc.example.com"), ("ZS2", "byoc.example.com")];

/// A text as the value that it is known to be.
pub(crate) fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(crate) fn policy(random: &mut Random) -> Policy {
    let mut services = Vec::new();
    for number in 0..=usize::from(random.one_in(2)) {
        let same_name = random.one_in(5);
        let mut allowed_principals = BTreeSet::from([id(CLIENTS[0])]);
        allowed_principals.extend((!random.one_in(4)).then(|| id(CLIENTS[1])));
        services.push(ServiceDefinition {
            service: id(SERVICES[number]),
            names: BTreeSet::from([id(NAMES[if same_name { 0 } else { number }])]),
            allowed_principals,
            disallowed: *random.pick(&[Disallowed::Leave, Disallowed::Leave, Disallowed::Reject]),
            // Over at once, or not while the schedule lasts: else one sweep would differ from the next.
            revocation_grace: *random.pick(&[0, 7 * 86_400]),
            ttl: Ttl::try_from(*random.pick(&[60, 30])).unwrap(),
            adopt: *random.pick(&[Adopt::Never, Adopt::Identical, Adopt::Identical, Adopt::Any]),
            on_remove: *random.pick(&[OnRemove::Keep, OnRemove::Keep, OnRemove::Delete]),
            shared_zones: *random.pick(&[SharedZones::Refuse, SharedZones::Merge]),
            write: WriteTo::Every,
            zones: ZoneChoice::Existing,
            unneeded_zones: UnneededZones::Keep,
            removed: None,
        });
    }
    let services = services.into_iter().map(|service| (service.service.clone(), service)).collect();
    Policy { region: id("us-west-2"), services }
}

/// The share of Route 53 requests: what the template gives, or next to nothing.
pub(crate) fn rate(random: &mut Random) -> Rate {
    *random.pick(&[Rate::default(), Rate::default(), Rate::default(), Rate { per_second: 1, burst: 2 }])
}

/// What the functions are configured with.
pub(crate) fn config(world: &World) -> Config {
    Config {
        table_name: "table".into(),
        queue_url: "queue".into(),
        account: id(OWN),
        region: world.policy.region.clone(),
        stack_name: "zonelink".into(),
        client_role_name: "zonelink-client".into(),
        external_id: None,
        organizations_role: None,
        serves_vpcs_of: Served::default(),
        max_rejects: 2,
        rate: world.rate,
        max_deletes: world.max_deletes,
        max_zones: world.max_zones,
        own_service: None,
    }
}

/// Puts VPCs and zones into an empty world.
pub(crate) fn build(world: &mut World) {
    let mut vpcs: Vec<VpcId> = Vec::new();
    for number in 1..=world.random.between(1, 3) {
        let account = if number == 3 && world.random.one_in(3) {
            STRANGER
        } else {
            *world.random.pick(&[CLIENTS[0], CLIENTS[0], CLIENTS[1]])
        };
        let vpc: VpcId = id(&format!("vpc-0000000{number}"));
        world.vpcs.insert(vpc.clone(), id(account));
        vpcs.push(vpc);
    }
    for (zone, name) in
        [("Z1", "aws.byoc.example.com"), ("Z2", "example.com"), ("Z3", "aws.byoc.example.com")]
    {
        let account = *world.random.pick(&[CLIENTS[0], CLIENTS[0], ZONE_KEEPER]);
        let owner = ZoneOwner::Account(id(account));
        let (vpcs, caller_reference) = (BTreeSet::new(), zone.to_owned());
        world.route53.zones.insert(id(zone), Zone { name: id(name), owner, vpcs, caller_reference });
    }
    if world.has_zones_of_aws {
        for (zone, name) in OF_AWS {
            let vpcs = vpcs.iter().filter(|_| world.random.one_in(4)).cloned().collect();
            let owner = ZoneOwner::Service("vpce.amazonaws.com".into());
            let caller_reference = zone.to_owned();
            world.route53.zones.insert(id(zone), Zone { name: id(name), owner, vpcs, caller_reference });
        }
    }
    for vpc in vpcs {
        // Two zones of one name cannot both answer a VPC.
        let choices = if world.makes_zones {
            [Some("Z1"), None, None, None]
        } else {
            [Some("Z1"), Some("Z1"), Some("Z3"), None]
        };
        let first: Option<HostedZoneId> = world.random.pick(&choices).map(id);
        let rare = if world.makes_zones { 8 } else { 3 };
        let second: Option<HostedZoneId> = world.random.one_in(rare).then(|| id("Z2"));
        for zone in first.into_iter().chain(second) {
            if let Some(zone) = world.route53.zones.get_mut(&zone) {
                zone.vpcs.insert(vpc.clone());
            }
        }
    }
}

/// The accounts in which something may be refused.
pub(crate) fn accounts() -> [AccountId; 3] {
    [id(CLIENTS[0]), id(CLIENTS[1]), id(ZONE_KEEPER)]
}
