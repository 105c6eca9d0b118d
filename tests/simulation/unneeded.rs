//! The zones that zonelink deletes: what Route 53 says to it, what people do meanwhile, and what must never be.

use std::collections::BTreeSet;

use shared::error::{CallFailure, Error};
use shared::model::ids::{HostedZoneId, VpcId};
use shared::model::policy::UnneededZones;
use shared::model::zone_claim::{ZoneClaim, ZoneContents, ZoneState};

use super::errors::call_failed;
use super::observations::Observations;
use super::route53::Zone;
use super::world::World;

pub(crate) const DELETE_ZONE: &str = "route53:DeleteHostedZone";

impl World {
    /// `route53:GetHostedZone`.
    pub(crate) fn zone_contents(
        &mut self,
        zone: &HostedZoneId,
        seen: &mut Observations,
    ) -> Option<ZoneContents> {
        let Some(found) = self.route53.zones.get(zone) else {
            seen.gone.insert(zone.clone());
            return None;
        };
        seen.looked_into.insert(zone.clone(), self.now);
        Some(ZoneContents {
            caller_reference: found.caller_reference.clone(),
            record_sets: u64::try_from(2 + self.record_sets_in(zone)).ok(),
            vpcs: found.vpcs.clone(),
        })
    }

    /// `route53:DeleteHostedZone`, at the moment at which it is done. Route 53 minds what stands in the zone, and not whom
    /// the zone answers.
    pub(crate) fn delete_zone(&mut self, zone: &HostedZoneId, seen: &mut Observations) -> Result<(), Error> {
        let refused = |code: &str| {
            call_failed(DELETE_ZONE, zone.to_string(), code, Some(code.into()), CallFailure::Refused)
        };
        let Some(found) = self.route53.zones.get(zone).cloned() else {
            self.tally.count("deletions of zones that are gone");
            return Err(refused("NoSuchHostedZone"));
        };
        if self.record_sets_in(zone) > 0 {
            self.tally.count("deletions of zones that are not empty");
            return Err(refused("HostedZoneNotEmpty"));
        }
        if let Some(wrong) = self.check_deleted_zone(zone, &found, seen) {
            self.violation(format!("zone {zone} {} is deleted: {wrong}", found.name));
        }
        self.take_counted(&format!("zone {zone}"), seen);
        self.tally.count("zones deleted");
        self.note(|| format!("zone {zone} {} is deleted", found.name));
        self.route53.zones.remove(zone);
        self.route53.slots.retain(|key, _| key.zone != *zone);
        self.made_zones.is_deleted(zone);
        Ok(())
    }

    /// What is wrong about the end of a zone, by what stands there at this moment.
    fn check_deleted_zone(&self, zone: &HostedZoneId, found: &Zone, seen: &Observations) -> Option<String> {
        let Some((vpc, domain)) = self.made_zones.made_for(zone) else {
            return Some("it is none of ours".into());
        };
        let claim = self.table.zone_claims().find(|claim| claim.vpc == *vpc && claim.domain == *domain);
        let announced = claim.is_some_and(|claim| {
            let is_announced = matches!(&claim.state, ZoneState::Removing { zone: of, until }
                if of == zone && self.timestamp() <= *until);
            is_announced && claim.caller_reference == found.caller_reference
        });
        if !announced {
            return Some(format!("no claim announces it, but {claim:?}"));
        }
        // Only between the look and the call may somebody have come to use it.
        let looked = seen.looked_into.get(zone).copied();
        let since = |looked: i64| self.made_zones.touched_at(zone).is_some_and(|at| at >= looked);
        if found.vpcs != BTreeSet::from([vpc.clone()]) && !looked.is_some_and(since) {
            return Some(format!("it answers {:?}, as was to be seen", found.vpcs));
        }
        let mut claims = self.table.claims().filter(|claim| claim.key.zone == *zone);
        if let Some(claim) = claims.find(|claim| claim.vpcs().contains(vpc)) {
            return Some(format!("a record of ours is claimed in it: {claim:?}"));
        }
        self.sees_a_need(vpc, found, seen)
    }

