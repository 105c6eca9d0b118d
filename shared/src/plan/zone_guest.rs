//! The plan for a further VPC of a zone: which calls, in which order, from the item and from what AWS shows.
//!
//! Share. "Begin" is: Authorize, Associate, Revoke in two accounts, and Associate alone in one.
//!
//! ```text
//! item                   the VPC is     steps
//! –                      not there      begin
//! –                      there          NotOurs: somebody else associated it
//! authorizing            not there      begin (to authorise twice is to authorise once)
//! authorizing            there          NotOurs: zonelink has not asked for it yet
//! associating            not there      Associate, and what follows it
//! associating            there          what follows Associate (the answer was lost)
//! associating, refused   not there      begin
//! associating, refused   there          NotOurs: AWS had refused ours
//! revoking               there          Revoke
//! revoking, shared       not there      begin: somebody took it out, and a person wants it in again
//! shared                 there          nothing
//! removing               any            Ending
//! ```
//!
//! Unshare.
//!
//! ```text
//! item                   the VPC is     steps
//! –                      not there      NotShared
//! –                      there          NotOurs
//! authorizing            any            Revoke, forget; an association is somebody else's, and stays
//! associating            not there      before `until` Busy; then as authorizing
//! associating            there          Revoke in two accounts, Disassociate, forget
//! associating, refused   any            as authorizing
//! revoking               there          Revoke, Disassociate, forget
//! revoking               not there      Revoke, forget
//! shared, removing       there          Disassociate, forget
//! shared, removing       not there      forget
//! any                    the last VPC   LastVpc, where Disassociate is to follow
//! any                    zone is gone   forget
//! ```
//!
//! Each call has an item before it that announces it. The first step is a write on the item's version, so of two who run
//! the command at once one is refused.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::ids::VpcId;
use crate::model::zone_guest::{GuestState, ZoneGuest};

/// How long after the plan the request to associate may be on its way: two writes, the authorisation and the request
/// itself, each of which the SDK ends after 25 seconds.
const MAY_TAKE: SignedDuration = SignedDuration::from_mins(3);

/// One step: a write of the item, or one call of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestStep {
    /// Writes the item, where the version that is expected stands; none where no item does.
    Write(Box<ZoneGuest>, Option<u64>),
    /// Deletes the item of this version.
    Forget(u64),
    /// `route53:CreateVPCAssociationAuthorization`, by the zone's owner.
    Authorize,
    /// `route53:AssociateVPCWithHostedZone`, by the VPC's owner.
    Associate,
    /// `route53:DeleteVPCAssociationAuthorization`, by the zone's owner. The association stays.
    Revoke,
    /// `route53:DisassociateVPCFromHostedZone`, by the VPC's owner.
    Disassociate,
}

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The VPC is associated, and zonelink did not do it.
    #[error("it is associated, and zonelink did not associate it: that is left to whoever did")]
    NotOurs,
    /// There is nothing to end.
    #[error("it is not associated, and zonelink was not asked to do it")]
    NotShared,
    /// It is being taken out.
    #[error("zonelink has begun to take it out")]
    Ending,
    /// A request may still be on its way.
    #[error("a request to associate it may be on its way until {0:.0}")]
    Busy(Timestamp),
    /// A private zone keeps its last VPC.
    #[error("it is the last VPC of the zone, and Route 53 keeps the last one of a private zone")]
    LastVpc,
    /// There is no such zone.
    #[error("the zone is gone")]
    ZoneGone,
}

/// What AWS shows of a zone: its VPCs; none where there is no such zone.
pub type SeenVpcs<'a> = Option<&'a BTreeSet<VpcId>>;

