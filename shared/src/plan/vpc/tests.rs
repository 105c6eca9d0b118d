mod closed;
mod denied;
mod made_zones;
mod unneeded_zones;
mod zoneless;
mod zones;

use super::*;
use crate::model::claim::{Contribution as Claimed, Origin};
use crate::model::consent::Consent;
use crate::model::dns::DnsName;
use crate::model::facts::VpcFacts;
use crate::model::facts::{
    Denied, EndpointFacts, InterfaceFacts, IpAddressType, PrivateHostedZone, StoredEndpoint,
    VpcEndpointState, Wait,
};
use crate::model::ids::VpcEndpointId;
use crate::model::policy::{Removal, ServiceDefinition, SharedZones};
use crate::model::record::{Addresses, RecordKey, SeenRecords};
use crate::model::repairs::Repairs;
use crate::model::run::{RequestedBy, RunPart};
use crate::plan::steps::Step;
use jiff::Timestamp;

pub(super) const SERVICE: &str = "vpce-svc-0123456789abcdef0";
pub(super) const NAME: &str = "*.aws.byoc.example.com";

pub(super) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub(super) fn policy() -> Policy {
    let json =
        format!(r#"{{"service":"{SERVICE}","names":["{NAME}"],"allowed_principals":["444455556666"]}}"#);
    let definition: ServiceDefinition = serde_json::from_str(&json).unwrap();
    Policy { region: id("us-west-2"), services: [(definition.service.clone(), definition)].into() }
}

pub(super) fn intent() -> Intent {
    Intent {
        account: id("444455556666"),
        vpc_endpoints: BTreeSet::new(),
        vpcs: BTreeSet::new(),
        announced: true,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority: crate::model::rate::Priority::Event,
        edit: None,
        cause: "a test".into(),
        since: None,
        run: None,
    }
}

pub(super) fn now() -> Timestamp {
    id("2026-03-02T09:15:00Z")
}

pub(super) fn endpoint_id(number: u8) -> VpcEndpointId {
    id(&format!("vpce-0000000{number}"))
}

/// Facts of one VPC with one zone, built up like a sentence.
pub(super) struct World(pub(super) Facts);

impl World {
    pub(super) fn new() -> Self {
        let zone = PrivateHostedZone::of_account(id("aws.byoc.example.com"), id("444455556666"));
        let vpc = VpcFacts {
            vpc: id("vpc-0123456789abcdef0"),
            endpoints: BTreeMap::new(),
            stored: BTreeMap::new(),
            zones: Some(Ok([(id("Z1"), zone)].into())),
            profiles: None,
            records: vec![record("Z1")],
            holds: BTreeMap::new(),
            zone_claims: BTreeMap::new(),
            making: None,
        };
        World(Facts {
            account: id("444455556666"),
            now: now(),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: vec![vpc],
            unknown: BTreeSet::new(),
            waits: BTreeMap::new(),
            interfaces_read: true,
        })
    }

    pub(super) fn with(mut self, number: u8, state: Option<&str>, addresses: &[&str]) -> Self {
        let interfaces = addresses.iter().enumerate().map(|(index, address)| {
            let a = address.parse().into_iter().collect();
            let subnet = id(&format!("subnet-0000000{index}"));
            let facts = InterfaceFacts { subnet, addresses: Addresses { a, ..Addresses::default() } };
            (id(&format!("eni-00000{number}0{index}")), facts)
        });
        let endpoint = EndpointFacts {
            service: id(SERVICE),
            state: state.map(VpcEndpointState::from),
            ip_address_type: IpAddressType::Ipv4,
            subnets: (0..addresses.len().max(1)).map(|i| id(&format!("subnet-0000000{i}"))).collect(),
            interfaces: interfaces.collect(),
        };
        self.vpc().endpoints.insert(endpoint_id(number), endpoint);
        self
    }

    pub(super) fn known_since(mut self, number: u8, first_seen: &str) -> Self {
        let vpc = self.0.vpcs[0].vpc.clone();
        let stored = StoredEndpoint {
            service: id(SERVICE),
            vpc_endpoint: endpoint_id(number),
            account: id("444455556666"),
            vpc,
            state: Some(VpcEndpointState::Available),
            addresses: Addresses::default(),
            allowed: None,
            first_seen: id(first_seen),
            expires_at: None,
        };
        self.vpc().stored.insert(endpoint_id(number), stored);
        self
    }

    pub(super) fn claimed_by(mut self, number: u8, vpc: &str, address: &str) -> Self {
        let a = BTreeSet::from([id(address)]);
        let addresses = Addresses { a, ..Addresses::default() };
        let claimed = Claimed {
            vpc: id(vpc),
            account: id("444455556666"),
            addresses: addresses.clone(),
            consent: None,
        };
        let record = &mut self.vpc().records[0];
        record.seen = SeenRecords::default()
            .apply(&SeenRecords::default().changes_to(&addresses, 60))
            .map_err(|message| Denied {
                account: id("444455556666"),
                operation: String::new(),
                message,
                tried: None,
            });
        record.claim = Some(Claim {
            key: record.key.clone(),
            zone_account: id("444455556666"),
            service: id(SERVICE),
            contributions: [(endpoint_id(number), claimed)].into(),
            origin: Origin::Created,
            confirmed: addresses,
            pending: None,
            ttl: None,
            repairs: Repairs::default(),
            released: None,
            version: 1,
        });
        self
    }

    pub(super) fn vpc(&mut self) -> &mut VpcFacts {
        &mut self.0.vpcs[0]
    }

    fn plan(&self) -> Plan {
        plan(&intent(), &self.0, &policy(), &[])
    }

    fn changes(&self) -> Vec<String> {
        let plan = self.plan();
        let steps = plan.steps().filter(|step| matches!(step, Step::ChangeRecords { .. }));
        steps.map(|step| step.to_string().replace(&format!("change Z1/{NAME}: "), "")).collect()
    }

    fn held(&self) -> Vec<String> {
        self.plan().holds.values().map(ToString::to_string).collect()
    }
}

fn record(zone: &str) -> RecordFacts {
    RecordFacts {
        key: RecordKey { zone: id(zone), name: id::<DnsName>(NAME) },
        zone_account: id("444455556666"),
        association: Association::Associated,
        seen: Ok(SeenRecords::default()),
        claim: None,
        consent: Consent::Unasked,
        waiting: BTreeMap::new(),
    }
}

const HERE: &str = "vpc-0123456789abcdef0";
const ELSEWHERE: &str = "vpc-0fedcba9876543210";
const LONG_AGO: &str = "2026-03-01T00:00:00Z";
const JUST_NOW: &str = "2026-03-02T09:14:00Z";

#[test]
fn available_endpoint_publishes_one_address_per_subnet() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1", "10.0.1.1", "10.0.2.1"]);
    assert_eq!(world.changes(), ["CREATE A TTL 60 10.0.0.1 10.0.1.1 10.0.2.1"]);
}

