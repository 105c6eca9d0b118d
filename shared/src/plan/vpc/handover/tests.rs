use jiff::{SignedDuration, Timestamp};

use super::super::tests::{NAME, World, endpoint_id, id, intent, now, policy};
use super::*;
use crate::model::claim::{Origin, Pending};
use crate::model::mark::Mark;
use crate::model::policy::SharedZones;
use crate::model::record::{RecordSet, SeenRecords};

const VPC: &str = "vpc-0123456789abcdef0";
const ADA: &str = "arn:aws:iam::111122223333:user/ada";

fn key() -> RecordKey {
    RecordKey { zone: id("Z1"), name: id(NAME) }
}

/// One available endpoint that wants to publish 10.0.0.1.
fn needed() -> World {
    World::new().with(1, Some("available"), &["10.0.0.1"])
}

fn answering(mut world: World, values: &[&str]) -> World {
    let values = values.iter().map(ToString::to_string).collect();
    world.vpc().records[0].seen =
        Ok(SeenRecords { a: Some(RecordSet { ttl: 300, values }), ..SeenRecords::default() });
    world
}

fn taken_back(mut world: World) -> World {
    let claimed = World::new().claimed_by(1, VPC, "10.0.0.1").vpc().records[0].claim.clone().unwrap();
    world.vpc().records[0].claim = Some(mark(&release(&intent(), &claimed, by_ada(now())).unwrap()));
    world
}

fn by_ada(at: Timestamp) -> Released {
    Released { by: ADA.into(), at }
}

fn mark(plan: &Plan) -> Claim {
    let mark = plan.steps().find_map(|step| match step {
        Step::PutClaim { claim, .. } => Some((**claim).clone()),
        _ => None,
    });
    mark.unwrap()
}

fn handed_over(world: &World) -> Result<HandOver, Refusal> {
    adopt(&intent(), &world.0, &policy(), &id(VPC), &key())
}

fn refused(world: &World) -> String {
    handed_over(world).unwrap_err().to_string()
}

#[test]
fn foreign_record_is_claimed_as_it_stands_and_looked_at_again() {
    let handed = handed_over(&answering(needed(), &["192.0.2.1"])).unwrap();
    assert_eq!(
        (handed.before.to_string(), handed.after.to_string()),
        ("192.0.2.1".into(), "10.0.0.1".into())
    );
    let [remember, claim, send] = handed.plan.groups[0].steps.as_slice() else { panic!("{}", handed.plan) };
    assert!(matches!(remember, Step::PutEndpoint { endpoint } if endpoint.vpc_endpoint == endpoint_id(1)));
    let Step::PutClaim { claim, expects: None, joins, .. } = claim else { panic!("{claim}") };
    assert_eq!(claim.confirmed.to_string(), "192.0.2.1");
    assert_eq!((claim.origin, claim.addresses().to_string()), (Origin::Adopted, "10.0.0.1".into()));
    assert_eq!((claim.pending.as_ref(), joins), (None, &BTreeSet::from([id(VPC)])));
    assert!(matches!(send, Step::SendIntent { intent, .. } if intent.vpcs.contains(&id::<VpcId>(VPC))));
}

#[test]
fn what_was_taken_back_is_handed_over_on_its_version_even_if_it_is_gone() {
    let handed = handed_over(&taken_back(needed())).unwrap();
    let claim = handed.plan.steps().find(|step| matches!(step, Step::PutClaim { .. })).unwrap();
    let Step::PutClaim { claim, expects, .. } = claim else { panic!("{claim}") };
    assert_eq!((*expects, claim.version, claim.released.as_ref()), (Some(2), 3, None));
    assert_eq!((claim.origin, claim.confirmed.is_empty()), (Origin::Created, true));
    let handed = handed_over(&answering(taken_back(needed()), &["192.0.2.1"])).unwrap();
    assert_eq!(mark(&handed.plan).origin, Origin::Adopted);
}