    /// An endpoint that the worker has seen, and that publishes a name of the zone's.
    fn sees_a_need(&self, vpc: &VpcId, zone: &Zone, seen: &Observations) -> Option<String> {
        let needs = |id: &shared::model::ids::VpcEndpointId| {
            let service = self.ec2.endpoints.get(id).map(|endpoint| &endpoint.service);
            let definition = service.and_then(|service| self.policy.services.get(service));
            definition.is_some_and(|one| {
                one.removed.is_none() && one.names.iter().any(|name| zone.name.is_zone_of(name.as_dns_name()))
            })
        };
        let needed = seen.available_in(vpc).into_iter().find(needs)?;
        Some(format!("{needed} was seen to need it"))
    }

    /// A claim that announces the end of a zone is not released while that end may still come.
    pub(crate) fn check_end_of_removal(&mut self, before: &ZoneClaim) {
        const SKEW: i64 = 1_000;
        let ZoneState::Removing { zone, until } = &before.state else { return };
        let is_early = self.now + SKEW < until.as_millisecond();
        if is_early && self.route53.zones.contains_key(zone) {
            self.violation(format!("the claim on {zone} is released, and its end may still come"));
        }
    }

    /// Somebody comes to use a zone, of all times, while it is on its way out.
    pub(crate) fn somebody_at_a_zone_that_goes(&mut self, zone: &HostedZoneId) {
        let records: Vec<_> = self.keys().into_iter().filter(|key| key.zone == *zone).collect();
        let Some(found) = self.route53.zones.get(zone).cloned() else { return };
        self.tally.count("zones used while they go");
        match self.random.below(4) {
            0 if !records.is_empty() => {
                let key = self.random.pick(&records).clone();
                self.person_at(key);
            }
            1 => {
                let conflicts = |vpc: &VpcId| {
                    self.route53
                        .zones
                        .values()
                        .any(|other| other.name == found.name && other.vpcs.contains(vpc))
                };
                let free: Vec<VpcId> = self.vpcs.keys().filter(|vpc| !conflicts(vpc)).cloned().collect();
                let Some(vpc) = free.first().cloned() else { return };
                self.note(|| format!("somebody associates {zone} and {vpc}"));
                self.made_zones.touch(zone, self.now);
                if let Some(found) = self.route53.zones.get_mut(zone) {
                    found.vpcs.insert(vpc);
                }
            }
            2 => {
                self.note(|| format!("somebody deletes zone {zone} and all that is in it"));
                self.made_zones.touch(zone, self.now);
                self.route53.zones.remove(zone);
                self.route53.slots.retain(|key, _| key.zone != *zone);
            }
            _ => self.client(),
        }
    }

    /// An operator keeps zones that nothing needs any more, or lets them be deleted again.
    pub(crate) fn operator_keeps_or_deletes(&mut self) {
        let choice = if self.random.one_in(2) { UnneededZones::Keep } else { UnneededZones::Delete };
        self.note(|| format!("unneeded zones: {choice:?} from now on"));
        self.policy.services.values_mut().for_each(|definition| definition.unneeded_zones = choice);
        self.lost.values_mut().for_each(|definition| definition.unneeded_zones = choice);
        self.write_definitions();
    }
}

#[cfg(test)]
mod tests {
    use shared::model::facts::VpcEndpointState::Available;
    use shared::model::policy::{SharedZones, ZoneChoice};

    use super::super::drive::Drive;
    use super::super::setting::{CLIENTS, id};
    use super::*;

    const VPC: &str = "vpc-00000001";
    const ANOTHERS: &str = "vpc-00000002";
    const OLD: &str = "vpce-00000001";
    const NEW: &str = "vpce-00000002";
    const MINUTE: i64 = 60_000;