#[test]
fn endpoint_with_an_interface_missing_keeps_what_it_gave() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1", "10.0.1.1"]);
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().interfaces.pop_first();
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(world.claimed_by(1, HERE, "10.0.0.1").changes(), [""; 0]);
}

#[test]
fn states_that_are_not_final_keep_and_wait() {
    for state in ["pending", "partial", "resting", "pendingAcceptance"] {
        let world = World::new().with(1, Some(state), &["10.0.0.9"]).claimed_by(1, HERE, "10.0.0.1");
        assert_eq!(world.changes(), [""; 0], "{state}");
        assert!(world.plan().steps().any(|step| matches!(step, Step::PutWait { .. })), "{state}");
    }
}

#[test]
fn final_states_withdraw() {
    for state in ["deleting", "deleted", "rejected", "failed", "expired", "Rejected"] {
        let world = World::new().with(1, Some(state), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
        assert_eq!(world.changes(), ["DELETE A TTL 60 10.0.0.1"], "{state}");
    }
}

#[test]
fn endpoint_that_is_not_found_withdraws_only_when_known_for_ten_minutes() {
    let known = |since| World::new().with(1, None, &[]).claimed_by(1, HERE, "10.0.0.1").known_since(1, since);
    assert_eq!(known(JUST_NOW).changes(), [""; 0]);
    assert_eq!(known(LONG_AGO).changes(), ["DELETE A TTL 60 10.0.0.1"]);
}

#[test]
fn endpoint_without_subnet_is_held_and_removes_nothing() {
    let mut world = World::new().with(1, Some("available"), &[]).claimed_by(1, HERE, "10.0.0.1");
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().subnets.clear();
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(world.held(), ["NoSubnet: the endpoint has no subnet and so no address"]);
}

#[test]
fn two_endpoints_of_a_vpc_are_merged_and_one_may_leave() {
    let world =
        World::new().with(1, Some("available"), &["10.0.0.1"]).with(2, Some("available"), &["10.0.0.2"]);
    assert_eq!(world.changes(), ["CREATE A TTL 60 10.0.0.1 10.0.0.2"]);
    let world = World::new()
        .with(1, Some("deleting"), &[])
        .with(2, Some("available"), &["10.0.0.2"])
        .claimed_by(1, HERE, "10.0.0.1");
    assert_eq!(world.changes(), ["DELETE A TTL 60 10.0.0.1; CREATE A TTL 60 10.0.0.2"]);
}

#[test]
fn record_of_another_vpc_in_a_shared_zone_is_held_and_left() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(2, ELSEWHERE, "10.1.0.1");
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(world.held(), [format!("SharedZone: the zone's record belongs to {ELSEWHERE}")]);
}

