//! What happens to endpoints, by clients and by the provider, and the events that tell of it.

use std::collections::BTreeMap;

use shared::model::facts::{IpAddressType, VpcEndpointState};
use shared::model::ids::{ServiceId, VpcEndpointId, VpcId};
use shared::trigger::event::Action;

use super::ec2::{Endpoint, Shape, describe, subnet_id};
use super::events::{Recorded, notification};
use super::queue::Job;
use super::setting::{self, OWN, id};
use super::world::World;

/// How many endpoints a schedule has at most, those that are gone included.
const ENDPOINTS: usize = 7;
const MINUTE: i64 = 60_000;

impl World {
    /// Something happens.
    pub(crate) fn happening(&mut self) {
        if self.owners_consent && self.closing.accounts.is_empty() && self.random.one_in(25) {
            return self.account_closes();
        }
        match self.random.below(100) {
            0..22 => self.create(),
            22..34 => self.modify(),
            34..50 => self.delete(),
            50..54 => self.reject(),
            54..57 => self.accept_by_hand(),
            54..66 if self.makes_zones => self.operator_at_zones(),
            66 if self.makes_zones => self.person_makes_a_zone(),
            64..76 if self.takes_back => self.person_takes_back(),
            57..76 => self.person_at_a_record(),
            76..78 if self.owners_consent => self.owner_says(),
            76..80 if self.has_profiles && self.random.one_in(2) => self.somebody_at_a_profile(),
            76..80 => self.zone_and_vpc(),
            80..86 => self.access(),
            86..91 => self.queue.send(Job::Sweep { allow_deletes: None }, self.now),
            91..93 => self.forged_event(),
            93..95 => self.operator(),
            95..99 => {
                let minutes = self.random.between(1, 14);
                self.note(|| format!("{minutes} minutes pass"));
                self.pass(minutes * MINUTE);
            }
            _ => {
                self.note(|| "a day passes".into());
                self.pass(25 * 60 * MINUTE);
            }
        }
    }

    /// A client creates, modifies or deletes an endpoint.
    pub(crate) fn client(&mut self) {
        match self.random.below(3) {
            0 => self.create(),
            1 => self.modify(),
            _ => self.delete(),
        }
    }

    fn create(&mut self) {
        if self.ec2.endpoints.len() >= ENDPOINTS {
            return self.delete();
        }
        let name: VpcEndpointId = id(&format!("vpce-{:08x}", self.ec2.endpoints.len() + 1));
        let open = self.vpcs.iter().filter(|(_, account)| !self.is_closed(account));
        let vpcs: Vec<_> = open.map(|(vpc, account)| (vpc.clone(), account.clone())).collect();
        if vpcs.is_empty() {
            return;
        }
        let (vpc, account) = self.random.pick(&vpcs).clone();
        let services: Vec<ServiceId> = self.defined.services.keys().cloned().collect();
        let service = self.random.pick(&services).clone();
        let families =
            [IpAddressType::Ipv4, IpAddressType::Ipv4, IpAddressType::Ipv6, IpAddressType::Dualstack];
        let family = *self.random.pick(&families);
        let mut interfaces = BTreeMap::new();
        for subnet in 0..=self.random.below(2) {
            interfaces.extend([self.ec2.interface(&vpc, subnet, family, &mut self.random)]);
        }
        let subnets = interfaces.values().map(|interface| interface.subnet.clone()).collect();
        let shape = Shape { state: VpcEndpointState::PendingAcceptance, family, subnets, interfaces };
        let mut endpoint = Endpoint {
            account: account.clone(),
            vpc: vpc.clone(),
            service: service.clone(),
            past: Vec::new(),
            settles: None,
        };
        endpoint.turn(self.now, Some(shape.clone()), None);
        self.note(|| format!("{account} creates {name} of {service} in {vpc}: {}", describe(Some(&shape))));
        self.ec2.endpoints.insert(name.clone(), endpoint);
        let service = Some(&service);
        let call =
            Recorded { action: Action::CreateVpcEndpoint, account: &account, service, vpc_endpoint: &name };
        self.emit(&call.message(self));
        self.emit(&call.review(self));
        self.notify(service, &name);
    }

