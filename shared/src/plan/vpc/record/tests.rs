use super::*;
use crate::model::claim::Pending;
use crate::model::consent::Consent;
use crate::model::facts::{Association, Denied};
use crate::model::hold::Subject;
use crate::model::ids::{AccountId, HostedZoneId};
use crate::model::record::{RecordKey, RecordSet};
use crate::plan::steps::{Group, Step};
use crate::plan::vpc::steps::effect_steps;

const ADA: &str = "arn:aws:iam::111122223333:user/ada";
const SERVICE: &str = "vpce-svc-0123456789abcdef0";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn addresses(values: &[&str]) -> Addresses {
    let (mut a, mut aaaa) = (BTreeSet::new(), BTreeSet::new());
    for value in values {
        match value.parse().unwrap() {
            std::net::IpAddr::V4(v4) => a.insert(v4),
            std::net::IpAddr::V6(v6) => aaaa.insert(v6),
        };
    }
    Addresses { a, aaaa }
}

fn now() -> Timestamp {
    id("2026-03-02T09:15:00Z")
}

fn vpc() -> VpcId {
    id("vpc-0123456789abcdef0")
}

fn given(values: &[&str]) -> BTreeMap<VpcEndpointId, Contribution> {
    if values.is_empty() {
        return BTreeMap::new();
    }
    let account: AccountId = id("444455556666");
    let contribution = Contribution { vpc: vpc(), account, addresses: addresses(values), consent: None };
    BTreeMap::from([(id("vpce-0123456789abcdef0"), contribution)])
}

impl Decision {
    fn steps(&self) -> Vec<Step> {
        effect_steps(&self.effect, &id("444455556666"), None)
    }
}

/// One row of the table, built up like a sentence.
struct Case {
    facts: RecordFacts,
    adopt: Adopt,
    on_remove: OnRemove,
    keeps_records: bool,
    remembered: BTreeSet<VpcEndpointId>,
}

fn absent() -> Case {
    seen(&[], 60)
}

fn seen(values: &[&str], ttl: u32) -> Case {
    let set = |of: BTreeSet<String>| (!of.is_empty()).then_some(RecordSet { ttl, values: of });
    let all = addresses(values);
    let records = SeenRecords {
        a: set(all.a.iter().map(ToString::to_string).collect()),
        aaaa: set(all.aaaa.iter().map(ToString::to_string).collect()),
        incompatible: BTreeSet::new(),
        mark: None,
    };
    let key = RecordKey { zone: id::<HostedZoneId>("Z1"), name: id("*.aws.byoc.example.com") };
    Case {
        facts: RecordFacts {
            key,
            zone_account: id("444455556666"),
            association: Association::Associated,
            seen: Ok(records),
            claim: None,
            consent: Consent::Unasked,
            waiting: BTreeMap::new(),
        },
        adopt: Adopt::Identical,
        on_remove: OnRemove::Keep,
        remembered: BTreeSet::new(),
        keeps_records: false,
    }
}

impl Case {
    fn ours(self, values: &[&str]) -> Self {
        self.claimed(SERVICE, values)
    }

    fn claimed(mut self, service: &str, values: &[&str]) -> Self {
        self.facts.claim = Some(Claim {
            key: self.facts.key.clone(),
            zone_account: id("444455556666"),
            service: id(service),
            contributions: given(values),
            origin: Origin::Created,
            confirmed: addresses(values),
            pending: None,
            ttl: None,
            repairs: Repairs::default(),
            released: None,
            version: 7,
        });
        self
    }

    fn with_claim(mut self, change: impl FnOnce(&mut Claim)) -> Self {
        self.facts.claim.as_mut().map(change).unwrap();
        self
    }

    fn taken_back(self) -> Self {
        let released = Released { by: "arn:aws:iam::111122223333:user/ada".into(), at: id(PAST) };
        self.claimed(SERVICE, &[]).with_claim(|claim| claim.released = Some(released))
    }