#[test]
fn what_cannot_be_handed_over_is_refused_with_the_reason() {
    assert!(refused(&needed()).contains("no record set stands there"));
    let ours = needed().claimed_by(1, VPC, "10.0.0.1");
    assert!(refused(&ours).contains("zonelink keeps it already"));
    let mut cname = needed();
    let kinds = SeenRecords { incompatible: BTreeSet::from(["CNAME".into()]), ..SeenRecords::default() };
    cname.vpc().records[0].seen = Ok(kinds);
    assert!(refused(&cname).contains("IncompatibleRecord: CNAME"));
    let mut marked = answering(needed(), &["192.0.2.1"]);
    if let Ok(seen) = &mut marked.vpc().records[0].seen {
        seen.mark = Some(Mark { controller: "external-dns".into(), owner: Some("blue".into()) });
    }
    assert!(refused(&marked).contains("ForeignController: external-dns"));
    let pending = World::new().with(1, Some("pending"), &["10.0.0.1"]);
    assert!(refused(&answering(pending, &["192.0.2.1"])).contains("no available endpoint"));
    let world = answering(needed(), &["192.0.2.1"]);
    let elsewhere = adopt(&intent(), &world.0, &policy(), &id("vpc-0fffffffffffffff0"), &key());
    assert!(matches!(elsewhere, Err(Refusal::NotNeeded(_))));
}

#[test]
fn what_was_taken_back_is_left_alone_whatever_the_definition_says() {
    let mut policy = policy();
    for definition in policy.services.values_mut() {
        definition.adopt = crate::model::policy::Adopt::Any;
        definition.shared_zones = SharedZones::Merge;
    }
    for world in [taken_back(needed()), answering(taken_back(needed()), &["10.0.0.1"])] {
        let plan = super::super::plan(&intent(), &world.0, &policy, &[]);
        let touches = |step: &&Step| {
            matches!(step, Step::PutClaim { .. } | Step::ChangeRecords { .. } | Step::ReleaseClaim { .. })
        };
        assert!(plan.steps().find(touches).is_none(), "{plan}");
        let reason = plan.holds.get(&Subject::Record(id(VPC), key()));
        assert_eq!(reason, Some(&HoldReason::Released { by: ADA.into(), at: now() }));
    }
}

#[test]
fn the_mark_outlives_its_endpoints() {
    let world = taken_back(World::new().with(1, None, &[]).known_since(1, "2026-03-01T09:15:00Z"));
    let plan = super::super::plan(&intent(), &world.0, &policy(), &[]);
    assert!(plan.holds.is_empty(), "{plan}");
    assert!(
        !plan.steps().any(|step| matches!(step, Step::ReleaseClaim { .. } | Step::PutClaim { .. })),
        "{plan}"
    );
}

#[test]
fn taking_back_leaves_every_vpc_and_looks_at_each_again() {
    let claim = World::new().claimed_by(1, VPC, "10.0.0.1").vpc().records[0].claim.clone().unwrap();
    let plan = release(&intent(), &claim, by_ada(now())).unwrap();
    let [Step::PutClaim { claim: mark, expects, leaves, .. }, Step::SendIntent { intent, .. }] =
        plan.groups[0].steps.as_slice()
    else {
        panic!("{plan}")
    };
    assert_eq!((*expects, mark.version, leaves), (Some(1), 2, &BTreeSet::from([id(VPC)])));
    assert!(mark.contributions.is_empty() && mark.confirmed.is_empty());
    assert_eq!((mark.released.as_ref(), &intent.vpcs), (Some(&by_ada(now())), leaves));
    let again = release(intent, mark, by_ada(now())).unwrap_err();
    assert!(again.to_string().starts_with(ADA), "{again}");
}

#[test]
fn a_change_on_its_way_is_waited_for_before_the_record_is_taken_back() {
    let mut claim = World::new().claimed_by(1, VPC, "10.0.0.1").vpc().records[0].claim.clone().unwrap();
    let until = now() + SignedDuration::from_secs(30);
    claim.pending =
        Some(Pending { from: Addresses::default(), to: claim.confirmed.clone(), ttl: Some(60), until });
    assert_eq!(release(&intent(), &claim, by_ada(now())), Err(Refusal::Busy(until)));
    assert!(release(&intent(), &claim, by_ada(until)).is_ok());
}