    fn modify(&mut self) {
        let Some((name, mut shape)) =
            self.any_endpoint(&[VpcEndpointState::Available, VpcEndpointState::Pending])
        else {
            return;
        };
        let endpoint = &self.ec2.endpoints[&name];
        let (vpc, account) = (endpoint.vpc.clone(), endpoint.account.clone());
        if endpoint.settles.is_some() {
            return;
        }
        let mut after = self.with_other_subnets(&vpc, &shape);
        after.state = VpcEndpointState::Available;
        // The subnets are others at once; the interfaces follow, and only some show `pending` meanwhile.
        shape.subnets.clone_from(&after.subnets);
        if self.random.one_in(2) {
            shape.state = VpcEndpointState::Pending;
        }
        let at = self.now + self.random.between(1_000, 90_000);
        self.note(|| format!("{account} modifies {name}: to be {}", describe(Some(&after))));
        let now = self.now;
        if let Some(endpoint) = self.ec2.endpoints.get_mut(&name) {
            endpoint.turn(now, Some(shape), Some((at, Some(after))));
        }
        let (action, service) = (Action::ModifyVpcEndpoint, None);
        let call = Recorded { action, account: &account, service, vpc_endpoint: &name };
        self.emit(&call.message(self));
    }

    /// Some subnets more and some fewer, at least one.
    pub(crate) fn with_other_subnets(&mut self, vpc: &VpcId, shape: &Shape) -> Shape {
        let mut after = shape.clone();
        for subnet in 0..3 {
            let placed = subnet_id(vpc, subnet);
            let there = after.subnets.contains(&placed);
            if self.random.one_in(2) && (!there || after.subnets.len() > 1) {
                if there {
                    after.subnets.remove(&placed);
                    after.interfaces.retain(|_, interface| interface.subnet != placed);
                } else {
                    let new = self.ec2.interface(vpc, subnet, shape.family, &mut self.random);
                    after.interfaces.extend([new]);
                    after.subnets.insert(placed);
                }
            }
        }
        after
    }

    fn delete(&mut self) {
        use VpcEndpointState as State;
        let states =
            [State::Available, State::Available, State::Pending, State::PendingAcceptance, State::Rejected];
        if let Some((name, shape)) = self.any_endpoint(&states) {
            self.delete_it(&name, shape);
        }
    }

    /// A client deletes this endpoint.
    pub(crate) fn delete_it(&mut self, name: &VpcEndpointId, mut shape: Shape) {
        use VpcEndpointState as State;
        let account = self.ec2.endpoints[name].account.clone();
        let service = self.ec2.endpoints[name].service.clone();
        shape.state = State::Deleting;
        if self.random.one_in(2) {
            shape.interfaces.clear();
        }
        let at = self.now + self.random.between(500, 4 * MINUTE);
        self.note(|| format!("{account} deletes {name}"));
        let now = self.now;
        if let Some(endpoint) = self.ec2.endpoints.get_mut(name) {
            endpoint.turn(now, Some(shape), Some((at, None)));
        }
        let action = Action::DeleteVpcEndpoints;
        let call = Recorded { action, account: &account, service: None, vpc_endpoint: name };
        self.emit(&call.message(self));
        self.notify(Some(&service), name);
    }

    /// Deletes up to three endpoints, without an event.
    pub(crate) fn delete_unheard(&mut self) {
        let lost_event = std::mem::replace(&mut self.faults.lost_event, 1);
        for _ in 0..self.random.between(1, 3) {
            self.delete();
        }
        self.faults.lost_event = lost_event;
    }

    fn reject(&mut self) {
        use VpcEndpointState as State;
        let states = [State::Available, State::Pending, State::PendingAcceptance];
        let Some((name, _)) = self.any_endpoint(&states) else { return };
        self.note(|| format!("the provider rejects {name}"));
        self.rejected(&name);
        let service = self.ec2.endpoints[&name].service.clone();
        let (action, account) = (Action::RejectVpcEndpointConnections, &id(OWN));
        let call = Recorded { action, account, service: Some(&service), vpc_endpoint: &name };
        self.emit(&call.review(self));
    }