    fn pending(self, from: &[&str], to: &[&str], until: &str) -> Self {
        let pending = Pending { from: addresses(from), to: addresses(to), ttl: Some(60), until: id(until) };
        self.with_claim(|claim| claim.pending = Some(pending))
    }

    fn incompatible(mut self, kind: &str) -> Self {
        if let Ok(seen) = &mut self.facts.seen {
            seen.incompatible.insert(kind.to_owned());
        }
        self
    }

    fn decide(&self, values: &[&str]) -> Decision {
        let service = id(SERVICE);
        let desired = Desired {
            service: &service,
            contributions: given(values),
            remembered: self.remembered.clone(),
            ttl: 60,
            adopt: self.adopt,
            on_remove: self.on_remove,
            keeps_records: self.keeps_records,
        };
        let look = Look { vpc: &vpc(), now: now(), by: Some(ADA) };
        super::decide(&self.facts, &desired, look)
    }

    fn steps(&self, values: &[&str]) -> Vec<String> {
        let steps = self.decide(values).steps();
        let mut steps = steps.as_slice();
        // Each change is preceded by its reservation, which the table's rows leave out.
        if let [Step::Reserve { requests: 1, .. }, rest @ ..] = steps {
            assert!(matches!(rest, [Step::PutClaim { .. }, Step::ChangeRecords { .. }, ..]));
            steps = rest;
        }
        steps.iter().map(|step| shorten(&step.to_string())).collect()
    }

    fn held(&self, values: &[&str]) -> String {
        let decision = self.decide(values);
        assert!(decision.steps().is_empty(), "{decision:?}");
        decision.hold.map(|reason| reason.to_string()).unwrap_or_default()
    }
}

fn shorten(step: &str) -> String {
    step.replace("Z1/*.aws.byoc.example.com", "it")
}

const NOTHING: [&str; 0] = [];
const PAST: &str = "2026-03-02T09:14:00Z";
const FUTURE: &str = "2026-03-02T09:15:30Z";

#[test]
fn absent_record_without_claim_is_claimed_and_created() {
    assert_eq!(
        absent().steps(&["10.0.0.1"]),
        [
            "claim it from nothing to 10.0.0.1",
            "change it: CREATE A TTL 60 10.0.0.1",
            "confirm claim it: 10.0.0.1"
        ]
    );
}

#[test]
fn released_record_is_held_for_who_needs_it_whatever_stands_there() {
    let words = "Released: arn:aws:iam::111122223333:user/ada took the record back at 2026-03-02T09:14:00Z";
    let mut denied = absent().taken_back();
    denied.adopt = Adopt::Any;
    for case in [
        denied,
        absent().taken_back(),
        seen(&["10.0.0.1"], 60).taken_back(),
        seen(&["10.0.0.9"], 60).taken_back(),
    ] {
        assert_eq!(case.held(&["10.0.0.1"]), words);
    }
    assert_eq!(seen(&[], 60).taken_back().incompatible("CNAME").held(&["10.0.0.1"]), words);
}

#[test]
fn released_record_that_nothing_needs_stays_released() {
    assert_eq!(absent().taken_back().decide(&[]), Decision::nothing());
    assert_eq!(seen(&["10.0.0.1"], 60).taken_back().decide(&[]), Decision::nothing());
}

#[test]
fn both_families_are_created_in_one_batch() {
    assert_eq!(
        absent().steps(&["10.0.0.1", "2001:db8::1"])[1],
        "change it: CREATE A TTL 60 10.0.0.1; CREATE AAAA TTL 60 2001:db8::1"
    );
}

#[test]
fn our_record_that_was_deleted_is_drift_and_created_again() {
    let case = absent().ours(&["10.0.0.1"]);
    assert_eq!(case.decide(&["10.0.0.1"]).reason, "drift: our record was deleted");
    assert_eq!(case.steps(&["10.0.0.1"])[1], "change it: CREATE A TTL 60 10.0.0.1");
}

#[test]
fn record_in_sync_needs_no_step_at_all() {
    assert_eq!(seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).decide(&["10.0.0.1"]), Decision::nothing());
}

