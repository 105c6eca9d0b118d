//! Another controller's mark, and a record that somebody else writes again and again.

use super::*;
use crate::model::mark::Mark;

const OURS: [&str; 1] = ["10.0.0.1"];
const THEIRS: [&str; 1] = ["192.0.2.1"];
const MARKED: &str = "ForeignController: external-dns has marked the record as its own, as owner blue";
const CONTENDED: &str = "Contended: arn:aws:iam::111122223333:user/ada has written it again after 4 repairs within an \
                         hour; left as it is until 2026-03-02T10:13:00Z";

impl Case {
    fn marked(mut self) -> Self {
        if let Ok(seen) = &mut self.facts.seen {
            seen.mark = Some(Mark { controller: "external-dns".into(), owner: Some("blue".into()) });
        }
        self
    }

    /// Put right so many times, each a minute after the other, the last time two minutes ago.
    fn repaired(self, times: usize) -> Self {
        self.repaired_until("2026-03-02T09:13:00Z", times)
    }

    fn repaired_until(self, last: &str, times: usize) -> Self {
        let (last, times): (Timestamp, i64) = (id(last), times.try_into().unwrap());
        let all = (0..times).rev().map(|n| last - jiff::SignedDuration::from_mins(n));
        let repairs = all.fold(Repairs::default(), |repairs, at| repairs.and(at, Some(ADA)));
        self.with_claim(|claim| claim.repairs = repairs)
    }

    fn written_with_ttl(self, ttl: u32) -> Self {
        self.with_claim(|claim| claim.ttl = Some(ttl))
    }

    /// How many repairs the claim knows from now on, and whether this change is counted as one.
    fn repairs(&self, values: &[&str]) -> (usize, bool) {
        let announced = self.decide(values).steps().into_iter().find_map(|step| match step {
            Step::PutClaim { claim, .. } => Some(claim.repairs.iter().count()),
            _ => None,
        });
        (announced.unwrap_or_default(), counted(self, values).is_some_and(|(_, repairs_drift)| repairs_drift))
    }
}

#[test]
fn marked_record_is_not_adopted_whatever_the_definition_says() {
    for adopt in [Adopt::Never, Adopt::Identical, Adopt::Any] {
        for case in [seen(&OURS, 60), seen(&OURS, 300), seen(&THEIRS, 60), absent()] {
            let case = Case { adopt, ..case.marked() };
            assert_eq!(case.held(&OURS), MARKED);
        }
    }
}

#[test]
fn record_of_ours_that_was_marked_later_is_held_with_its_claim_and_never_repaired() {
    for case in [seen(&OURS, 60), seen(&OURS, 300), seen(&THEIRS, 60), absent()] {
        assert_eq!(case.ours(&OURS).marked().held(&OURS), MARKED);
    }
    assert_eq!(seen(&OURS, 60).ours(&OURS).marked().held(&["10.0.0.2"]), MARKED, "nor is it changed");
}

#[test]
fn record_whose_mark_is_gone_is_repaired_as_before() {
    assert_eq!(seen(&THEIRS, 60).ours(&OURS).steps(&OURS).len(), 3);
    assert_eq!(seen(&OURS, 60).ours(&OURS).decide(&OURS), Decision::nothing());
}

#[test]
fn marked_alias_is_held_for_its_mark() {
    assert_eq!(absent().incompatible("A alias").marked().held(&OURS), MARKED);
}

#[test]
fn endpoint_that_has_left_goes_out_of_the_claim_on_a_marked_record() {
    let left = given(&["10.0.0.2"]).into_values().next().unwrap();
    let case = seen(&OURS, 60).ours(&OURS).marked();
    let case = case.with_claim(|claim| _ = claim.contributions.insert(id("vpce-0ffffffffffffffff"), left));
    let decision = case.decide(&OURS);
    assert!(
        matches!(decision.steps().as_slice(), [Step::PutClaim { claim, .. }] if claim.contributions.len() == 1)
    );
    assert_eq!(decision.hold.map(|hold| hold.code()), Some("ForeignController"));
}

#[test]
fn marked_record_that_nothing_needs_is_released_and_stays() {
    let case = seen(&OURS, 60).ours(&OURS).marked();
    assert_eq!(
        case.decide(&NOTHING).reason,
        "nothing needs it, and another controller has marked it: release it"
    );
    assert_eq!(case.steps(&NOTHING), ["release claim it"]);
}

#[test]
fn record_that_was_put_right_four_times_within_an_hour_is_left_whatever_was_done_to_it() {
    for case in [seen(&THEIRS, 60), absent(), seen(&OURS, 300)] {
        assert_eq!(case.ours(&OURS).written_with_ttl(60).repaired(4).held(&OURS), CONTENDED);
    }
}

