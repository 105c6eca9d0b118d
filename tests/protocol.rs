//! The claim protocol, checked exhaustively: every order in which workers, Route 53, a person, endpoints and
//! the clock can act, within the bounds that each test sets. The plans are the project's own.
//!
//! It is a model and stays one: its workers drive the production plan over reads and writes that are modelled here,
//! because it looks at every state. The simulation runs the production code that reads and writes, in some schedules.
//!
//! `cargo test -p zonelink-tests --test protocol -- --nocapture` shows how many states were looked at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the size of what was checked is a result of its own")]

#[path = "protocol/ends.rs"]
mod ends;
#[path = "protocol/model.rs"]
mod model;
#[path = "protocol/planner.rs"]
mod planner;
#[path = "protocol/worker.rs"]
mod worker;
#[path = "protocol/world.rs"]
mod world;
#[path = "protocol/zone_planner.rs"]
mod zone_planner;
#[path = "protocol/zones.rs"]
mod zones;

use std::collections::BTreeMap;
use std::time::Instant;

use shared::model::policy::{Adopt, OnRemove, Policy, ServiceDefinition};
use stateright::{Checker, Expectation, HasDiscoveries, Model};

use model::{Action, Broken, PERSON, Protocol, SETTLES, Setting, Start, State};
use world::{FOREIGN, FOREIGN_AAAA, NOTHING, ONE, Record, Set};

const fn addresses(set: Set) -> Record {
    Record { set, other_ttl: false, cname: false }
}

/// Two workers for one endpoint, a person who deletes, overwrites or restores the record.
fn two_workers() -> Setting {
    Setting {
        workers: vec![0, 0],
        vpc_of: [0, 0],
        owned: false,
        adopt: Adopt::Identical,
        on_remove: OnRemove::Keep,
        edits: 1,
        writes: vec![addresses(NOTHING), addresses(FOREIGN), addresses(ONE)],
        moves: 2,
        both: false,
        minutes: 2,
        put_offs: 0,
        starts: vec![Start::Empty, Start::Ours, Start::Adopted, Start::Foreign],
        broken: None,
    }
}

fn three_workers() -> Setting {
    Setting { workers: vec![0; 3], edits: 0, ..two_workers() }
}

/// A person who also writes another TTL, AAAA beside or instead of A, or a CNAME.
fn any_kind_of_record() -> Setting {
    let other_ttl = Record { other_ttl: true, ..addresses(ONE) };
    let cname = Record { cname: true, ..addresses(NOTHING) };
    let aaaa = [addresses(ONE | FOREIGN_AAAA), addresses(FOREIGN_AAAA)];
    let writes = two_workers().writes.into_iter().chain(aaaa).chain([other_ttl, cname]);
    Setting { writes: writes.collect(), edits: 2, moves: 1, ..two_workers() }
}

/// An endpoint in each of two VPCs that share the zone, and a worker for each.
fn two_vpcs() -> Setting {
    Setting { both: true, workers: vec![0, 1], vpc_of: [0, 1], ..two_workers() }
}

/// The same, where the second VPC is the zone's owner's and the first one is not, and only one may have the record.
fn an_owner_and_a_guest() -> Setting {
    Setting { owned: true, ..two_vpcs() }
}

/// Looks at every state, or until it finds where one property does not hold. Gives all that does not hold,
/// each with the shortest way there.
fn look_at_all(setting: Setting, until: Option<&'static str>) -> Vec<(&'static str, String)> {
    let broken = setting.broken;
    let model = Protocol::new(setting);
    let finish_when = until.map_or(HasDiscoveries::All, |one| HasDiscoveries::AnyOf([one].into()));
    let began = Instant::now();
    let checker = model.clone().checker().finish_when(finish_when).spawn_bfs().join();
    println!(
        "{}{} states, {} steps deep, {} plans, {:.1?}",
        broken.map_or(String::new(), |broken| format!("{broken:?}: ")),
        checker.unique_state_count(),
        checker.max_depth(),
        model.planner.asked(),
        began.elapsed()
    );
    let found = checker.discoveries();
    let mut wrong = Vec::new();
    for property in model.properties() {
        match (property.expectation, found.get(property.name)) {
            (Expectation::Always, Some(path)) => {
                wrong.push((property.name, told(&model, &path.clone().into_vec())));
            }
            (Expectation::Sometimes, None) => wrong.push((property.name, "never happens".into())),
            _ => {}
        }
    }
    wrong
}

/// A path, line by line: what was done, and what has become of record and claim.
fn told(model: &Protocol, path: &[(State, Option<Action>)]) -> String {
    let shown =
        |state: &State| format!("record {:?} by {:?}, claim {:?}", state.record, state.authors, state.claim);
    let mut lines = vec![shown(&path[0].0)];
    for pair in path.windows(2) {
        let [(before, Some(action)), (after, _)] = pair else { break };
        lines.push(match action {
            Action::Work(n) => before.workers[*n].to_string(),
            Action::LandsUnheard(n) => format!("{}: lands unheard", before.workers[*n]),
            Action::PutOff(n) => format!("{}: Route 53 is not ready for it", before.workers[*n]),
            other => format!("{other:?}"),
        });
        if shown(before) != shown(after) {
            lines.push(format!("  {}", shown(after)));
        }
    }
    lines.push(format!("in the end: {}", shown(&model.visited(&path[path.len() - 1].0))));
    lines.join("\n  ")
}