#[test]
fn claim_with_other_content_is_written_alone() {
    let other = given(&["10.0.0.1"]).into_values().next().unwrap();
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).with_claim(|claim| {
        claim.contributions.insert(id("vpce-0ffffffffffffffff"), other);
    });
    assert_eq!(case.steps(&["10.0.0.1"]), ["confirm claim it: 10.0.0.1"]);
}

#[test]
fn identical_record_is_adopted_without_a_change() {
    let decision = seen(&["10.0.0.1"], 60).decide(&["10.0.0.1"]);
    assert!(matches!(decision.steps().as_slice(), [Step::PutClaim { claim, expects: None, .. }]
            if claim.origin == Origin::Adopted && claim.pending.is_none()));
}

#[test]
fn identical_record_with_another_ttl_is_adopted_and_its_ttl_repaired() {
    assert_eq!(
        seen(&["10.0.0.1"], 300).steps(&["10.0.0.1"])[1],
        "change it: DELETE A TTL 300 10.0.0.1; CREATE A TTL 60 10.0.0.1"
    );
}

#[test]
fn identical_record_is_foreign_where_nothing_is_adopted() {
    let mut case = seen(&["10.0.0.1"], 60);
    case.adopt = Adopt::Never;
    assert!(case.held(&["10.0.0.1"]).starts_with("ForeignRecord"));
}

#[test]
fn our_record_follows_the_addresses() {
    assert_eq!(
        seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).steps(&["10.0.0.1", "10.0.0.2"]),
        [
            "claim it from 10.0.0.1 to 10.0.0.1 10.0.0.2",
            "change it: DELETE A TTL 60 10.0.0.1; CREATE A TTL 60 10.0.0.1 10.0.0.2",
            "confirm claim it: 10.0.0.1 10.0.0.2"
        ]
    );
}

#[test]
fn our_record_that_was_edited_is_drift_and_repaired_with_both_values_in_the_reason() {
    let case = seen(&["10.9.9.9"], 60).ours(&["10.0.0.1"]);
    assert_eq!(case.decide(&["10.0.0.1"]).reason, "drift: our record was edited from 10.0.0.1 to 10.9.9.9");
    assert_eq!(case.steps(&["10.0.0.1"])[1], "change it: DELETE A TTL 60 10.9.9.9; CREATE A TTL 60 10.0.0.1");
}

#[test]
fn our_record_with_another_ttl_gets_its_ttl_back() {
    let case = seen(&["10.0.0.1"], 5).ours(&["10.0.0.1"]);
    assert_eq!(case.decide(&["10.0.0.1"]).reason, "the TTL differs");
}

#[test]
fn foreign_wildcard_is_left_alone() {
    let held = seen(&["192.0.2.1"], 60).held(&["10.0.0.1"]);
    assert_eq!(held, "ForeignRecord: a record set that is not ours answers 192.0.2.1");
}

#[test]
fn foreign_record_of_one_family_makes_both_foreign() {
    assert!(seen(&["10.0.0.1"], 60).held(&["10.0.0.1", "2001:db8::1"]).starts_with("ForeignRecord"));
}

#[test]
fn foreign_record_is_taken_over_where_any_is_adopted() {
    let mut case = seen(&["192.0.2.1"], 300);
    case.adopt = Adopt::Any;
    assert_eq!(
        case.steps(&["10.0.0.1"])[1],
        "change it: DELETE A TTL 300 192.0.2.1; CREATE A TTL 60 10.0.0.1"
    );
}

#[test]
fn cname_alias_and_weighted_records_are_held_as_incompatible() {
    for kind in ["CNAME", "A alias", "A with a routing policy"] {
        let expected = format!("IncompatibleRecord: {kind} stands at the name");
        assert_eq!(absent().incompatible(kind).held(&["10.0.0.1"]), expected);
        assert_eq!(absent().ours(&["10.0.0.1"]).incompatible(kind).held(&["10.0.0.1"]), expected);
    }
}

