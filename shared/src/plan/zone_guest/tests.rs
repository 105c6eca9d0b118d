use std::collections::BTreeSet;

use jiff::Timestamp;

use super::*;
use crate::model::zone_guest::{Refused, RefusedReason};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ZONES_OWN: &str = "444455556666";
const OTHER: &str = "777788889999";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn vpc() -> VpcId {
    id("vpc-00000002")
}

fn guest(account: &str, state: GuestState) -> ZoneGuest {
    ZoneGuest {
        zone: id("Z1"),
        zone_account: id(ZONES_OWN),
        domain: id("aws.byoc.example.com"),
        vpc: vpc(),
        vpc_account: id(account),
        by: "arn".into(),
        state,
        refused: None,
        version: 7,
    }
}

fn associating() -> GuestState {
    GuestState::Associating { until: NOW + MAY_TAKE }
}

fn refused(guest: ZoneGuest) -> ZoneGuest {
    let (code, message) = ("route53:AssociateVPCWithHostedZone: ConflictingDomainExists".into(), None);
    ZoneGuest { refused: Some(Refused { reason: RefusedReason::ZoneConflict, code, message }), ..guest }
}

fn vpcs(all: &[&str]) -> BTreeSet<VpcId> {
    all.iter().map(|vpc| id(vpc)).collect()
}

fn there() -> BTreeSet<VpcId> {
    vpcs(&["vpc-00000001", "vpc-00000002"])
}

fn not_there() -> BTreeSet<VpcId> {
    vpcs(&["vpc-00000001"])
}