/// What associates a VPC with a zone. `wanted` is the item as it would begin: its state counts for nothing.
///
/// # Errors
/// With the row that says why nothing is done.
pub fn share(
    item: Option<&ZoneGuest>,
    wanted: &ZoneGuest,
    seen: SeenVpcs,
    now: Timestamp,
) -> Result<Vec<GuestStep>, NotDone> {
    let is_there = seen.ok_or(NotDone::ZoneGone)?.contains(&wanted.vpc);
    let mut steps = Steps::from(item, wanted);
    let until = now + MAY_TAKE;
    match (item.map(|item| (&item.state, item.refused.is_some())), is_there) {
        (Some((GuestState::Removing, _)), _) => return Err(NotDone::Ending),
        (Some((GuestState::Shared, _)), true) => {}
        (Some((GuestState::Associating { .. }, false) | (GuestState::Revoking, _)), true) => {
            steps.associated();
        }
        (None | Some((GuestState::Authorizing | GuestState::Associating { .. }, _)), true) => {
            return Err(NotDone::NotOurs);
        }
        (Some((GuestState::Associating { .. }, false)), false) => steps.associate(until),
        (_, false) => steps.begin(until),
    }
    Ok(steps.all)
}

/// What takes a VPC out of a zone again.
///
/// # Errors
/// With the row that says why nothing is done.
pub fn unshare(
    item: Option<&ZoneGuest>,
    vpc: &VpcId,
    seen: SeenVpcs,
    now: Timestamp,
) -> Result<Vec<GuestStep>, NotDone> {
    let is_there = seen.is_some_and(|vpcs| vpcs.contains(vpc));
    let Some(item) = item else {
        return Err(match (seen, is_there) {
            (None, _) => NotDone::ZoneGone,
            (_, true) => NotDone::NotOurs,
            (_, false) => NotDone::NotShared,
        });
    };
    let mut steps = Steps::from(Some(item), item);
    if seen.is_none() {
        steps.forget();
        return Ok(steps.all);
    }
    let is_last = seen.is_some_and(|vpcs| vpcs.len() == 1);
    match (&item.state, item.refused.is_some(), is_there) {
        (GuestState::Associating { until }, false, false) if now < *until => {
            return Err(NotDone::Busy(*until));
        }
        (GuestState::Authorizing, ..)
        | (GuestState::Associating { .. }, true, _)
        | (GuestState::Associating { .. } | GuestState::Revoking, _, false) => steps.revoke_and_forget(),
        (GuestState::Shared | GuestState::Removing, _, false) => steps.forget(),
        (_, _, true) if is_last => return Err(NotDone::LastVpc),
        (GuestState::Associating { .. } | GuestState::Revoking, _, true) => {
            steps.revoke();
            steps.take_out();
        }
        (GuestState::Shared | GuestState::Removing, _, true) => steps.take_out(),
    }
    Ok(steps.all)
}

/// Steps as they are put together, with the version that the item has by then.
struct Steps {
    guest: ZoneGuest,
    stands: Option<u64>,
    all: Vec<GuestStep>,
}

impl Steps {
    fn from(item: Option<&ZoneGuest>, guest: &ZoneGuest) -> Self {
        Self { guest: guest.clone(), stands: item.map(|item| item.version), all: Vec::new() }
    }

    fn write(&mut self, state: GuestState) {
        let version = self.stands.map_or(1, |version| version + 1);
        let guest = ZoneGuest { state, refused: None, version, ..self.guest.clone() };
        self.all.push(GuestStep::Write(guest.into(), self.stands));
        self.stands = Some(version);
    }

    fn forget(&mut self) {
        self.all.extend(self.stands.map(GuestStep::Forget));
    }

    fn begin(&mut self, until: Timestamp) {
        if self.guest.crosses_accounts() {
            self.write(GuestState::Authorizing);
            self.all.push(GuestStep::Authorize);
        }
        self.associate(until);
    }

    fn associate(&mut self, until: Timestamp) {
        self.write(GuestState::Associating { until });
        self.all.push(GuestStep::Associate);
        self.associated();
    }

    fn associated(&mut self) {
        self.revoke();
        self.write(GuestState::Shared);
    }

    fn revoke(&mut self) {
        if self.guest.crosses_accounts() {
            self.write(GuestState::Revoking);
            self.all.push(GuestStep::Revoke);
        }
    }

    /// Of what was never associated by us nothing is left but an authorisation.
    fn revoke_and_forget(&mut self) {
        if self.guest.crosses_accounts() {
            self.write(GuestState::Authorizing);
            self.all.push(GuestStep::Revoke);
        }
        self.forget();
    }

    fn take_out(&mut self) {
        self.write(GuestState::Removing);
        self.all.push(GuestStep::Disassociate);
        self.forget();
    }
}

#[cfg(test)]
mod tests;