#[test]
fn routed_vpcs_share_a_record_where_the_definition_merges() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(2, ELSEWHERE, "10.1.0.1");
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.shared_zones = SharedZones::Merge);
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(plan.to_string().contains("DELETE A TTL 60 10.1.0.1; CREATE A TTL 60 10.0.0.1 10.1.0.1"));
    assert!(plan.holds.is_empty());
}

#[test]
fn vpcs_that_are_looked_at_together_make_claims_of_different_versions() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let second = World::new().with(2, Some("available"), &["10.1.0.1"]).0.vpcs.remove(0);
    world.0.vpcs.push(VpcFacts { vpc: id(ELSEWHERE), ..second });
    let plan = world.plan();
    let versions: Vec<_> = plan
        .steps()
        .filter_map(|step| match step {
            Step::PutClaim { claim, expects: None, .. } => Some(claim.version),
            _ => None,
        })
        .collect();
    assert_eq!(versions.len(), 2);
    assert_ne!(versions[0], versions[1]);
}

#[test]
fn name_outside_every_zone_is_held_with_the_name() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    world.vpc().records.clear();
    world.vpc().zones = Some(Ok(BTreeMap::new()));
    let subjects: Vec<_> = world.plan().holds.keys().map(ToString::to_string).collect();
    assert_eq!(subjects, [format!("{HERE}/{NAME}")]);
    assert!(world.held()[0].starts_with("NoZone"));
}

#[test]
fn zone_that_left_the_vpc_loses_the_record_and_one_that_is_gone_releases_it() {
    let left = |association| {
        let mut world =
            World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
        world.vpc().records[0].association = association;
        world.plan().to_string()
    };
    assert!(left(Association::Left).contains("DELETE A TTL 60 10.0.0.1"));
    let gone = left(Association::ZoneGone);
    assert!(gone.contains("release claim") && !gone.contains("change"), "{gone}");
}

#[test]
fn name_that_is_no_longer_defined_is_withdrawn() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
    let mut policy = policy();
    for definition in policy.services.values_mut() {
        definition.names = ["*.other.example.com".parse().unwrap()].into();
    }
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(plan.to_string().contains("DELETE A TTL 60 10.0.0.1"));
}

#[test]
fn account_that_cannot_be_read_is_held_and_nothing_else_is_touched() {
    let mut world = World::new();
    world.0.vpcs.clear();
    world.0.denied = Some(Denied {
        account: id("444455556666"),
        operation: "sts:AssumeRole".into(),
        message: "AccessDenied".into(),
        tried: None,
    });
    let reason = HoldReason::NoZone { tried: None };
    world.0.holds.insert(Subject::UnknownEndpoint(id("444455556666"), endpoint_id(1)), reason);
    let plan = world.plan();
    assert_eq!(plan.steps().count(), 1);
    assert!(plan.to_string().contains("hold 444455556666/"));
}

#[test]
fn endpoint_that_is_gone_is_forgotten_with_its_claim_though_this_plan_has_just_kept_it() {
    let mut world = World::new()
        .with(1, Some("deleted"), &[])
        .known_since(1, "2026-03-01T09:15:00Z")
        .claimed_by(1, HERE, "10.0.0.1");
    let forgotten = now().as_second() + 24 * 60 * 60;
    let stored = world.vpc().stored.get_mut(&endpoint_id(1)).unwrap();
    (stored.state, stored.expires_at) = (Some(VpcEndpointState::Deleted), Some(forgotten));
    let plan = world.plan();
    let remembered: Vec<_> = plan
        .steps()
        .filter_map(|step| match step {
            Step::PutEndpoint { endpoint } => Some(endpoint.expires_at),
            _ => None,
        })
        .collect();
    assert_eq!(remembered, [None, Some(forgotten)], "{plan}");
}

#[test]
fn hold_is_written_once_and_deleted_when_its_reason_is_gone() {
    let mut world =
        World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(2, ELSEWHERE, "10.1.0.1");
    let holds = world.plan().holds;
    world.vpc().holds = holds;
    assert!(!world.plan().steps().any(|step| matches!(step, Step::PutHold { .. })));
    let mut mended = World::new();
    mended.vpc().holds = world.plan().holds;
    assert!(mended.plan().steps().any(|step| matches!(step, Step::DeleteHold { .. })));
}

