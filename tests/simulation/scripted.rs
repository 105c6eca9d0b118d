//! Schedules that went wrong, each cut down to the fewest steps that it takes. A seed means something else as
//! soon as the simulation draws one number more; these steps do not.
//!
//! Each test says what comes of its steps.

use std::collections::BTreeSet;

use shared::model::facts::VpcEndpointState::{Available, Pending};
use shared::model::policy::SharedZones;
use shared::model::record::SeenRecords;

use super::drive::Drive;
use super::script::{answering, numbered_vpc, record};
use super::world::World;

const FIRST: &str = "vpc-00000001";
const SECOND: &str = "vpc-00000002";
const OLD: &str = "vpce-00000001";
const NEW: &str = "vpce-00000002";
const OTHER: &str = "vpce-00000003";
const MINUTE: i64 = 60_000;

fn act<T>(drive: &Drive, step: impl FnOnce(&mut World) -> T) {
    step(&mut drive.world.borrow_mut());
}

/// One VPC whose endpoint is available, and the record that answers its address.
fn published() -> Drive {
    let mut world = World::scripted(SharedZones::Merge, &[FIRST]);
    world.client_creates(OLD, FIRST, &["10.1.0.1"]);
    world.turns(OLD, Available);
    let drive = Drive::new(world);
    drive.look_at(FIRST);
    assert_eq!(drive.world.borrow().answers(), "10.1.0.1");
    drive
}

fn no_rule_is_broken(drive: &Drive) {
    let world = drive.world.borrow();
    let history = world.history.clone().unwrap_or_default().join("\n");
    assert!(world.violations.is_empty(), "{history}\n{:#?}", world.violations);
}

#[test]
fn a_deleted_record_is_not_made_again_of_what_is_remembered_of_a_pending_endpoint() {
    let drive = published();
    // The client modifies it: until it is available again its addresses may change.
    act(&drive, |world| world.turns(OLD, Pending));
    act(&drive, |world| world.person_makes_it(SeenRecords::default()));
    drive.sweep();
    assert_eq!(drive.world.borrow().answers(), "nothing");
    act(&drive, |world| world.turns(OLD, Available));
    drive.sweep();
    assert_eq!(drive.world.borrow().answers(), "10.1.0.1");
    no_rule_is_broken(&drive);
}

#[test]
fn a_deleted_record_is_not_made_again_of_an_endpoint_that_is_gone_and_forgotten() {
    let drive = published();
    act(&drive, |world| world.is_forgotten(OLD));
    act(&drive, |world| world.goes(OLD));
    act(&drive, |world| world.person_makes_it(SeenRecords::default()));
    drive.sweep();
    assert_eq!(drive.world.borrow().answers(), "nothing");
    drive.sweep();
    let differences = drive.world.borrow().differences().join("; ");
    // It takes ten minutes to tell "gone" from "not seen yet", however right the record.
    assert!(differences.starts_with("Z1/*.aws.byoc.example.com: nothing needs it, and it is claimed: "));
    act(&drive, |world| world.pass(11 * MINUTE));
    drive.sweep();
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
    assert_eq!(drive.world.borrow().answers(), "nothing");
    no_rule_is_broken(&drive);
}

/// One VPC's endpoint is replaced while the record may not be touched, and another VPC of the zone wants it too.
fn is_replaced_beside_another(drive: &Drive) {
    act(drive, |world| {
        world.pass(11 * MINUTE);
        world.goes(OLD);
        world.client_creates(NEW, FIRST, &["10.1.0.2"]);
        world.turns(NEW, Available);
        world.client_creates(OTHER, SECOND, &["10.2.0.1"]);
        world.turns(OTHER, Available);
    });
    drive.sweep();
    drive.sweep();
    // All is as it should be: what stands in the way is held.
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
}

/// What another VPC has in a claim is that VPC's to take out: neither writes what the other would write back.
fn three_sweeps_write_nothing(drive: &Drive) {
    for _ in 0..3 {
        assert_eq!(drive.writes_of_a_sweep(), Vec::<String>::new());
        act(drive, |world| world.pass(15 * MINUTE));
    }
}

/// However the claim settles, it goes with the last endpoint that wanted the record.
fn the_last_one_takes_the_claim_with_it(drive: &Drive) {
    act(drive, |world| [NEW, OTHER].map(|name| world.goes(name)));
    act(drive, |world| world.pass(11 * MINUTE));
    drive.sweep();
    drive.sweep();
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
    assert!(drive.world.borrow().table.claims().next().is_none());
}

