//! The law: plan, pretend that it was applied, plan again, and no step is left. And what no plan may do,
//! whatever the facts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use shared::model::claim::{Claim, Contribution, Origin, Pending, Released};
use shared::model::consent::Consent;
use shared::model::facts::{
    Association, EndpointFacts, Facts, InterfaceFacts, IpAddressType, PrivateHostedZone, RecordFacts,
    StoredEndpoint, VpcEndpointState, VpcFacts, Wait, ZoneOwner, Zones,
};
use shared::model::hold::{HoldReason, Subject};
use shared::model::ids::{ServiceId, VpcEndpointId};
use shared::model::policy::{
    Adopt, Disallowed, OnRemove, Policy, Removal, ServiceDefinition, SharedZones, Ttl, UnneededZones,
    WriteTo, ZoneChoice,
};
use shared::model::rate::Priority;
use shared::model::record::{Addresses, ChangeAction, RecordKey, RecordSet, SeenRecords};
use shared::model::repairs::Repairs;
use shared::model::run::{RequestedBy, RunPart};
use shared::model::zone::answering;
use shared::plan::vpc::{handover, plan};
use shared::plan::{Plan, Step};
use shared::trigger::intent::Intent;

const SERVICES: [&str; 2] = ["vpce-svc-00000001", "vpce-svc-00000002"];
const NAMES: [&str; 2] = ["*.aws.byoc.example.com", "in02.aws.byoc.example.com"];
const ZONES: [(&str, &str); 2] = [("Z1", "aws.byoc.example.com"), ("Z2", "example.com")];
const ENDPOINTS: [&str; 3] = ["vpce-00000001", "vpce-00000002", "vpce-00000003"];
const STATES: [&str; 8] =
    ["pendingAcceptance", "pending", "available", "available", "deleting", "rejected", "partial", "resting"];
const HERE: &str = "vpc-00000001";
const ELSEWHERE: &str = "vpc-00000002";
const ACCOUNT: &str = "444455556666";

fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    id("2026-03-02T09:15:00Z")
}

fn moment() -> impl Strategy<Value = Timestamp> {
    select(vec![-7200, -300, -1, 30, 1200]).prop_map(|seconds| now() + SignedDuration::from_secs(seconds))
}