/// The steps in words, which say the state that is written.
fn words(steps: &[GuestStep]) -> String {
    let word = |step: &GuestStep| match step {
        GuestStep::Write(guest, _) => match guest.state {
            GuestState::Authorizing => "authorizing",
            GuestState::Associating { .. } => "associating",
            GuestState::Revoking => "revoking",
            GuestState::Shared => "shared",
            GuestState::Removing => "removing",
        },
        GuestStep::Forget(_) => "forget",
        GuestStep::Authorize => "Authorize",
        GuestStep::Associate => "Associate",
        GuestStep::Revoke => "Revoke",
        GuestStep::Disassociate => "Disassociate",
    };
    steps.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn shared(account: &str, item: Option<&ZoneGuest>, seen: &BTreeSet<VpcId>) -> Result<String, NotDone> {
    share(item, &guest(account, GuestState::Shared), Some(seen), NOW).map(|steps| words(&steps))
}

fn unshared(item: &ZoneGuest, seen: &BTreeSet<VpcId>) -> Result<String, NotDone> {
    unshare(Some(item), &vpc(), Some(seen), NOW).map(|steps| words(&steps))
}

const ALL: &str = "authorizing Authorize associating Associate revoking Revoke shared";

#[test]
fn vpc_of_the_zones_account_is_associated_by_one_call() {
    assert_eq!(shared(ZONES_OWN, None, &not_there()), Ok("associating Associate shared".to_owned()));
}

#[test]
fn vpc_of_another_account_is_authorised_associated_and_the_authorisation_deleted() {
    assert_eq!(shared(OTHER, None, &not_there()), Ok(ALL.to_owned()));
}

#[test]
fn foreign_association_is_not_taken_for_ours() {
    assert_eq!(shared(OTHER, None, &there()), Err(NotDone::NotOurs));
    assert_eq!(shared(OTHER, Some(&guest(OTHER, GuestState::Authorizing)), &there()), Err(NotDone::NotOurs));
    let item = refused(guest(OTHER, associating()));
    assert_eq!(shared(OTHER, Some(&item), &there()), Err(NotDone::NotOurs));
}

#[test]
fn sharing_goes_on_where_it_stopped() {
    let from = |state| Some(guest(OTHER, state));
    assert_eq!(shared(OTHER, from(GuestState::Authorizing).as_ref(), &not_there()), Ok(ALL.to_owned()));
    let later = "associating Associate revoking Revoke shared";
    assert_eq!(shared(OTHER, from(associating()).as_ref(), &not_there()), Ok(later.to_owned()));
    assert_eq!(
        shared(OTHER, from(GuestState::Revoking).as_ref(), &there()),
        Ok("revoking Revoke shared".to_owned())
    );
}

#[test]
fn association_whose_answer_was_lost_is_ours() {
    let item = guest(OTHER, associating());
    assert_eq!(shared(OTHER, Some(&item), &there()), Ok("revoking Revoke shared".to_owned()));
    let item = guest(ZONES_OWN, associating());
    assert_eq!(shared(ZONES_OWN, Some(&item), &there()), Ok("shared".to_owned()));
}

#[test]
fn what_aws_refused_is_begun_anew() {
    assert_eq!(shared(OTHER, Some(&refused(guest(OTHER, associating()))), &not_there()), Ok(ALL.to_owned()));
    assert_eq!(
        shared(OTHER, Some(&refused(guest(OTHER, GuestState::Authorizing))), &not_there()),
        Ok(ALL.to_owned())
    );
}

#[test]
fn what_is_shared_needs_nothing() {
    assert_eq!(shared(OTHER, Some(&guest(OTHER, GuestState::Shared)), &there()), Ok(String::new()));
}

#[test]
fn vpc_that_somebody_took_out_is_shared_again_when_a_person_asks() {
    for state in [GuestState::Shared, GuestState::Revoking] {
        assert_eq!(shared(OTHER, Some(&guest(OTHER, state)), &not_there()), Ok(ALL.to_owned()));
    }
}

#[test]
fn what_is_being_taken_out_is_not_shared_meanwhile() {
    for seen in [there(), not_there()] {
        let item = guest(OTHER, GuestState::Removing);
        assert_eq!(shared(OTHER, Some(&item), &seen), Err(NotDone::Ending));
    }
}

#[test]
fn zone_that_is_gone_is_not_shared() {
    let wanted = guest(OTHER, GuestState::Shared);
    assert_eq!(share(None, &wanted, None, NOW), Err(NotDone::ZoneGone));
}

#[test]
fn association_without_an_item_is_never_removed() {
    assert_eq!(unshare(None, &vpc(), Some(&there()), NOW), Err(NotDone::NotOurs));
    assert_eq!(unshare(None, &vpc(), Some(&not_there()), NOW), Err(NotDone::NotShared));
    assert_eq!(unshare(None, &vpc(), None, NOW), Err(NotDone::ZoneGone));
}

#[test]
fn what_is_shared_is_taken_out_and_forgotten() {
    for state in [GuestState::Shared, GuestState::Removing] {
        let item = guest(OTHER, state);
        assert_eq!(unshared(&item, &there()), Ok("removing Disassociate forget".to_owned()));
        assert_eq!(unshared(&item, &not_there()), Ok("forget".to_owned()));
    }
}

#[test]
fn authorisation_that_may_stand_is_deleted_before_a_vpc_is_taken_out() {
    let all = "revoking Revoke removing Disassociate forget";
    for state in [GuestState::Revoking, associating()] {
        assert_eq!(unshared(&guest(OTHER, state), &there()), Ok(all.to_owned()));
    }
    let item = guest(ZONES_OWN, associating());
    assert_eq!(unshared(&item, &there()), Ok("removing Disassociate forget".to_owned()));
    assert_eq!(
        unshared(&guest(OTHER, GuestState::Revoking), &not_there()),
        Ok("authorizing Revoke forget".to_owned())
    );
}

#[test]
fn what_was_never_associated_by_us_leaves_an_association_alone() {
    for item in [guest(OTHER, GuestState::Authorizing), refused(guest(OTHER, associating()))] {
        for seen in [there(), not_there()] {
            assert_eq!(unshared(&item, &seen), Ok("authorizing Revoke forget".to_owned()));
        }
    }
    assert_eq!(unshared(&refused(guest(ZONES_OWN, associating())), &there()), Ok("forget".to_owned()));
}

#[test]
fn request_that_may_be_on_its_way_is_waited_for() {
    let item = guest(OTHER, associating());
    assert_eq!(unshared(&item, &not_there()), Err(NotDone::Busy(NOW + MAY_TAKE)));
    let later = unshare(Some(&item), &vpc(), Some(&not_there()), NOW + MAY_TAKE);
    assert_eq!(later.map(|steps| words(&steps)), Ok("authorizing Revoke forget".to_owned()));
}

#[test]
fn last_vpc_of_a_zone_is_never_taken_out() {
    let alone = vpcs(&["vpc-00000002"]);
    for state in [GuestState::Shared, GuestState::Removing, GuestState::Revoking, associating()] {
        assert_eq!(unshared(&guest(OTHER, state), &alone), Err(NotDone::LastVpc));
    }
}

#[test]
fn item_of_a_zone_that_is_gone_is_forgotten() {
    for state in [GuestState::Authorizing, associating(), GuestState::Shared, GuestState::Removing] {
        let steps = unshare(Some(&guest(OTHER, state)), &vpc(), None, NOW);
        assert_eq!(steps.map(|steps| words(&steps)), Ok("forget".to_owned()));
    }
}

#[test]
fn each_write_expects_the_version_before_it() {
    let item = guest(OTHER, GuestState::Authorizing);
    for item in [None, Some(&item)] {
        let mut stands = item.map(|item| item.version);
        for step in share(item, &guest(OTHER, GuestState::Shared), Some(&not_there()), NOW).unwrap() {
            if let GuestStep::Write(guest, expected) = step {
                assert_eq!(expected, stands);
                assert_eq!(guest.version, stands.unwrap_or_default() + 1);
                stands = Some(guest.version);
            }
        }
    }
}

/// What AWS and the table have.
#[derive(Debug, Clone, Default, PartialEq)]
struct World {
    item: Option<ZoneGuest>,
    is_authorised: bool,
    is_associated: bool,
}

impl World {
    fn vpcs(&self) -> BTreeSet<VpcId> {
        if self.is_associated { there() } else { not_there() }
    }

    fn does(&mut self, step: &GuestStep, account: &str) {
        let stands = self.item.as_ref().map(|item| item.version);
        match step {
            GuestStep::Write(guest, expected) => {
                assert_eq!(*expected, stands);
                self.item = Some((**guest).clone());
            }
            GuestStep::Forget(version) => {
                assert_eq!(Some(*version), stands);
                self.item = None;
            }
            GuestStep::Authorize => self.is_authorised = true,
            GuestStep::Associate => {
                assert!(self.is_authorised || account == ZONES_OWN, "AWS would refuse it");
                self.is_associated = true;
            }
            GuestStep::Revoke => self.is_authorised = false,
            GuestStep::Disassociate => self.is_associated = false,
        }
    }
}

#[test]
fn whoever_crashes_after_any_step_ends_as_if_nothing_had_happened() {
    let later = NOW + MAY_TAKE;
    for account in [ZONES_OWN, OTHER] {
        let wanted = guest(account, GuestState::Shared);
        let sharing = |world: &World| share(world.item.as_ref(), &wanted, Some(&world.vpcs()), NOW).unwrap();
        let ending =
            |world: &World| unshare(world.item.as_ref(), &vpc(), Some(&world.vpcs()), later).unwrap();
        let run = |world: &mut World, steps: &[GuestStep]| {
            for step in steps {
                world.does(step, account);
            }
        };
        let all = sharing(&World::default());
        for done in 0..=all.len() {
            let mut world = World::default();
            run(&mut world, &all[..done]);
            let mut given_up = world.clone();
            let steps = sharing(&world);
            run(&mut world, &steps);
            assert!(world.is_associated && !world.is_authorised, "{account} after {done}: {world:?}");
            assert_eq!(world.item.as_ref().map(|item| &item.state), Some(&GuestState::Shared));
            assert_eq!(sharing(&world), [], "what was done leaves nothing to do");
            if given_up.item.is_some() {
                let steps = ending(&given_up);
                run(&mut given_up, &steps);
                assert_eq!(given_up, World::default(), "{account}: given up after {done}");
            }
            let end = ending(&world);
            for done in 0..end.len() {
                let mut world = world.clone();
                run(&mut world, &end[..done]);
                let steps = ending(&world);
                run(&mut world, &steps);
                assert_eq!(world, World::default(), "{account}: taken out, a crash after {done}");
            }
        }
    }
}
