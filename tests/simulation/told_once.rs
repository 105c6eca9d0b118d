//! What everybody is told of once, all at the same time, and no second event or sweep repairs: a worker that lost a
//! race is the last one that could make it right.

use shared::model::facts::{VpcEndpointState, ZoneOwner};
use shared::model::ids::{HostedZoneId, VpcId};

use super::ec2::describe;
use super::events::look;
use super::schedule::Schedule;
use super::world::World;

/// How often everybody is told.
const ROUNDS: usize = 3;

impl Schedule {
    /// Endpoints move without an event, and one look at each VPC, all at once, is what tells of it. No fault is in
    /// their way, and what they leave is right. While looks from before are under way nothing moves: one of them may
    /// write what it saw after a newer one has found nothing to do, which only a later look puts right.
    pub(crate) fn told_once(&mut self) {
        for _ in 0..ROUNDS {
            self.world.borrow_mut().note(|| "all that changes is told once".into());
            self.world.borrow_mut().endpoints_move();
            self.world.borrow_mut().tell_of_all("moved");
            self.rest();
            let differences = self.world.borrow().wrong_answers().join("; ");
            if !self.failed() && !differences.is_empty() {
                self.world.borrow_mut().violation(format!("told once of all: {differences}"));
            }
        }
    }

    /// VPCs come to closer zones than those in which their records stand, and are looked at. That is the last thing
    /// in a schedule: the next sweep alone would make all records right.
    pub(crate) fn closer_zones_come(&mut self) {
        if self.world.borrow_mut().closer_zones_come() {
            self.world.borrow_mut().tell_of_all("in closer zones");
            self.rest();
        }
    }
}

impl World {
    /// Endpoints that are available get other interfaces, at once; those that are told of it are told later.
    fn endpoints_move(&mut self) {
        let living = self.ec2.endpoints.iter().filter(|(_, endpoint)| endpoint.settles.is_none());
        let living: Vec<_> = living
            .filter_map(|(name, one)| Some((name.clone(), one.vpc.clone(), one.shape()?.clone())))
            .collect();
        for (name, vpc, shape) in living {
            if shape.state != VpcEndpointState::Available || self.random.one_in(4) {
                continue;
            }
            let after = self.with_other_subnets(&vpc, &shape);
            self.note(|| format!("{name} moves, unheard: {}", describe(Some(&after))));
            let now = self.now;
            self.ec2.endpoints.entry(name).and_modify(|endpoint| endpoint.turn(now, Some(after), None));
        }
    }

    /// One look at each VPC, all at once.
    fn tell_of_all(&mut self, what: &'static str) {
        for (vpc, account) in self.vpcs.clone() {
            self.queue.send(look(&vpc, account, what), self.now);
        }
    }

    /// Associates VPCs that have a record with a closer zone, where there is one; says whether any was.
    fn closer_zones_come(&mut self) -> bool {
        let mut come = Vec::new();
        for claim in self.table.claims() {
            let Some(own) = self.route53.zones.get(&claim.key.zone) else { continue };
            let closer = |(_, zone): &(&HostedZoneId, &super::route53::Zone)| {
                matches!(zone.owner, ZoneOwner::Account(_))
                    && zone.name.is_zone_of(&claim.key.name)
                    && zone.name.to_string().len() > own.name.to_string().len()
            };
            let Some((zone, _)) = self.route53.zones.iter().find(closer) else { continue };
            come.extend(claim.vpcs().into_iter().map(|vpc| (zone.clone(), vpc)));
        }
        come.retain(|(zone, vpc)| !self.is_answered_like(zone, vpc));
        for (zone, vpc) in &come {
            self.note(|| format!("somebody associates {zone} and {vpc}"));
            self.route53.zones.entry(zone.clone()).and_modify(|zone| _ = zone.vpcs.insert(vpc.clone()));
        }
        !come.is_empty()
    }

    /// Whether a VPC has a zone of that name already.
    fn is_answered_like(&self, zone: &HostedZoneId, vpc: &VpcId) -> bool {
        let name = &self.route53.zones[zone].name;
        self.route53.zones.values().any(|other| other.name == *name && other.vpcs.contains(vpc))
    }
}