#[test]
fn incompatible_record_that_nothing_needs_is_released() {
    let case = absent().ours(&["10.0.0.1"]).incompatible("CNAME");
    assert_eq!(case.steps(&NOTHING), ["release claim it"]);
}

#[test]
fn endpoint_that_leaves_a_claim_under_an_incompatible_record_is_taken_out_of_it() {
    let other = given(&["10.0.0.2"]).into_values().next().unwrap();
    let case = absent().ours(&["10.0.0.1"]).incompatible("CNAME").with_claim(|claim| {
        claim.contributions.insert(id("vpce-0ffffffffffffffff"), other);
    });
    let decision = case.decide(&["10.0.0.1"]);
    assert!(
        matches!(decision.steps().as_slice(), [Step::PutClaim { claim, .. }] if claim.contributions.len() == 1)
    );
    assert!(decision.hold.is_some());
}

#[test]
fn claim_that_all_have_left_under_an_incompatible_record_is_found_by_those_who_want_it() {
    let case = absent().ours(&["10.0.0.1"]).incompatible("CNAME").with_claim(|claim| {
        let left = claim.contributions.pop_first().unwrap().1;
        claim.contributions.insert(id("vpce-0ffffffffffffffff"), left);
    });
    let decision = case.decide(&["10.0.0.2"]);
    let Effect::Claim(write) = &decision.effect else { panic!("{decision:?}") };
    let claim = &write.claim;
    let named: Vec<_> = claim.contributions.keys().map(ToString::to_string).collect();
    assert_eq!((named, claim.addresses()), (vec!["vpce-0123456789abcdef0".into()], Addresses::default()));
    assert_eq!(claim.indexed().map(|indexed| indexed.vpc), Some(vpc()));
    let mut after = case;
    after.facts.claim = Some(claim.clone());
    assert_eq!(after.decide(&["10.0.0.2"]).steps(), []);
}

#[test]
fn name_of_another_service_is_held_with_its_id() {
    let case = seen(&["10.0.0.9"], 60).claimed("vpce-svc-0ffffffffffffffff", &["10.0.0.9"]);
    assert_eq!(case.held(&["10.0.0.1"]), "NameTaken: the name belongs to vpce-svc-0ffffffffffffffff");
    assert_eq!(case.decide(&NOTHING), Decision::nothing());
}

#[test]
fn our_record_that_nothing_needs_is_deleted_and_then_released() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]);
    assert_eq!(
        case.steps(&NOTHING),
        ["claim it from 10.0.0.1 to nothing", "change it: DELETE A TTL 60 10.0.0.1", "release claim it"]
    );
}

#[test]
fn adopted_record_that_nothing_needs_stays_unless_the_definition_opts_in() {
    let adopted =
        || seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).with_claim(|claim| claim.origin = Origin::Adopted);
    assert_eq!(adopted().steps(&NOTHING), ["release claim it"]);
    let mut opted_in = adopted();
    opted_in.on_remove = OnRemove::Delete;
    assert_eq!(opted_in.steps(&NOTHING).len(), 3);
}

#[test]
fn adopted_record_becomes_ours_to_remove_when_our_change_is_in_place_and_not_before() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).with_claim(|claim| claim.origin = Origin::Adopted);
    let decision = case.decide(&["10.0.0.2"]);
    let origins: Vec<_> = decision
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::PutClaim { claim, .. } => Some(claim.origin),
            _ => None,
        })
        .collect();
    assert_eq!(origins, [Origin::Adopted, Origin::Created]);
    let crashed = case.pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    assert_eq!(crashed.steps(&NOTHING), ["release claim it"], "it never came: the record is as it was found");
}

#[test]
fn record_of_a_removed_definition_that_keeps_its_records_is_released_and_left() {
    for case in [
        seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]),
        seen(&["10.9.9.9"], 60).ours(&["10.0.0.1"]),
        absent().ours(&["10.0.0.1"]),
        absent().ours(&["10.0.0.1"]).incompatible("CNAME"),
    ] {
        let case = Case { keeps_records: true, on_remove: OnRemove::Delete, ..case };
        assert_eq!(case.steps(&NOTHING), ["release claim it"]);
        assert!(case.decide(&NOTHING).reason.starts_with("the definition was removed with its records kept"));
    }
    let busy = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], FUTURE);
    let busy = Case { keeps_records: true, ..busy };
    assert_eq!(busy.decide(&NOTHING).look_again, Some(id(FUTURE)), "its change is on its way");
}