#[test]
fn record_that_was_put_right_three_times_is_put_right_once_more_and_the_claim_says_who_wrote_it() {
    let case = seen(&THEIRS, 60).ours(&OURS).repaired(3);
    assert_eq!(case.repairs(&OURS), (4, true));
    let Effect::Change(announced, confirm) = case.decide(&OURS).effect else { panic!("no change") };
    let last = announced.announce.claim.repairs.iter().last().cloned().unwrap();
    assert_eq!((last.at, last.by.as_deref()), (now(), Some(ADA)));
    assert_eq!(confirm.claim.repairs, announced.announce.claim.repairs);
}

#[test]
fn contended_record_that_is_right_again_is_in_sync() {
    assert_eq!(
        seen(&OURS, 60).ours(&OURS).written_with_ttl(60).repaired(4).decide(&OURS),
        Decision::nothing()
    );
}

#[test]
fn contended_record_is_put_right_an_hour_after_its_last_repair_and_counts_anew() {
    let case = seen(&THEIRS, 60).ours(&OURS).repaired_until("2026-03-02T08:15:00Z", 4);
    assert_eq!(case.repairs(&OURS), (1, true));
}

#[test]
fn what_endpoints_or_the_definition_change_is_no_repair_and_is_done_though_the_record_was_contended() {
    let moved = seen(&OURS, 60).ours(&OURS).written_with_ttl(60).repaired(4);
    assert_eq!(moved.repairs(&["10.0.0.2"]), (4, false));
    let other_ttl = seen(&OURS, 300).ours(&OURS).written_with_ttl(300).repaired(4);
    assert_eq!(
        other_ttl.repairs(&OURS),
        (4, false),
        "it stands as we wrote it, and the definition wants another"
    );
}

#[test]
fn ttl_that_somebody_else_wrote_is_a_repair_and_one_that_nobody_knows_is_none() {
    let edited = seen(&OURS, 300).ours(&OURS).written_with_ttl(60);
    assert_eq!(edited.repairs(&OURS), (1, true));
    assert_eq!(edited.decide(&OURS).reason, "drift: the TTL differs, it was edited from 60 to 300");
    assert_eq!(seen(&OURS, 300).ours(&OURS).repairs(&OURS), (0, false));
}

#[test]
fn ttl_is_known_from_the_change_that_wrote_it_and_from_a_claim_on_what_stands() {
    let ttl = |case: &Case, values: &[&str]| {
        let last = case.decide(values).steps().into_iter().rev().find_map(|step| match step {
            Step::PutClaim { claim, .. } => Some(claim.ttl),
            _ => None,
        });
        last.unwrap()
    };
    assert_eq!(ttl(&absent(), &OURS), Some(60));
    assert_eq!(ttl(&seen(&OURS, 60), &OURS), Some(60));
    assert_eq!(ttl(&seen(&OURS, 300).ours(&OURS), &OURS), Some(60));
}

#[test]
fn repair_that_was_announced_and_never_made_does_not_count() {
    let theirs = || seen(&THEIRS, 60).ours(&OURS).pending(&THEIRS, &OURS, PAST);
    // Announced a minute before its time was over.
    assert_eq!(theirs().repaired_until("2026-03-02T09:13:00Z", 4).repairs(&OURS), (4, true));
    let older = theirs().repaired_until("2026-03-02T09:12:00Z", 4);
    assert_eq!(older.decide(&OURS).hold.map(|hold| hold.code()), Some("Contended"));
}

#[test]
fn refused_repair_does_not_count() {
    let case = seen(&THEIRS, 60).ours(&OURS).repaired(3);
    let before = case.facts.claim.clone().unwrap().repairs;
    let put_back = case.decide(&OURS).steps().into_iter().find_map(|step| match step {
        Step::ChangeRecords { put_back, .. } => put_back.into_iter().next(),
        _ => None,
    });
    assert!(matches!(put_back, Some(Step::PutClaim { claim, .. }) if claim.repairs == before));
}

#[test]
fn claim_of_an_older_version_is_read_and_a_new_one_without_repairs_looks_like_it() {
    let claim = seen(&OURS, 60).ours(&OURS).facts.claim.unwrap();
    let item = serde_json::to_value(&claim).unwrap();
    assert!(item.get("repairs").is_none() && item.get("ttl").is_none(), "{item}");
    assert_eq!(serde_json::from_value::<Claim>(item).unwrap(), claim);
}