#[test]
fn refused_change_that_would_meet_the_same_record_again_is_held() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let reason = HoldReason::Route53Refused { message: "because".into() };
    let refused =
        [Refused { vpc: id(HERE), met: Met::Record(Box::new(world.0.vpcs[0].records[0].clone())), reason }];
    let plan = plan(&intent(), &world.0, &policy(), &refused);
    assert!(!plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. })));
    assert_eq!(plan.holds.values().map(ToString::to_string).collect::<Vec<_>>(), ["Route53Refused: because"]);
}

#[test]
fn endpoint_of_a_stranger_is_not_waited_for_unless_only_a_review_can_tell() {
    let mut world = World::new().with(1, Some("pendingAcceptance"), &["10.0.0.1"]);
    world.0.account = id("777788889999");
    assert!(!world.plan().steps().any(|step| matches!(step, Step::PutWait { .. })));
    let mut policy = policy();
    for definition in policy.services.values_mut() {
        definition.allowed_principals = [id("service-permissions")].into();
    }
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(plan.steps().any(|step| matches!(step, Step::PutWait { .. })), "only a review can tell");
}

#[test]
fn stranger_whom_aws_has_connected_gets_no_first_record_and_is_held_by_name() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let mut policy = policy();
    let plan_with = |world: &World, policy: &mut Policy, rules: &[&str]| {
        for definition in policy.services.values_mut() {
            definition.allowed_principals = rules.iter().map(|rule| id(rule)).collect();
        }
        plan(&intent(), &world.0, policy, &[])
    };
    let claims = |plan: &Plan| plan.steps().any(|step| matches!(step, Step::PutClaim { .. }));
    for (rules, held) in [
        (vec![], "NotAllowed: no rule of the allow list matches account 444455556666"),
        (vec!["777788889999"], "NotAllowed: no rule of the allow list matches account 444455556666"),
        (
            vec!["service-permissions"],
            "AllowListUnreadable: who may connect cannot be read: no review has told yet",
        ),
    ] {
        let plan = plan_with(&world, &mut policy, &rules);
        assert!(!claims(&plan), "{rules:?}");
        assert_eq!(plan.holds.values().map(ToString::to_string).collect::<Vec<_>>(), [held]);
    }
    for rules in [["444455556666"], ["connected"]] {
        assert!(claims(&plan_with(&world, &mut policy, &rules)), "{rules:?}");
    }
}

#[test]
fn what_a_review_has_told_of_an_owner_decides_on_the_first_record_and_is_remembered() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let mut policy = policy();
    for definition in policy.services.values_mut() {
        definition.allowed_principals = [id("service-permissions")].into();
    }
    let claims = |plan: &Plan| plan.steps().any(|step| matches!(step, Step::PutClaim { .. }));
    let remembered = |plan: &Plan| {
        plan.steps().find_map(|step| match step {
            Step::PutEndpoint { endpoint } => Some(endpoint.as_ref().clone()),
            _ => None,
        })
    };
    let told = |service: &str, allowed| Intent { reviewed: [(id(service), allowed)].into(), ..intent() };
    let mut after = World::new().with(1, Some("available"), &["10.0.0.1"]);
    for (service, allowed, makes) in
        [(SERVICE, true, true), (SERVICE, false, false), ("vpce-svc-00000009", true, false)]
    {
        let plan = plan(&told(service, allowed), &world.0, &policy, &[]);
        assert_eq!(claims(&plan), makes, "{plan}");
        if makes {
            let endpoint = remembered(&plan).unwrap();
            assert_eq!(endpoint.allowed, Some(true));
            // As it is remembered while it waits.
            let waiting = StoredEndpoint { addresses: Addresses::default(), ..endpoint };
            after.vpc().stored.insert(endpoint_id(1), waiting);
        }
    }
    assert!(claims(&plan(&intent(), &after.0, &policy, &[])), "an earlier review has told");
    assert!(!claims(&plan(&told(SERVICE, false), &after.0, &policy, &[])), "the last one tells");
}

#[test]
fn endpoint_that_has_a_record_is_served_on_though_its_owner_has_left_the_list() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.9"]).claimed_by(1, HERE, "10.0.0.1");
    world = world.known_since(1, "2026-03-02T08:00:00Z");
    let published = Addresses { a: [id("10.0.0.1")].into(), ..Addresses::default() };
    world.vpc().stored.values_mut().for_each(|stored| stored.addresses = published.clone());
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.allowed_principals.clear());
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. })), "{plan}");
}