#[test]
fn edited_record_that_nothing_needs_is_left_and_released() {
    let case = seen(&["10.9.9.9"], 60).ours(&["10.0.0.1"]);
    assert_eq!(case.steps(&NOTHING), ["release claim it"]);
    assert!(case.decide(&NOTHING).reason.starts_with("EditedRecord"));
}

#[test]
fn absent_record_that_nothing_needs_is_released() {
    assert_eq!(absent().ours(&["10.0.0.1"]).steps(&NOTHING), ["release claim it"]);
}

#[test]
fn unclaimed_record_that_nothing_needs_is_none_of_our_business() {
    assert_eq!(seen(&["10.0.0.1"], 60).decide(&NOTHING), Decision::nothing());
}

#[test]
fn change_of_another_worker_is_waited_for_until_it_is_over() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], FUTURE);
    let decision = case.decide(&["10.0.0.2"]);
    assert_eq!((decision.look_again, decision.steps().len()), (Some(id(FUTURE)), 0));
}

#[test]
fn pending_change_that_is_in_place_is_confirmed_once_it_cannot_land_again() {
    let pending =
        |until| seen(&["10.0.0.2"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], until);
    assert_eq!(pending(FUTURE).decide(&["10.0.0.2"]).look_again, Some(id(FUTURE)));
    assert_eq!(pending(PAST).steps(&["10.0.0.2"]), ["confirm claim it: 10.0.0.2"]);
}

#[test]
fn pending_change_that_never_came_is_made_once_its_time_is_over() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    assert_eq!(case.steps(&["10.0.0.2"]).len(), 3);
}

#[test]
fn record_that_is_neither_before_nor_after_a_pending_change_is_foreign() {
    let case = seen(&["10.9.9.9"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    let decision = case.decide(&["10.0.0.2"]);
    assert_eq!(decision.hold.map(|reason| reason.code()), Some("ForeignRecord"));
    assert_eq!(case.steps(&["10.0.0.2"]), ["release claim it"], "nobody waits for the change for ever");
    assert_eq!(case.steps(&NOTHING), ["release claim it"], "it is left where nothing needs it");
}

#[test]
fn interrupted_change_under_a_cname_is_not_waited_for() {
    let cname = absent().incompatible("CNAME");
    let case = cname.ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    assert_eq!(case.steps(&["10.0.0.2"]), ["confirm claim it: 10.0.0.1"]);
    let cname = absent().incompatible("CNAME");
    let first = cname.ours(&[]).with_claim(|claim| claim.contributions = given(&["10.0.0.2"]));
    let first = first.pending(&[], &["10.0.0.2"], PAST);
    assert_eq!(first.steps(&["10.0.0.2"]), ["release claim it"], "nothing of it was ever ours");
}

#[test]
fn record_that_vanished_during_a_pending_change_is_made_again() {
    let case = absent().ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    assert_eq!(case.steps(&["10.0.0.2"])[1], "change it: CREATE A TTL 60 10.0.0.2");
}

#[test]
fn record_that_went_back_to_what_we_wrote_during_a_pending_change_is_ours() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).pending(&["10.9.9.9"], &["10.0.0.2"], PAST);
    assert_eq!(case.steps(&["10.0.0.2"]).len(), 3);
}

#[test]
fn claim_that_is_made_anew_never_repeats_a_version() {
    let decision = absent().decide(&["10.0.0.1"]);
    let first = u64::try_from(now().as_nanosecond()).unwrap();
    assert!(matches!(&decision.steps()[1], Step::PutClaim { claim, .. } if claim.version == first));
}