fn addresses() -> impl Strategy<Value = Addresses> {
    let a = subsequence(vec!["10.0.0.1", "10.0.0.2", "10.0.0.3"], 0..=2);
    let aaaa = subsequence(vec!["2001:db8::1"], 0..=1);
    (a, aaaa).prop_map(|(a, aaaa)| Addresses {
        a: a.into_iter().map(id).collect(),
        aaaa: aaaa.into_iter().map(id).collect(),
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let adopt = select(vec![Adopt::Never, Adopt::Identical, Adopt::Any]);
    let on_remove = select(vec![OnRemove::Keep, OnRemove::Delete]);
    let sharing = select(vec![SharedZones::Refuse, SharedZones::Merge]);
    let removed = select(vec![None, None, Some(Removal::KeepRecords), Some(Removal::DeleteRecords)]);
    // AWS connects anybody to a service that needs no acceptance.
    let allowed = select(vec![None, Some(ACCOUNT), Some(ACCOUNT), Some("connected")]);
    let write = select(vec![WriteTo::Every, WriteTo::Every, WriteTo::Answering]);
    let all = (adopt, on_remove, sharing, write, allowed, removed);
    all.prop_map(|(adopt, on_remove, shared_zones, write, allowed, removed)| {
        let definition = |(service, name)| ServiceDefinition {
            service: id(service),
            names: BTreeSet::from([id(name)]),
            allowed_principals: allowed.map(id).into_iter().collect(),
            disallowed: Disallowed::Leave,
            revocation_grace: 0,
            ttl: Ttl::default(),
            adopt,
            on_remove,
            shared_zones,
            write,
            zones: ZoneChoice::Existing,
            unneeded_zones: UnneededZones::Keep,
            removed,
        };
        let services = SERVICES.into_iter().zip(NAMES).map(definition);
        Policy {
            region: id("us-west-2"),
            services: services.map(|service| (service.service.clone(), service)).collect(),
        }
    })
}

fn endpoint() -> impl Strategy<Value = EndpointFacts> {
    let family = select(vec![IpAddressType::Ipv4, IpAddressType::Ipv6, IpAddressType::Dualstack]);
    let state = prop_oneof![7 => select(STATES.to_vec()).prop_map(Some), 1 => Just(None)];
    let interfaces = prop::collection::vec(addresses(), 0..=3);
    (select(SERVICES.to_vec()), state, family, interfaces, 0..=3usize).prop_map(
        |(service, state, ip_address_type, interfaces, subnets)| EndpointFacts {
            service: id(service),
            state: state.map(VpcEndpointState::from),
            ip_address_type,
            subnets: (0..subnets).map(|n| id(&format!("subnet-0000000{n}"))).collect(),
            interfaces: interfaces
                .into_iter()
                .enumerate()
                .map(|(n, addresses)| {
                    let subnet = id(&format!("subnet-0000000{n}"));
                    (id(&format!("eni-0000000{n}")), InterfaceFacts { subnet, addresses })
                })
                .collect(),
        },
    )
}

fn seen() -> impl Strategy<Value = SeenRecords> {
    let incompatible = prop_oneof![6 => Just(None), 1 => Just(Some("CNAME".to_owned()))];
    (addresses(), select(vec![60, 300]), incompatible).prop_map(|(addresses, ttl, incompatible)| {
        let created = SeenRecords::default().changes_to(&addresses, ttl);
        let mut seen = SeenRecords::default().apply(&created).unwrap();
        if let Some(kind) = incompatible {
            seen = SeenRecords { incompatible: [kind].into(), ..SeenRecords::default() };
        }
        seen
    })
}

/// A claim by the service that defines the name. (A name that passes from one service to another takes
/// two rounds: the first releases it.)
fn claim(key: RecordKey, service: &'static str) -> impl Strategy<Value = Option<Claim>> {
    // An endpoint never moves: those of the other VPC are others.
    let of_vpc = select(vec![(ENDPOINTS[0], HERE), (ENDPOINTS[1], HERE), ("vpce-00000009", ELSEWHERE)]);
    let contributions = prop::collection::vec((of_vpc, addresses()), 0..=2);
    let pending = prop::option::of((addresses(), addresses(), moment()));
    let origin = select(vec![Origin::Created, Origin::Adopted]);
    let made = (contributions, origin, addresses(), pending).prop_map(
        move |(contributions, origin, confirmed, pending)| Claim {
            key: key.clone(),
            zone_account: id(ACCOUNT),
            service: id(service),
            contributions: contributions
                .into_iter()
                .map(|((name, vpc), addresses)| {
                    (id(name), Contribution { vpc: id(vpc), account: id(ACCOUNT), addresses, consent: None })
                })
                .collect(),
            origin,
            confirmed,
            pending: pending.map(|(from, to, until)| Pending { from, to, ttl: Some(60), until }),
            ttl: None,
            repairs: Repairs::default(),
            released: None,
            version: 3,
        },
    );
    // Now and then one that a person has taken back: nothing of it is ours, and nothing is on its way.
    let made = (made, 0..8u8).prop_map(|(claim, chance)| match chance {
        0 => Claim {
            contributions: BTreeMap::new(),
            confirmed: Addresses::default(),
            pending: None,
            released: Some(Released { by: "arn:aws:iam::111122223333:user/ada".into(), at: now() }),
            ..claim
        },
        _ => claim,
    });
    prop::option::of(made)
}

fn record((zone, name): (usize, usize)) -> impl Strategy<Value = RecordFacts> {
    let key = RecordKey { zone: id(ZONES[zone].0), name: id(NAMES[name]) };
    let association = prop_oneof![
        6 => Just(Association::Associated),
        1 => Just(Association::Left),
        1 => Just(Association::ZoneGone),
    ];
    (seen(), claim(key.clone(), SERVICES[name]), association).prop_map(move |(seen, claim, association)| {
        RecordFacts {
            key: key.clone(),
            zone_account: id(ACCOUNT),
            association: if claim.is_some() { association } else { Association::Associated },
            seen: Ok(if association == Association::ZoneGone && claim.is_some() {
                SeenRecords::default()
            } else {
                seen
            }),
            claim,
            consent: Consent::Unasked,
            waiting: BTreeMap::new(),
        }
    })
}

/// Both zones, of which one shadows the other; one alone; and now and then one of an AWS service before or between
/// them.
fn zones() -> impl Strategy<Value = Zones> {
    let of_aws = select(vec![None, None, Some("*.aws.byoc.example.com"), Some("byoc.example.com")]);
    (subsequence(ZONES.to_vec(), 1..=2), of_aws).prop_map(|(zones, of_aws)| {
        let own = |(zone, name)| (id(zone), PrivateHostedZone::of_account(id(name), id(ACCOUNT)));
        let mut zones: Zones = zones.into_iter().map(own).collect();
        let owner = ZoneOwner::Service("vpce.amazonaws.com".into());
        zones.extend(of_aws.map(|name| (id("ZS"), PrivateHostedZone { name: id(name), owner })));
        zones
    })
}

/// Whether observing reads a record: in a zone that is listed, or for its claim.
fn is_observed(vpc: &VpcFacts, record: &RecordFacts) -> bool {
    let is_listed = vpc.listed_zones().is_some_and(|zones| zones.contains_key(&record.key.zone));
    record.claim.is_some() || (record.association == Association::Associated && is_listed)
}

prop_compose! {
    fn facts()(
        endpoints in prop::collection::btree_map(select(ENDPOINTS.to_vec()), endpoint(), 0..=3),
        zones in zones(),
        records in (record((0, 0)), record((0, 1)), record((1, 0)), record((1, 1))),
        first_seen in moment(),
        stored in subsequence(ENDPOINTS.to_vec(), 0..=3),
        wait in prop::option::of((moment(), moment(), select(vec![10, 40, 60]))),
        stale_hold in any::<bool>(),
        unknown in any::<bool>(),
    ) -> Facts {
        let mut vpc = VpcFacts {
            vpc: id(HERE),
            endpoints: endpoints.iter().map(|(name, facts)| (id(name), facts.clone())).collect(),
            stored: BTreeMap::new(),
            // They are listed where an endpoint may publish.
            zones: endpoints.values().any(|one| one.state == Some(VpcEndpointState::Available)).then_some(Ok(zones)),
            profiles: None,
            records: vec![records.0, records.1, records.2, records.3],
            holds: BTreeMap::new(),
            zone_claims: BTreeMap::new(),
            making: None,
        };
        vpc.records = vpc.records.iter().filter(|record| is_observed(&vpc, record)).cloned().collect();
        if let Some(zones) = vpc.listed_zones().cloned() {
            for record in vpc.records.iter_mut().filter(|record| !zones.contains_key(&record.key.zone)) {
                if record.association == Association::Associated {
                    record.association = Association::Left;
                }
            }
        }
        if stale_hold {
            vpc.holds.insert(Subject::Name(id(HERE), id(NAMES[0])), HoldReason::NoZone { tried: None });
        }
        // Observing finds every endpoint of this VPC that a claim names.
        for claim in vpc.records.iter().filter_map(|record| record.claim.as_ref()) {
            for name in claim.contributions.iter().filter(|(_, c)| c.vpc == vpc.vpc).map(|(name, _)| name) {
                vpc.endpoints.entry(name.clone()).or_insert_with(|| EndpointFacts {
                    service: claim.service.clone(),
                    state: None,
                    ip_address_type: IpAddressType::Ipv4,
                    subnets: BTreeSet::new(),
                    interfaces: BTreeMap::new(),
                });
            }
        }
        for name in stored.into_iter().map(id::<VpcEndpointId>) {
            if let Some(endpoint) = vpc.endpoints.get(&name) {
                vpc.stored.insert(name.clone(), StoredEndpoint {
                    service: endpoint.service.clone(),
                    vpc_endpoint: name,
                    account: id(ACCOUNT),
                    vpc: id(HERE),
                    state: None,
                    addresses: Addresses::default(),
                    allowed: None,
                    first_seen,
                    expires_at: None,
                });
            }
        }
        let waits = wait.map(|(due, deadline, delay_seconds)| {
            (id(ENDPOINTS[0]), Wait { due, deadline, delay_seconds, owner: None })
        });
        let unknown = (unknown && !vpc.endpoints.contains_key(&id(ENDPOINTS[2]))).then(|| id(ENDPOINTS[2]));
        Facts {
            account: id(ACCOUNT),
            now: now(),
            denied: None,
            holds: BTreeMap::new(),
            vpcs: vec![vpc],
            unknown: unknown.into_iter().collect(),
            waits: waits.into_iter().collect(),
            interfaces_read: true,
        }
    }
}

fn intent() -> Intent {
    Intent {
        account: id(ACCOUNT),
        vpc_endpoints: BTreeSet::new(),
        vpcs: BTreeSet::from([id(HERE)]),
        announced: true,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority: Priority::Event,
        edit: None,
        cause: "a test".into(),
        since: None,
        run: None,
    }
}

fn intent_of(run: Option<RunPart>) -> Intent {
    Intent { run, ..intent() }
}

/// An event, or a run of the schedule or by hand.
fn run() -> impl Strategy<Value = Option<RunPart>> {
    let run = (0..3u32, any::<bool>()).prop_map(|(deletes, allowed)| RunPart {
        run: "a run".into(),
        part: None,
        deletes,
        allowed,
        requested_by: RequestedBy::Schedule,
    });
    prop::option::of(run)
}

fn record_of<'a>(facts: &'a mut Facts, key: &RecordKey) -> &'a mut RecordFacts {
    facts.vpcs[0].records.iter_mut().find(|record| record.key == *key).unwrap()
}

