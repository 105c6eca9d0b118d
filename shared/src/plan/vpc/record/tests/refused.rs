//! What becomes of a claim whose change was certainly not made, and of values that somebody else wrote meanwhile.

use super::*;

/// What undoes the announcement of a decision.
fn put_back(case: &Case, values: &[&str]) -> Step {
    let steps = case.decide(values).steps();
    let put_back = steps.into_iter().find_map(|step| match step {
        Step::ChangeRecords { put_back, .. } => put_back.into_iter().next(),
        _ => None,
    });
    put_back.unwrap()
}

fn written(step: Step) -> Claim {
    let Step::PutClaim { claim, .. } = step else { panic!("no claim is written: {step}") };
    *claim
}

#[test]
fn first_claim_is_released_when_its_change_was_not_made() {
    let version = u64::try_from(now().as_nanosecond()).unwrap();
    let expected = Step::ReleaseClaim { key: absent().facts.key, expects: version, leaves: [vpc()].into() };
    assert_eq!(put_back(&absent(), &["10.0.0.1"]), expected);
}

#[test]
fn claim_says_again_what_it_said_before_under_a_number_of_its_own() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]);
    let step = put_back(&case, &["10.0.0.2"]);
    assert!(matches!(step, Step::PutClaim { expects: Some(8), .. }), "the number of the announcement");
    let before = case.facts.claim.clone().unwrap();
    assert_eq!(written(step), Claim { version: 9, ..before });
}

#[test]
fn change_whose_time_is_over_is_still_said_of_a_claim_that_is_put_back() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    let before = case.facts.claim.clone().unwrap();
    assert_eq!(written(put_back(&case, &["10.0.0.3"])).pending, before.pending);
}

#[test]
fn older_change_that_is_seen_in_place_is_confirmed_by_a_claim_that_is_put_back() {
    let case = seen(&["10.0.0.2"], 60).ours(&["10.0.0.1"]).pending(&["10.0.0.1"], &["10.0.0.2"], PAST);
    let claim = written(put_back(&case, &["10.0.0.3"]));
    assert_eq!((claim.pending, claim.confirmed), (None, addresses(&["10.0.0.2"])));
}

#[test]
fn what_this_vpc_adds_and_was_never_written_goes_with_the_refused_change() {
    let others = Contribution {
        vpc: id("vpc-00000002"),
        account: id("777788889999"),
        addresses: addresses(&["10.2.0.1"]),
        consent: None,
    };
    let case = seen(&["10.2.0.1"], 60).ours(&["10.0.0.1"]);
    let case = case.with_claim(|claim| {
        claim.confirmed = addresses(&["10.2.0.1"]);
        claim.contributions.insert(id("vpce-00000009"), others.clone());
    });
    let left = written(put_back(&case, &["10.0.0.1"])).contributions;
    assert_eq!(left, BTreeMap::from([(id("vpce-00000009"), others)]));
}

#[test]
fn removal_that_was_not_made_leaves_the_claim_as_it_was() {
    let case = seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]);
    let before = case.facts.claim.clone().unwrap();
    assert_eq!(written(put_back(&case, &NOTHING)), Claim { version: 9, ..before });
}

#[test]
fn same_values_under_another_ttl_are_somebody_elses() {
    let wanted = ["10.0.0.1"];
    let theirs = || seen(&wanted, 300).ours(&wanted).with_claim(|claim| claim.confirmed = addresses(&[]));
    let theirs = || theirs().pending(&[], &wanted, PAST);
    let steps = theirs().decide(&wanted).steps();
    let confirmed = steps.iter().rev().find_map(|step| match step {
        Step::PutClaim { claim, .. } => Some(claim.origin),
        _ => None,
    });
    assert_eq!(confirmed, Some(Origin::Adopted), "its TTL is mended, and it is never deleted");
    assert_eq!(theirs().steps(&NOTHING), ["release claim it"]);
    let mut never = theirs();
    never.adopt = Adopt::Never;
    assert_eq!(never.decide(&wanted).hold.map(|reason| reason.code()), Some("ForeignRecord"));
    assert_eq!(never.steps(&wanted), ["release claim it"]);
}

#[test]
fn what_somebody_wrote_during_a_change_that_was_not_made_is_adopted_where_it_is_right() {
    let case = seen(&["10.0.0.3"], 60).ours(&[]).pending(&[], &["10.0.0.2"], PAST);
    let steps = case.decide(&["10.0.0.3"]).steps();
    let [Step::PutClaim { claim, .. }] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!((claim.origin, &claim.pending), (Origin::Adopted, &None));
}

#[test]
fn change_of_the_ttl_alone_that_never_came_leaves_the_record_ours() {
    let ours = ["10.0.0.1"];
    let case = seen(&ours, 300).ours(&ours).pending(&ours, &ours, PAST);
    assert_eq!(case.steps(&NOTHING)[1], "change it: DELETE A TTL 300 10.0.0.1");
}