fn chain(due: &str, deadline: &str, delay_seconds: i32) -> World {
    let mut world = World::new().with(1, Some("pending"), &["10.0.0.1"]);
    let wait = Wait { due: id(due), deadline: id(deadline), delay_seconds, owner: Some("a message".into()) };
    world.0.waits.insert(endpoint_id(1), wait);
    world
}

fn delays(world: &World) -> Vec<i32> {
    let plan = world.plan();
    let delay = |step: &Step| match step {
        Step::SendIntent { delay_seconds, .. } => Some(*delay_seconds),
        _ => None,
    };
    plan.steps().filter_map(delay).collect()
}

#[test]
fn message_that_comes_back_sends_for_the_turn_that_it_took_and_no_other_does() {
    let world = chain("2026-03-02T09:15:08Z", "2026-03-02T09:44:00Z", 10);
    let delays = |message: Option<&str>| -> Vec<i32> {
        let intent = Intent { message: message.map(Into::into), ..intent() };
        let plan = plan(&intent, &world.0, &policy(), &[]);
        assert!(!plan.steps().any(|step| matches!(step, Step::PutWait { .. })), "{plan}");
        let delay = |step: &Step| match step {
            Step::SendIntent { delay_seconds, .. } => Some(*delay_seconds),
            _ => None,
        };
        plan.steps().filter_map(delay).collect()
    };
    assert_eq!(delays(Some("a message")), [8]);
    assert_eq!(delays(Some("another")), Vec::<i32>::new());
    assert_eq!(delays(None), Vec::<i32>::new());
}

#[test]
fn waiting_chain_looks_each_ten_seconds_in_the_first_minutes_and_more_rarely_later() {
    assert_eq!(delays(&World::new().with(1, Some("pending"), &["10.0.0.1"])), [10]);
    // It is a quarter past nine; each chain ends half an hour after it began.
    for (deadline, delay) in
        [("09:44", 10), ("09:42", 20), ("09:40", 20), ("09:38", 30), ("09:35", 60), ("09:16", 60)]
    {
        let deadline = format!("2026-03-02T{deadline}:00Z");
        assert_eq!(delays(&chain("2026-03-02T09:14:00Z", &deadline, 10)), [delay], "{deadline}");
    }
}

#[test]
fn message_that_comes_while_another_keeps_the_chain_adds_nothing() {
    assert_eq!(delays(&chain("2026-03-02T09:15:08Z", "2026-03-02T09:44:00Z", 10)), [0; 0]);
}

#[test]
fn chain_past_its_deadline_ends_as_a_hold() {
    let world = chain("2026-03-02T09:14:00Z", "2026-03-02T09:15:00Z", 60);
    assert_eq!(delays(&world), [0; 0]);
    assert_eq!(world.held(), ["Stalled: the endpoint stayed pending for 30 minutes"]);
}

#[test]
fn chain_ends_when_the_endpoint_is_available() {
    let mut world = chain("2026-03-02T09:15:00Z", "2026-03-02T09:44:00Z", 10);
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().state = Some(VpcEndpointState::Available);
    assert!(world.plan().steps().any(|step| matches!(step, Step::DeleteWait { .. })));
}

#[test]
fn announced_endpoint_that_nobody_shows_is_waited_for_and_any_other_is_not() {
    let mut world = World::new();
    world.0.unknown.insert(endpoint_id(9));
    assert_eq!(delays(&world), [10]);
    let quiet = Intent { announced: false, ..intent() };
    assert!(plan(&quiet, &world.0, &policy(), &[]).is_empty());
}

fn expiry(world: &World) -> Option<i64> {
    world.plan().steps().find_map(|step| match step {
        Step::PutEndpoint { endpoint } => endpoint.expires_at,
        _ => None,
    })
}

#[test]
fn endpoint_that_is_gone_is_forgotten_after_a_day() {
    let world = World::new().with(1, Some("deleting"), &[]).known_since(1, LONG_AGO);
    assert_eq!(expiry(&world), Some(now().as_second() + 86_400));
}

/// What the plan lets the table remember of endpoint 1, in order: until when, and in which kind of group.
fn memories(world: &World) -> Vec<(bool, Option<i64>)> {
    let plan = world.plan();
    let of_group = |group: &crate::plan::Group| {
        let record = matches!(group.subject, Subject::Record(..));
        let memory = |step: &Step| match step {
            Step::PutEndpoint { endpoint } => Some((record, endpoint.expires_at)),
            _ => None,
        };
        group.steps.iter().filter_map(memory).collect::<Vec<_>>()
    };
    plan.groups.iter().flat_map(of_group).collect()
}