#[test]
fn a_claim_under_a_foreign_record_settles() {
    for sharing in [SharedZones::Merge, SharedZones::Refuse] {
        let mut world = World::scripted(sharing, &[FIRST, SECOND]);
        world.client_creates(OLD, FIRST, &["10.1.0.1"]);
        world.turns(OLD, Available);
        let drive = Drive::new(world);
        drive.look_at_and_die_when(FIRST, |world| world.table.claim(&record()).is_some());
        // Written between the announcement and the change, it is not ours, though there is a claim.
        act(&drive, |world| world.person_makes_it(answering(&["192.0.2.1"])));
        is_replaced_beside_another(&drive);
        three_sweeps_write_nothing(&drive);
        assert_eq!(drive.world.borrow().answers(), "192.0.2.1");
        the_last_one_takes_the_claim_with_it(&drive);
        no_rule_is_broken(&drive);
    }
}

#[test]
fn a_claim_under_a_cname_settles() {
    for sharing in [SharedZones::Merge, SharedZones::Refuse] {
        let mut world = World::scripted(sharing, &[FIRST, SECOND]);
        world.client_creates(OLD, FIRST, &["10.1.0.1"]);
        world.turns(OLD, Available);
        let drive = Drive::new(world);
        drive.look_at(FIRST);
        act(&drive, |world| {
            let incompatible = BTreeSet::from(["CNAME".to_owned()]);
            world.person_makes_it(SeenRecords { incompatible, ..SeenRecords::default() });
        });
        is_replaced_beside_another(&drive);
        three_sweeps_write_nothing(&drive);
        assert_eq!(drive.world.borrow().answers(), "nothing");
        the_last_one_takes_the_claim_with_it(&drive);
        no_rule_is_broken(&drive);
    }
}

/// More than one transaction takes references of.
const MANY: usize = 105;

/// Many VPCs, all in one record.
fn many_merged() -> Drive {
    let mut world = World::of_one_client(MANY);
    for number in 1..=MANY {
        let name = format!("vpce-{number:08}");
        world.client_creates(&name, &numbered_vpc(number), &[&format!("10.1.0.{number}")]);
        world.turns(&name, Available);
    }
    let drive = Drive::new(world);
    sweep_until(&drive, |world| world.answers().matches("10.1.0.").count() == MANY);
    drive
}

/// Sweeps, as often as the quota of Route 53 requests makes it take.
fn sweep_until(drive: &Drive, settled: impl Fn(&World) -> bool) {
    for _ in 0..3 * MANY {
        if settled(&drive.world.borrow()) {
            return;
        }
        act(drive, |world| world.pass(MINUTE));
        drive.sweep();
    }
    panic!("it does not settle: {}", drive.world.borrow().answers());
}

#[test]
fn a_claim_of_more_vpcs_than_one_transaction_takes_is_released() {
    let drive = many_merged();
    act(&drive, World::definition_is_removed);
    sweep_until(&drive, |world| world.table.claims().next().is_none());
    assert_eq!(drive.world.borrow().table.references().count(), 0);
    assert_eq!(drive.world.borrow().answers().matches("10.1.0.").count(), MANY, "the records are kept");
    no_rule_is_broken(&drive);
}

#[test]
fn a_worker_that_dies_between_claim_and_references_leaves_nothing_that_cannot_be_found() {
    let drive = many_merged();
    act(&drive, World::definition_is_removed);
    drive.look_at_and_die_when(&numbered_vpc(1), |world| world.table.claims().next().is_none());
    assert!(drive.world.borrow().table.references().next().is_some());
    drive.sweep();
    drive.look_at(&numbered_vpc(1));
    assert_eq!(drive.world.borrow().table.claims().count(), 0);
    no_rule_is_broken(&drive);
}

#[test]
fn a_gateway_endpoint_beside_ours_is_left_alone_and_keeps_nothing_waiting() {
    let drive = published();
    act(&drive, |world| world.client_has_a_gateway(NEW, FIRST));
    drive.look_at_endpoints(&[NEW]);
    assert_eq!(drive.world.borrow().answers(), "10.1.0.1");
    act(&drive, |world| world.goes(OLD));
    act(&drive, |world| world.pass(11 * MINUTE));
    drive.look_at_endpoints(&[OLD, NEW]);
    assert_eq!(drive.world.borrow().answers(), "nothing", "one call deleted both");
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
    no_rule_is_broken(&drive);
}

#[test]
fn a_bucket_that_a_wrong_clock_has_left_in_the_future_keeps_nobody_waiting() {
    let mut world = World::scripted(SharedZones::Merge, &[FIRST]);
    world.client_creates(OLD, FIRST, &["10.1.0.1"]);
    world.turns(OLD, Available);
    world.a_clock_is_ahead(FIRST, 24 * 60 * MINUTE);
    let drive = Drive::new(world);
    // The bucket counts as empty, and is full again within a minute.
    drive.sweep();
    assert_eq!(drive.world.borrow().answers(), "nothing");
    act(&drive, |world| world.pass(MINUTE));
    drive.sweep();
    assert_eq!(drive.world.borrow().answers(), "10.1.0.1");
    no_rule_is_broken(&drive);
}
