//! What is only remembered of an endpoint stays where it stands, and causes nothing.

use super::*;

/// The endpoint is not available just now.
fn pending(mut case: Case) -> Case {
    case.remembered = given(&["10.0.0.1"]).into_keys().collect();
    case
}

#[test]
fn deleted_record_is_not_made_again_of_what_is_remembered() {
    let case = pending(absent().ours(&["10.0.0.1"]));
    assert_eq!(case.decide(&["10.0.0.1"]), Decision::nothing());
}

#[test]
fn edited_record_is_not_mended_with_what_is_remembered() {
    let case = pending(seen(&["192.0.2.1"], 60).ours(&["10.0.0.1"]));
    assert_eq!(case.decide(&["10.0.0.1"]), Decision::nothing());
}

#[test]
fn foreign_record_is_not_taken_over_for_what_is_remembered() {
    let mut case = pending(seen(&["192.0.2.1"], 60));
    case.adopt = Adopt::Any;
    assert_eq!(case.decide(&["10.0.0.1"]), Decision::nothing());
}

#[test]
fn what_stands_of_a_pending_endpoint_stays() {
    let case = pending(seen(&["10.0.0.1"], 60).ours(&["10.0.0.1"]));
    assert_eq!(case.decide(&["10.0.0.1"]), Decision::nothing());
    let case = pending(seen(&["10.0.0.1"], 300).ours(&["10.0.0.1"]));
    assert_eq!(
        case.steps(&["10.0.0.1"])[1],
        "change it: DELETE A TTL 300 10.0.0.1; CREATE A TTL 60 10.0.0.1"
    );
}