#[test]
fn endpoint_that_a_claim_names_is_forgotten_only_with_the_claim() {
    let mut world =
        World::new().with(1, Some("deleting"), &[]).claimed_by(1, HERE, "10.0.0.1").known_since(1, LONG_AGO);
    let tomorrow = Some(now().as_second() + 86_400);
    assert_eq!(memories(&world), [(false, None), (true, tomorrow)]);
    world.vpc().records[0].seen = Err(Denied {
        account: id("444455556666"),
        operation: "route53:ListResourceRecordSets".into(),
        message: "AccessDenied".into(),
        tried: None,
    });
    assert_eq!(memories(&world), [(false, None)], "its claim cannot be released");
}

#[test]
fn claim_never_names_an_endpoint_that_the_table_does_not_remember() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    assert_eq!(memories(&world), [(false, None), (true, None)], "the claim's own group writes it first");
    let plan = world.plan();
    let group = plan.groups.iter().find(|group| matches!(group.subject, Subject::Record(..))).unwrap();
    assert!(matches!(group.steps[0], Step::PutEndpoint { .. }));
}

#[test]
fn endpoint_that_only_a_late_read_of_its_claim_shows_keeps_what_it_gave() {
    let world = World::new().claimed_by(1, HERE, "10.0.0.1");
    assert!(world.plan().is_empty());
}

#[test]
fn endpoints_are_remembered_before_their_records_are_touched() {
    let plan = World::new().with(1, Some("available"), &["10.0.0.1"]).plan();
    let position = |wanted: fn(&Step) -> bool| plan.steps().position(wanted);
    let remembered = position(|step| matches!(step, Step::PutEndpoint { .. }));
    let claimed = position(|step| matches!(step, Step::PutClaim { .. }));
    assert!(remembered.is_some() && remembered < claimed);
}

#[test]
fn record_of_a_service_without_definition_is_left_as_it_is() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
    let mut policy = policy();
    policy.services.clear();
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(!plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. } | Step::ReleaseClaim { .. })));
    assert!(plan.to_string().contains("NotDefined"));
}

fn removed(records: Removal) -> Policy {
    let mut policy = policy();
    policy.services.values_mut().for_each(|definition| definition.removed = Some(records));
    policy
}

#[test]
fn removed_definition_withdraws_available_endpoints_of_every_vpc_at_once() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
    let elsewhere = Claimed {
        vpc: id(ELSEWHERE),
        account: id("777788889999"),
        addresses: Addresses { a: [id("10.0.0.1")].into(), ..Addresses::default() },
        consent: None,
    };
    let claim = world.vpc().records[0].claim.as_mut().unwrap();
    claim.contributions.insert(endpoint_id(2), elsewhere);
    let plan = plan(&intent(), &world.0, &removed(Removal::DeleteRecords), &[]);
    assert!(plan.to_string().contains("DELETE A TTL 60 10.0.0.1"), "{plan}");
    let left = plan.steps().find_map(|step| match step {
        Step::ReleaseClaim { leaves, .. } => Some(leaves.clone()),
        _ => None,
    });
    assert_eq!(left, Some([id(HERE), id(ELSEWHERE)].into()));
}

#[test]
fn removed_definition_that_keeps_its_records_releases_claims_and_touches_nothing() {
    let world = World::new().with(1, Some("available"), &["10.0.0.1"]).claimed_by(1, HERE, "10.0.0.1");
    let plan = plan(&intent(), &world.0, &removed(Removal::KeepRecords), &[]);
    let steps: Vec<_> = plan.steps().map(ToString::to_string).collect();
    assert_eq!(steps, [format!("release claim Z1/{NAME}")]);
    assert!(plan.to_string().contains("the definition was removed with its records kept"));
}

#[test]
fn memory_of_a_removed_services_endpoint_ends() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]).known_since(1, LONG_AGO);
    let forgotten = |world: &World| {
        let plan = plan(&intent(), &world.0, &removed(Removal::KeepRecords), &[]);
        plan.steps().find_map(|step| match step {
            Step::PutEndpoint { endpoint } => Some((**endpoint).clone()),
            _ => None,
        })
    };
    let memory = forgotten(&world).unwrap();
    assert_eq!(memory.expires_at, Some(now().as_second() + 86_400));
    world.vpc().stored.insert(endpoint_id(1), memory);
    assert_eq!(forgotten(&world), None, "once said is enough");
}