fn check(setting: Setting) {
    let wrong = look_at_all(setting, None);
    let wrong: Vec<_> =
        wrong.iter().map(|(property, path)| format!("not so: {property}\n  {path}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Checks that the check finds what is wrong with a protocol that is not ours.
fn finds(broken: Broken, expected: &'static str, setting: Setting) {
    let wrong = look_at_all(Setting { broken: Some(broken), ..setting }, Some(expected));
    assert!(wrong.iter().any(|(property, _)| *property == expected), "{broken:?} does no harm");
}

#[test]
fn two_workers_and_a_busy_person_leave_nothing_wrong() {
    check(Setting { edits: 2, moves: 3, ..two_workers() });
}

#[test]
fn three_workers_and_a_person_leave_nothing_wrong() {
    check(Setting { edits: 1, minutes: 1, ..three_workers() });
}

#[test]
fn three_workers_leave_nothing_wrong_for_as_long_as_two_changes_take() {
    check(three_workers());
}

#[test]
fn records_of_any_kind_are_left_or_held() {
    check(any_kind_of_record());
}

#[test]
fn any_rule_of_adoption_and_removal_leaves_nothing_wrong() {
    let setting = Setting { edits: 1, moves: 2, ..any_kind_of_record() };
    check(Setting { adopt: Adopt::Any, ..setting.clone() });
    check(Setting { adopt: Adopt::Never, ..setting.clone() });
    check(Setting { on_remove: OnRemove::Delete, ..setting });
}

#[test]
fn two_endpoints_leave_nothing_wrong() {
    check(Setting { both: true, ..two_workers() });
}

#[test]
fn two_vpcs_that_share_a_zone_leave_nothing_wrong() {
    check(two_vpcs());
    check(Setting { workers: vec![0, 1, 1], edits: 0, minutes: 1, ..two_vpcs() });
}

#[test]
fn the_zones_owner_takes_the_record_from_a_guest_and_leaves_nothing_wrong() {
    check(an_owner_and_a_guest());
    check(Setting { workers: vec![0, 1, 1], edits: 0, minutes: 1, ..an_owner_and_a_guest() });
    check(Setting { put_offs: 1, edits: 0, ..an_owner_and_a_guest() });
}

#[test]
fn changes_that_route53_puts_off_leave_nothing_wrong() {
    check(Setting { edits: 1, put_offs: 2, ..any_kind_of_record() });
    check(Setting { edits: 1, put_offs: 1, ..two_vpcs() });
}

#[test]
fn a_claim_that_is_put_back_without_an_answer_leaks() {
    finds(Broken::PutBackUnanswered, SETTLES, two_workers());
}

#[test]
fn a_change_that_is_sent_twice_leaks() {
    finds(Broken::SentTwice, SETTLES, two_workers());
}

#[test]
fn values_that_count_as_ours_under_any_ttl_take_what_a_person_wrote() {
    finds(Broken::AnyTtl, PERSON, Setting { edits: 1, moves: 1, ..any_kind_of_record() });
}

#[test]
fn a_claim_without_pending_leaks() {
    finds(Broken::NoPending, SETTLES, three_workers());
}

#[test]
fn a_release_before_the_deletion_leaks() {
    finds(Broken::ReleasedFirst, SETTLES, three_workers());
}

#[test]
fn claims_without_a_condition_on_their_version_leak() {
    finds(Broken::NoVersion, SETTLES, three_workers());
}

#[test]
fn a_request_that_outlives_its_time_leaks() {
    finds(Broken::Outlives, SETTLES, three_workers());
}

#[test]
fn a_change_that_is_trusted_before_its_time_is_over_leaks() {
    finds(Broken::TrustedEarly, SETTLES, two_workers());
}

#[test]
fn an_origin_that_changes_before_the_record_does_takes_what_a_person_wrote() {
    finds(Broken::OriginEarly, PERSON, two_workers());
}

#[test]
fn a_record_that_is_read_before_its_claim_leaks() {
    finds(Broken::RecordFirst, SETTLES, Setting { ..three_workers() });
}

#[test]
fn new_claims_of_the_same_version_leak() {
    let starts = vec![Start::Empty];
    let setting = Setting { workers: vec![0; 4], minutes: 1, starts, ..three_workers() };
    finds(Broken::SameVersion, SETTLES, setting);
}

/// One service, whose zones are made, and deleted when nothing needs them.
fn made_zones() -> Policy {
    let definition = r#"{"service": "vpce-svc-00000001", "names": ["*.aws.byoc.example.com"],
        "allowed_principals": ["444455556666"], "zones": "create", "unneeded_zones": "delete"}"#;
    let definition: ServiceDefinition = serde_json::from_str(definition).unwrap();
    let services = BTreeMap::from([(definition.service.clone(), definition)]);
    Policy { region: planner::id("us-west-2"), services }
}

#[test]
fn two_workers_make_and_delete_the_zone_of_a_vpc_and_leave_nothing_wrong() {
    let wrong = zones::wrong(made_zones(), None, None);
    let wrong: Vec<_> =
        wrong.iter().map(|(property, path)| format!("not so: {property}\n  {path}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Checks that the check finds what is wrong about zones with a protocol, or a Route 53, that is not the one there is.
fn finds_of_zones(broken: zones::Broken, expected: &'static str) {
    let wrong = zones::wrong(made_zones(), Some(broken), Some(expected));
    assert!(wrong.iter().any(|(property, _)| *property == expected), "{broken:?} does no harm");
}

#[test]
fn claims_on_zones_without_a_condition_on_their_version_leak() {
    finds_of_zones(zones::Broken::NoVersion, zones::ANNOUNCED);
}

#[test]
fn a_zone_whose_end_was_not_answered_is_deleted_unannounced_when_its_claim_is_put_back() {
    finds_of_zones(zones::Broken::PutBackUnanswered, zones::ANNOUNCED);
}

#[test]
fn a_route_53_that_makes_a_second_zone_of_a_name_leaves_two() {
    finds_of_zones(zones::Broken::NotUnique, zones::ONE);
}