    /// One VPC with its endpoint, and the zone that was made for it.
    fn served() -> Drive {
        let mut world = World::scripted(SharedZones::Refuse, &[VPC]);
        world.route53.zones.clear();
        for policy in [&mut world.defined, &mut world.policy] {
            for definition in policy.services.values_mut() {
                (definition.zones, definition.unneeded_zones) = (ZoneChoice::Create, UnneededZones::Delete);
            }
        }
        world.write_definitions();
        let drive = Drive::new(world);
        comes(&drive, OLD);
        drive
    }

    fn comes(drive: &Drive, name: &str) {
        drive.world.borrow_mut().client_creates(name, VPC, &["10.1.0.1"]);
        drive.world.borrow_mut().turns(name, Available);
        drive.sweep();
        let world = drive.world.borrow();
        assert_eq!((world.route53.zones.len(), world.differences()), (1, Vec::new()));
    }

    fn goes(drive: &Drive) {
        drive.world.borrow_mut().pass(11 * MINUTE);
        drive.world.borrow_mut().goes(OLD);
    }

    fn left(drive: &Drive) -> (usize, usize) {
        let world = drive.world.borrow();
        assert!(world.violations.is_empty(), "{:#?}", world.violations);
        (world.route53.zones.len(), world.table.zone_claims().count())
    }

    #[test]
    fn zone_goes_with_its_last_endpoint_and_another_one_gets_a_zone_anew() {
        let drive = served();
        goes(&drive);
        // The record, and what it is sent for: what else stands in the zone.
        drive.sweep();
        drive.sweep();
        assert_eq!(left(&drive), (0, 0));
        assert_eq!(drive.writes_of_a_sweep(), Vec::<String>::new());
        comes(&drive, NEW);
        assert_eq!(left(&drive), (1, 1));
    }

    #[test]
    fn zone_that_was_deleted_before_a_worker_died_is_released_and_none_is_taken_away() {
        let drive = served();
        goes(&drive);
        drive.look_at(VPC);
        drive.look_at_and_die_when(VPC, |world| world.route53.zones.is_empty());
        assert_eq!(left(&drive), (0, 1));
        // Another endpoint has come meanwhile: it need not wait until the announcement is over.
        comes(&drive, NEW);
        assert_eq!(left(&drive), (1, 1));
        let made_anew = drive.world.borrow().table.zone_claims().filter_map(|claim| claim.made_anew).count();
        assert_eq!(made_anew, 0, "our own deletion is none of somebody else's");
    }

    #[test]
    fn zone_whose_end_was_announced_and_never_asked_for_goes_when_the_time_is_over() {
        let drive = served();
        goes(&drive);
        drive.look_at(VPC);
        let announced = |world: &World| {
            world.table.zone_claims().any(|claim| matches!(claim.state, ZoneState::Removing { .. }))
        };
        drive.look_at_and_die_when(VPC, announced);
        assert_eq!(left(&drive), (1, 1));
        drive.sweep();
        assert_eq!(left(&drive), (1, 1), "its time is not over");
        drive.world.borrow_mut().pass(2 * MINUTE);
        drive.sweep();
        assert_eq!(left(&drive), (0, 0));
    }

    #[test]
    fn closed_account_is_not_asked_what_stands_in_its_zone() {
        let drive = served();
        {
            let mut world = drive.world.borrow_mut();
            // The sessions of its role are over.
            world.pass(61 * MINUTE);
            world.goes(OLD);
            world.denied.insert((id(CLIENTS[0]), "sts:AssumeRole"));
            // A list that shows another endpoint tells that this one is gone.
            world.vpcs.insert(id(ANOTHERS), id(CLIENTS[1]));
            world.client_creates(NEW, ANOTHERS, &["10.2.0.1"]);
        }
        drive.sweep();
        let history = drive.world.borrow().history.clone().unwrap_or_default();
        let refused = history.iter().filter(|line| line.contains("failed (AccessDenied)"));
        assert_eq!(refused.count(), 1, "{}", history.join("\n"));
        assert_eq!(left(&drive), (1, 1));
    }
}