#[test]
fn endpoint_of_a_service_that_nothing_defines_is_not_waited_for() {
    let world = World::new().with(1, Some("pending"), &[]).claimed_by(1, HERE, "10.0.0.1");
    let mut policy = policy();
    policy.services.clear();
    let plan = plan(&intent(), &world.0, &policy, &[]);
    assert!(!plan.steps().any(|step| matches!(step, Step::PutWait { .. })), "{plan}");
}

fn run(deletes: u32, allowed: bool) -> Intent {
    let run = RunPart {
        run: "r".into(),
        part: Some("1".into()),
        deletes,
        allowed,
        requested_by: RequestedBy::Hand,
    };
    Intent { run: Some(run), ..intent() }
}

fn leaving() -> World {
    World::new().with(1, Some("deleting"), &[]).claimed_by(1, HERE, "10.0.0.1").known_since(1, LONG_AGO)
}

#[test]
fn removal_by_a_sweep_is_reserved_before_it_is_announced_and_one_by_an_event_is_not() {
    let position = |plan: &Plan, wanted: fn(&Step) -> bool| plan.steps().position(wanted);
    let swept = plan(&run(20, false), &leaving().0, &policy(), &[]);
    let reserved = position(&swept, |step| matches!(step, Step::ReserveDeletion { at_most: 20, .. }));
    let announced = position(&swept, |step| matches!(step, Step::PutClaim { .. }));
    assert!(reserved.is_some() && reserved < announced, "{swept}");
    let told = leaving().plan();
    assert_eq!(position(&told, |step| matches!(step, Step::ReserveDeletion { .. })), None);
    assert!(position(&told, |step| matches!(step, Step::ReleaseClaim { .. })).is_some());
}

#[test]
fn reserved_removal_is_given_back_when_route_53_has_not_made_it() {
    let put_back = |plan: &Plan| {
        let found = plan.steps().find_map(|step| match step {
            Step::ChangeRecords { put_back, .. } => Some(put_back.clone()),
            _ => None,
        });
        found.unwrap()
    };
    let swept = put_back(&plan(&run(20, false), &leaving().0, &policy(), &[]));
    assert!(matches!(&swept[..], [Step::PutClaim { .. }, Step::ReturnDeletion { run }] if run == "r"));
    assert!(matches!(&put_back(&leaving().plan())[..], [Step::PutClaim { .. }]));
}

#[test]
fn change_and_release_by_a_sweep_are_not_counted_as_removals() {
    let stays = World::new()
        .with(1, Some("deleting"), &[])
        .with(2, Some("available"), &["10.0.0.2"])
        .claimed_by(1, HERE, "10.0.0.1");
    let mut edited = leaving();
    edited.vpc().records[0].seen = Ok(SeenRecords::default());
    for world in [stays, edited] {
        let plan = plan(&run(0, false), &world.0, &policy(), &[]);
        assert!(plan.holds.is_empty(), "{plan}");
        assert!(!plan.steps().any(|step| matches!(step, Step::ReserveDeletion { .. })));
    }
}

#[test]
fn removal_that_is_too_many_is_held_with_the_run_and_its_limit() {
    let world = leaving();
    let reason = HoldReason::TooManyDeletes { run: "r".into(), at_most: 20 };
    let refused =
        [Refused { vpc: id(HERE), met: Met::Record(Box::new(world.0.vpcs[0].records[0].clone())), reason }];
    let held = plan(&run(20, false), &world.0, &policy(), &refused);
    let none = plan(&run(0, true), &world.0, &policy(), &[]);
    for (plan, at_most) in [(held, 20), (none, 0)] {
        assert!(
            !plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. } | Step::ReleaseClaim { .. }))
        );
        let reasons: Vec<_> = plan.holds.into_values().collect();
        assert_eq!(reasons, [HoldReason::TooManyDeletes { run: "r".into(), at_most }]);
    }
}

#[test]
fn held_removal_stays_held_by_sweeps_until_one_is_allowed_and_goes_by_an_event() {
    let mut world = leaving();
    let subject = Subject::Record(id(HERE), world.0.vpcs[0].records[0].key.clone());
    let reason = HoldReason::TooManyDeletes { run: "an earlier one".into(), at_most: 20 };
    world.vpc().holds.insert(subject.clone(), reason.clone());
    let swept = |intent: &Intent| {
        let plan = plan(intent, &world.0, &policy(), &[]);
        let changed = plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. }));
        (changed, plan)
    };
    let (changed, sweep) = swept(&run(20, false));
    assert!(!changed && sweep.holds.get(&subject) == Some(&reason), "{sweep}");
    assert!(!sweep.steps().any(|step| matches!(step, Step::PutHold { .. } | Step::DeleteHold { .. })));
    for intent in [run(5, true), intent()] {
        let (changed, plan) = swept(&intent);
        assert!(changed && plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })), "{plan}");
    }
}