    /// It is `rejected` from now on, whatever it was about to become.
    pub(crate) fn rejected(&mut self, name: &VpcEndpointId) {
        let now = self.now;
        let Some(endpoint) = self.ec2.endpoints.get_mut(name) else { return };
        let Some(mut shape) = endpoint.shape().cloned() else { return };
        shape.state = VpcEndpointState::Rejected;
        endpoint.turn(now, Some(shape), None);
    }

    fn accept_by_hand(&mut self) {
        let Some((name, _)) = self.any_endpoint(&[VpcEndpointState::PendingAcceptance]) else { return };
        self.note(|| format!("somebody accepts {name} by hand"));
        self.accepted(&name);
        let service = self.ec2.endpoints[&name].service.clone();
        let (action, account) = (Action::AcceptVpcEndpointConnections, &id(OWN));
        let call = Recorded { action, account, service: Some(&service), vpc_endpoint: &name };
        self.emit(&call.review(self));
    }

    /// It is `pending` now, and will be `available`, or will have failed.
    pub(crate) fn accepted(&mut self, name: &VpcEndpointId) {
        let slow = self.faults.patience * MINUTE;
        let longest = *self.random.pick(&[20_000, 20_000, 5 * MINUTE, slow]);
        let at = self.now + self.random.between(1_000, longest);
        let fails = self.random.one_in(20);
        let now = self.now;
        let Some(endpoint) = self.ec2.endpoints.get_mut(name) else { return };
        let Some(mut shape) = endpoint.shape().cloned() else { return };
        shape.state = VpcEndpointState::Pending;
        let mut later = shape.clone();
        later.state = if fails { VpcEndpointState::Failed } else { VpcEndpointState::Available };
        endpoint.turn(now, Some(shape), Some((at, Some(later))));
    }

    /// An event of something that never was.
    fn forged_event(&mut self) {
        let account = self.random.pick(&setting::accounts()).clone();
        // Nobody knows the id of one that is yet to come.
        let known = i64::try_from(self.ec2.endpoints.len()).unwrap_or_default();
        let number = self.random.between(1, 12);
        let name: VpcEndpointId =
            id(&format!("vpce-{:08x}", if number > known { 0xff00 + number } else { number }));
        let action = *self.random.pick(&[Action::CreateVpcEndpoint, Action::DeleteVpcEndpoints]);
        let service = self.defined.services.keys().next().cloned();
        let call = Recorded { action, account: &account, service: service.as_ref(), vpc_endpoint: &name };
        self.emit(&call.message(self));
        self.emit(&call.review(self));
    }

    fn any_endpoint(&mut self, states: &[VpcEndpointState]) -> Option<(VpcEndpointId, Shape)> {
        let living = self.ec2.endpoints.iter().filter_map(|(name, endpoint)| Some((name, endpoint.shape()?)));
        let fitting = living.filter(|(_, shape)| states.contains(&shape.state));
        let fitting: Vec<_> = fitting.map(|(name, shape)| (name.clone(), shape.clone())).collect();
        (!fitting.is_empty()).then(|| self.random.pick(&fitting).clone())
    }

    fn notify(&mut self, service: Option<&ServiceId>, vpc_endpoint: &VpcEndpointId) {
        if let Some(service) = service {
            self.emit(&notification(self, service, vpc_endpoint));
        }
    }

    /// Sends an event on its way: soon, late, twice, or not at all.
    pub(crate) fn emit(&mut self, job: &Job) {
        let lost = self.faults.lost_event;
        if self.random.one_in(lost) {
            self.tally.count("events lost");
            return self.note(|| format!("lost: {job}"));
        }
        let doubled = self.faults.doubled;
        for _ in 0..=usize::from(self.random.one_in(doubled)) {
            let longest = *self.random.pick(&[2_000, 2_000, 15_000, 12 * MINUTE]);
            let at = self.now + self.random.between(100, longest);
            self.queue.send(job.clone(), at);
        }
    }
}