#[test]
fn foreign_record_whose_take_over_never_came_is_not_deleted() {
    let case = seen(&["192.0.2.1"], 60).ours(&[]).pending(&["192.0.2.1"], &["10.0.0.1"], PAST);
    assert_eq!(case.steps(&NOTHING), ["release claim it"]);
}

#[test]
fn crashed_removal_ends_in_a_release() {
    let case = absent().ours(&[]).with_claim(|claim| claim.confirmed = addresses(&["10.0.0.1"]));
    let case = case.pending(&["10.0.0.1"], &[], PAST);
    assert_eq!(case.steps(&NOTHING), ["release claim it"]);
}

#[test]
fn record_that_cannot_be_read_is_held_and_its_claim_kept() {
    let mut case = absent().ours(&["10.0.0.1"]);
    case.facts.seen = Err(Denied {
        account: id("777788889999"),
        operation: "route53:ListResourceRecordSets".into(),
        message: "AccessDenied for Z1".into(),
        tried: None,
    });
    for values in [&["10.0.0.1"][..], &NOTHING] {
        assert!(
            case.held(values).starts_with("NoAccess: route53:ListResourceRecordSets in account 777788889999")
        );
    }
}

#[test]
fn every_write_bears_the_version_it_saw_and_leaves_one_more() {
    let decision = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).decide(&["10.0.0.2"]);
    let versions: Vec<_> = decision
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::PutClaim { claim, expects, .. } => Some((*expects, claim.version)),
            _ => None,
        })
        .collect();
    assert_eq!(versions, [(Some(7), 8), (Some(8), 9)]);
}

/// What a decision changes, as it is counted: in one word, and whether it repairs what was edited.
fn counted(case: &Case, values: &[&str]) -> Option<(&'static str, bool)> {
    let decision = case.decide(values);
    let (steps, reason) = (decision.steps(), decision.reason);
    let subject = Subject::Record(vpc(), case.facts.key.clone());
    let (change, place) = Group { subject, reason, steps: steps.clone() }.record_change()?;
    assert!(matches!(steps[place], Step::ChangeRecords { .. }));
    assert!(matches!(steps[place + 1], Step::PutClaim { .. } | Step::ReleaseClaim { .. }), "it is confirmed");
    Some((change.action(), change.repairs_drift))
}

#[test]
fn changes_are_counted_by_what_stood_there_and_what_comes() {
    let (ours, changed) = (["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]);
    let table = [
        (absent(), &ours[..], Some(("CREATE", false))),
        (seen(&ours, 60).ours(&ours), &changed[..], Some(("REPLACE", false))),
        (seen(&ours, 60).ours(&ours), &[][..], Some(("DELETE", false))),
        (seen(&ours, 60).ours(&ours), &ours[..], None),
        (seen(&ours, 300).ours(&ours), &ours[..], Some(("REPLACE", false))),
        (seen(&ours, 300), &ours[..], Some(("REPLACE", false))),
        (absent().ours(&[]).pending(&[], &ours, PAST), &ours[..], Some(("CREATE", false))),
    ];
    for (number, (case, values, expected)) in table.into_iter().enumerate() {
        assert_eq!(counted(&case, values), expected, "row {number}");
    }
}

#[test]
fn drift_is_what_was_found_other_than_confirmed() {
    let ours = ["10.0.0.1"];
    let edited = seen(&["10.9.9.9"], 60);
    assert_eq!(counted(&edited.ours(&ours), &ours), Some(("REPLACE", true)));
    assert_eq!(counted(&absent().ours(&ours), &ours), Some(("CREATE", true)));
    let repair_that_never_came = seen(&["10.9.9.9"], 60).ours(&ours).pending(&["10.9.9.9"], &ours, PAST);
    assert_eq!(counted(&repair_that_never_came, &ours), Some(("REPLACE", true)));
    let mut taken_over = seen(&["10.9.9.9"], 60);
    taken_over.adopt = Adopt::Any;
    assert_eq!(counted(&taken_over, &ours), Some(("REPLACE", false)), "it was never ours");
}

mod others;
mod refused;
mod remembered;