#[test]
fn messages_of_a_run_are_counted_but_for_those_of_a_waiting_chain() {
    let mut world = World::new().with(1, Some("deleting"), &[]).with(2, Some("pending"), &["10.0.0.1"]);
    world = world.claimed_by(1, HERE, "10.0.0.1").known_since(1, LONG_AGO);
    let waiting = |number| (id(&format!("vpc-0000000{number}")), id("777788889999"));
    world.vpc().records[0].waiting = (1..4).map(waiting).collect();
    let intent = run(20, false);
    let mut plan = plan(&intent, &world.0, &policy(), &[]);
    let mut sent = 0;
    plan.send_for(intent.run.as_ref(), &mut sent);
    let parts: Vec<_> = plan
        .steps()
        .filter_map(|step| match step {
            Step::SendIntent { intent, .. } => intent.run.as_ref().map(|run| run.part.clone()),
            _ => None,
        })
        .collect();
    let part = |name: &str| Some(name.to_owned());
    assert_eq!((sent, parts), (3, vec![part("1.1"), part("1.2"), part("1.3"), None]));
}

#[test]
fn interface_in_a_subnet_that_the_endpoint_has_left_is_not_published() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1", "10.0.1.1"]);
    world.vpc().endpoints.get_mut(&endpoint_id(1)).unwrap().subnets.pop_last();
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(delays(&world), [10]);
}

#[test]
fn hold_on_a_refused_change_ends_only_when_the_change_is_made() {
    let mut world = World::new().with(1, Some("available"), &["10.0.0.1"]);
    let subject = Subject::Record(id(HERE), world.0.vpcs[0].records[0].key.clone());
    world.vpc().holds.insert(subject, HoldReason::Route53Refused { message: "because".into() });
    let plan = world.plan();
    let group = plan.groups.iter().find(|group| matches!(group.subject, Subject::Record(..))).unwrap();
    assert!(matches!(group.steps.last(), Some(Step::DeleteHold { .. })) && group.steps.len() == 6);
    assert_eq!(plan.steps().filter(|step| matches!(step, Step::DeleteHold { .. })).count(), 1);
}

#[test]
fn hold_on_an_unknown_endpoint_is_not_ended_by_an_intent_for_others() {
    let mut world = World::new();
    let subject = Subject::UnknownEndpoint(id("444455556666"), endpoint_id(9));
    world.0.holds.insert(subject, HoldReason::Stalled { state: None });
    assert!(world.plan().is_empty());
    let naming = Intent { vpc_endpoints: [endpoint_id(9)].into(), ..intent() };
    let plan = plan(&naming, &world.0, &policy(), &[]);
    assert!(plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })));
}

#[test]
fn release_sends_for_the_vpcs_that_were_held_on_the_record() {
    let mut world =
        World::new().with(1, Some("deleting"), &[]).claimed_by(1, HERE, "10.0.0.1").known_since(1, LONG_AGO);
    world.vpc().records[0].waiting = [(id(ELSEWHERE), id("777788889999"))].into();
    let plan = world.plan();
    let sent = plan.steps().find_map(|step| match step {
        Step::SendIntent { intent, .. } => Some((intent.account.to_string(), intent.vpcs.clone())),
        _ => None,
    });
    assert_eq!(sent, Some(("777788889999".to_owned(), [id(ELSEWHERE)].into())));
}

#[test]
fn endpoint_is_not_forgotten_while_a_record_that_is_held_names_it() {
    let mut world =
        World::new().with(1, Some("deleting"), &[]).claimed_by(1, HERE, "10.0.0.1").known_since(1, LONG_AGO);
    let mut held = world.vpc().records[0].clone();
    held.key.zone = id("Z2");
    let key = held.key.clone();
    held.claim.iter_mut().for_each(|claim| {
        (claim.key, claim.service) = (key.clone(), id("vpce-svc-00000009"));
    });
    world.vpc().records.push(held);
    world.vpc().records[0].association = Association::ZoneGone;
    let plan = world.plan();
    assert!(plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. })), "{plan}");
    let forgets =
        |step: &Step| matches!(step, Step::PutEndpoint { endpoint } if endpoint.expires_at.is_some());
    assert!(!plan.steps().any(forgets), "{plan}");
}