/// What would be observed had every step of the plan been done. Fails where DynamoDB or Route 53 would.
fn pretend(plan: &Plan, facts: &Facts) -> Facts {
    let mut after = facts.clone();
    for step in plan.steps() {
        match step {
            Step::PutClaim { claim, expects, .. } => {
                let record = record_of(&mut after, &claim.key);
                assert_eq!(record.claim.as_ref().map(|claim| claim.version), *expects);
                record.claim = Some((**claim).clone());
            }
            Step::ReleaseClaim { key, expects, .. } => {
                let record = record_of(&mut after, key);
                assert_eq!(record.claim.take().map(|claim| claim.version), Some(*expects));
            }
            Step::ChangeRecords { key, changes, .. } => {
                let record = record_of(&mut after, key);
                record.seen = Ok(record.seen.as_ref().unwrap().apply(changes).unwrap());
            }
            Step::PutEndpoint { endpoint } => {
                after.vpcs[0].stored.insert(endpoint.vpc_endpoint.clone(), (**endpoint).clone());
            }
            Step::PutHold { hold } => {
                let holds = match hold.subject {
                    Subject::Account(_) | Subject::UnknownEndpoint(..) => &mut after.holds,
                    _ => &mut after.vpcs[0].holds,
                };
                holds.insert(hold.subject.clone(), hold.reason.clone());
            }
            Step::DeleteHold { subject } => {
                after.holds.remove(subject);
                after.vpcs[0].holds.remove(subject);
            }
            Step::PutWait { vpc_endpoint, wait, .. } => {
                after.waits.insert(vpc_endpoint.clone(), wait.clone());
            }
            Step::DeleteWait { vpc_endpoint } => {
                after.waits.remove(vpc_endpoint);
            }
            Step::SendIntent { .. }
            | Step::Reserve { .. }
            | Step::ReserveDeletion { .. }
            | Step::ReturnDeletion { .. } => {}
            Step::AcceptConnections { .. } | Step::RejectConnections { .. } => {
                panic!("a reconciliation accepts and rejects nothing")
            }
            Step::PutZoneClaim { .. }
            | Step::CreateZone { .. }
            | Step::DeleteZone { .. }
            | Step::ReleaseZoneClaim { .. } => {
                panic!("no definition here lets a zone be made")
            }
        }
    }
    // A zone that does not answer the VPC is seen only through a claim.
    let vpc = &after.vpcs[0];
    let records = vpc.records.iter().filter(|record| is_observed(vpc, record)).cloned().collect();
    after.vpcs[0].records = records;
    after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_plan_that_was_applied_leaves_nothing_to_do(facts in facts(), policy in policy(), run in run()) {
        let intent = intent_of(run);
        let first = plan(&intent, &facts, &policy, &[]);
        let after = pretend(&first, &facts);
        let second = plan(&intent, &after, &policy, &[]);
        prop_assert!(second.is_empty(), "first:\n{first}\nsecond:\n{second}");
    }

    #[test]
    fn a_sweep_removes_nothing_that_it_has_not_reserved(facts in facts(), policy in policy(), run in run()) {
        let plan = plan(&intent_of(run.clone()), &facts, &policy, &[]);
        for group in &plan.groups {
            let changes = group.steps.iter().any(|step| matches!(step, Step::ChangeRecords { .. }));
            let removes = changes && group.steps.iter().any(|step| matches!(
                step,
                Step::PutClaim { claim, .. } if claim.pending.as_ref().is_some_and(|p| p.to.is_empty())
            ));
            let mut reserved = group.steps.iter().filter_map(|step| match step {
                Step::ReserveDeletion { at_most, .. } => Some(*at_most),
                _ => None,
            });
            let allowed = run.as_ref().filter(|_| removes).map(|run| run.deletes);
            prop_assert_eq!(reserved.next(), allowed, "{}", plan);
            prop_assert_ne!(allowed, Some(0));
        }
    }

    #[test]
    fn a_removed_definition_that_keeps_its_records_changes_none(facts in facts(), policy in policy()) {
        let mut policy = policy;
        policy.services.values_mut().for_each(|service| service.removed = Some(Removal::KeepRecords));
        let plan = plan(&intent(), &facts, &policy, &[]);
        prop_assert!(!plan.steps().any(|step| matches!(step, Step::ChangeRecords { .. })), "{plan}");
    }

    #[test]
    fn nobody_without_a_rule_gets_a_first_record(facts in facts(), policy in policy()) {
        let mut policy = policy;
        policy.services.values_mut().for_each(|service| service.allowed_principals.clear());
        let plan = plan(&intent(), &facts, &policy, &[]);
        let vpc = &facts.vpcs[0];
        for step in plan.steps() {
            let Step::PutClaim { claim, .. } = step else { continue };
            let first = |(id, given): (&VpcEndpointId, &Contribution)| {
                let before = facts.vpcs[0].records.iter().filter_map(|record| record.claim.as_ref());
                let claimed = before.filter_map(|claim| claim.contributions.get(id)).any(|had| had == given);
                let published = vpc.stored.get(id).is_some_and(|stored| !stored.addresses.is_empty());
                given.vpc == vpc.vpc && !given.addresses.is_empty() && !claimed && !published
            };
            prop_assert!(!claim.contributions.iter().any(first), "{plan}");
        }
    }

    #[test]
    fn a_foreign_record_is_never_changed(facts in facts(), policy in policy()) {
        let plan = plan(&intent(), &facts, &policy, &[]);
        for step in plan.steps() {
            let Step::ChangeRecords { key, changes, .. } = step else { continue };
            let record = facts.vpcs[0].records.iter().find(|record| record.key == *key).unwrap();
            let seen = record.seen.as_ref().unwrap();
            prop_assert!(seen.incompatible.is_empty());
            let deletes = changes.iter().filter(|change| change.action == ChangeAction::Delete);
            if record.claim.is_none() && deletes.count() > 0 {
                let adopt = policy.services.values().next().unwrap().adopt;
                let after = seen.apply(changes).unwrap();
                prop_assert!(adopt == Adopt::Any || after.addresses() == seen.addresses(), "{plan}");
            }
        }
    }

    #[test]
    fn what_a_person_has_taken_back_is_left_until_it_is_handed_over(facts in facts(), policy in policy()) {
        let plan = plan(&intent(), &facts, &policy, &[]);
        let is_released = |record: &&RecordFacts| record.claim.as_ref().is_some_and(|claim| claim.released.is_some());
        for record in facts.vpcs[0].records.iter().filter(is_released) {
            for step in plan.steps() {
                match step {
                    Step::PutClaim { claim, .. } => prop_assert!(claim.key != record.key, "{plan}"),
                    Step::ChangeRecords { key, .. } => prop_assert!(*key != record.key, "{plan}"),
                    Step::ReleaseClaim { key, .. } if *key == record.key => {
                        prop_assert_eq!(record.association, Association::ZoneGone);
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn what_is_handed_over_is_right_after_the_next_plan(facts in facts(), policy in policy()) {
        for record in &facts.vpcs[0].records {
            let Ok(handed) = handover::adopt(&intent(), &facts, &policy, &id(HERE), &record.key) else { continue };
            let changes = handed.plan.steps().filter(|step| matches!(step, Step::ChangeRecords { .. }));
            prop_assert_eq!(changes.count(), 0, "{}", handed.plan);
            let claimed = pretend(&handed.plan, &facts);
            let first = plan(&intent(), &claimed, &policy, &[]);
            let mut after = pretend(&first, &claimed);
            prop_assert_eq!(record_of(&mut after, &record.key).seen.as_ref().unwrap().addresses(), handed.after, "{}", first);
            let second = plan(&intent(), &after, &policy, &[]);
            prop_assert!(second.is_empty(), "first:\n{first}\nsecond:\n{second}");
        }
    }

    #[test]
    fn nothing_is_published_but_complete_sets_of_available_endpoints(facts in facts(), policy in policy()) {
        let plan = plan(&intent(), &facts, &policy, &[]);
        for step in plan.steps() {
            let Step::PutClaim { claim, .. } = step else { continue };
            let before = facts.vpcs[0].records.iter().find(|record| record.key == claim.key).unwrap();
            let before = before.claim.as_ref().map(|claim| &claim.contributions);
            for (name, contribution) in claim.contributions.iter().filter(|(_, c)| c.vpc == id(HERE)) {
                if before.and_then(|before| before.get(name)) == Some(contribution) {
                    continue;
                }
                if contribution.addresses.is_empty() {
                    // Of a claim whose record is being removed, or cannot be changed: what was announced before is
                    // over.
                    let over = |pending: &Pending| pending.to.is_empty() || pending.until <= facts.now;
                    prop_assert!(claim.pending.as_ref().is_none_or(over));
                    continue;
                }
                let endpoint = &facts.vpcs[0].endpoints[name];
                prop_assert_eq!(endpoint.state.as_ref(), Some(&VpcEndpointState::Available));
                let subnets: BTreeSet<_> = endpoint.interfaces.values().map(|i| i.subnet.clone()).collect();
                prop_assert!(endpoint.subnets.is_subset(&subnets));
            }
        }
    }

    #[test]
    fn no_batch_writes_an_empty_set_or_is_sent_without_a_claim_that_announces_it(
        facts in facts(),
        policy in policy(),
    ) {
        let plan = plan(&intent(), &facts, &policy, &[]);
        for group in &plan.groups {
            for (index, step) in group.steps.iter().enumerate() {
                let Step::ChangeRecords { key, changes, until, .. } = step else { continue };
                let sets = changes.iter().map(|change| &change.set);
                prop_assert!(sets.clone().all(|set: &RecordSet| !set.values.is_empty()));
                prop_assert!(!changes.is_empty());
                let announced = group.steps[..index].iter().any(|step| matches!(
                    step,
                    Step::PutClaim { claim, .. } if claim.key == *key
                        && claim.pending.as_ref().is_some_and(|pending| pending.until == *until)
                ));
                prop_assert!(announced, "{plan}");
            }
        }
    }

    #[test]
    fn nothing_is_held_of_a_record_that_a_closer_zone_shadows(
        facts in facts(),
        policy in policy(),
        run in run(),
    ) {
        let plan = plan(&intent_of(run), &facts, &policy, &[]);
        let zones = facts.vpcs[0].listed_zones().cloned().unwrap_or_default();
        for (subject, reason) in &plan.holds {
            let Subject::Record(_, key) = subject else { continue };
            let of_removals = matches!(reason, HoldReason::TooManyDeletes { .. });
            let is_asked = answering(&zones, &key.name).is_none_or(|(asked, _)| *asked == key.zone);
            prop_assert!(is_asked || of_removals || !zones.contains_key(&key.zone), "{plan}");
        }
    }

    #[test]
    fn event_removes_nothing_for_the_choice_of_zones(facts in facts(), policy in policy()) {
        let mut every = policy.clone();
        every.services.values_mut().for_each(|definition| definition.write = WriteTo::Every);
        let removals = |policy: &Policy| {
            let plan = plan(&intent(), &facts, policy, &[]);
            let released = plan.groups.iter().filter(|group| {
                let removes = group.steps.iter().any(|step| matches!(step, Step::ReleaseClaim { .. }));
                removes && group.steps.iter().any(|step| matches!(step, Step::ChangeRecords { .. }))
            });
            released.map(|group| group.subject.clone()).collect::<BTreeSet<_>>()
        };
        prop_assert!(removals(&policy).is_subset(&removals(&every)));
    }

    #[test]
    fn no_name_changes_hands_between_services(facts in facts(), policy in policy()) {
        let plan = plan(&intent(), &facts, &policy, &[]);
        for step in plan.steps() {
            let Step::PutClaim { claim, .. } = step else { continue };
            let before = facts.vpcs[0].records.iter().find(|record| record.key == claim.key).unwrap();
            let owner: Option<&ServiceId> = before.claim.as_ref().map(|claim| &claim.service);
            prop_assert!(owner.is_none_or(|owner| *owner == claim.service));
        }
    }
}
