//! What must never happen, judged at each step by what that worker had observed, and by rules of its own:
//! nothing here asks the plan.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use shared::claim::Contribution;
use shared::facts::{Association, EndpointFacts, Facts, VpcEndpointState, VpcFacts};
use shared::hold::Subject;
use shared::ids::{VpcEndpointId, VpcId};
use shared::plan::{Group, Plan, Step};
use shared::policy::{Adopt, Disallowed, OnRemove, ServiceDefinition, SharedZones};
use shared::record::{Addresses, ChangeAction, RecordKey};
use shared::run::RunPart;

use super::api::Fail;
use super::ec2::Shape;
use super::route53::{Batch, Slot};
use super::world::World;

/// Judges a step before it is done.
pub(crate) fn check_step(world: &mut World, step: &Step, subject: &Subject, facts: &Facts) {
    let wrong = match step {
        Step::PutClaim { claim, .. } => {
            let sharing = world.policy.services.get(&claim.service).map(|definition| definition.shared_zones);
            if sharing == Some(SharedZones::Refuse) && claim.vpcs().len() > 1 {
                Some(format!("{} is shared by {:?}, which is refused", claim.key, claim.vpcs()))
            } else {
                check_contributions(world, facts, subject, &claim.contributions)
            }
        }
        Step::ReleaseClaim { .. } => check_contributions(world, facts, subject, &BTreeMap::new()),
        _ => None,
    };
    if let Some(wrong) = wrong {
        world.violation(wrong);
    }
}

/// Judges a plan by what led to it: a sweep removes nothing that it has not reserved.
pub(crate) fn check_removals(world: &mut World, plan: &Plan, run: Option<&RunPart>) {
    let reserves = |step: &Step| matches!(step, Step::ReserveDeletion { .. });
    for group in plan.groups.iter().filter(|group| removes(group)) {
        if group.steps.iter().any(reserves) != run.is_some() {
            world.violation(format!("a removal at {} that {run:?} leads to is not reserved", group.subject));
        }
    }
}

fn removes(group: &Group) -> bool {
    if !group.steps.iter().any(|step| matches!(step, Step::ChangeRecords { .. })) {
        return false;
    }
    let announced = group.steps.iter().filter_map(|step| match step {
        Step::PutClaim { claim, .. } => claim.pending.as_ref(),
        _ => None,
    });
    announced.into_iter().any(|pending| pending.to.is_empty())
}

/// Counts a removal that a run has made, against its limit.
pub(crate) fn count_removal(world: &mut World, group: &Group) {
    let reserved = group.steps.iter().find_map(|step| match step {
        Step::ReserveDeletion { run, at_most } => Some((run, *at_most)),
        _ => None,
    });
    let Some((run, at_most)) = reserved else { return };
    world.tally.count("removals by sweeps");
    let removals = world.removals.entry(run.clone()).or_default();
    *removals += 1;
    if *removals > at_most {
        world.violation(format!("run {run} removes more than {at_most} records"));
    }
}

/// What a claim is to say from now on, against what was observed.
fn check_contributions(
    world: &World,
    facts: &Facts,
    subject: &Subject,
    after: &BTreeMap<VpcEndpointId, Contribution>,
) -> Option<String> {
    let Subject::Record(vpc, key) = subject else { return None };
    let vpc = facts.vpcs.iter().find(|facts| facts.vpc == *vpc)?;
    let record = vpc.records.iter().find(|record| record.key == *key)?;
    let before = record.claim.as_ref().map(|claim| claim.contributions.clone()).unwrap_or_default();
    // One without addresses gives nothing.
    let giving = |all: &BTreeMap<VpcEndpointId, Contribution>| -> BTreeMap<VpcEndpointId, Contribution> {
        let giving = all.iter().filter(|(_, given)| !given.addresses.is_empty());
        giving.map(|(id, given)| (id.clone(), given.clone())).collect()
    };
    let (before, after) = (giving(&before), giving(after));
    for (id, given) in after.iter().filter(|(id, given)| before.get(*id) != Some(*given)) {
        let observed = facts.vpcs.iter().find_map(|vpc| vpc.endpoints.get(id)).and_then(published);
        if observed.as_ref() != Some(&given.addresses) {
            return Some(format!("{key} publishes {} of {id}, observed {observed:?}", given.addresses));
        }
    }
    let is_removed = |service| world.policy.services.get(service).is_some_and(|d| d.removed.is_some());
    if record.association == Association::ZoneGone
        || record.claim.as_ref().is_some_and(|claim| is_removed(&claim.service))
    {
        return None;
    }
    for (id, given) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
        let own = facts.vpcs.iter().find(|facts| facts.vpc == given.vpc);
        let left = record.association == Association::Left && given.vpc == vpc.vpc;
        if !left && !own.is_some_and(|own| is_gone(own, id, facts)) {
            return Some(format!("{key} loses {} of {id}, which is not gone", given.addresses));
        }
    }
    None
}

fn published(endpoint: &EndpointFacts) -> Option<Addresses> {
    let shape = Shape {
        state: endpoint.state.clone()?,
        family: endpoint.ip_address_type,
        subnets: endpoint.subnets.clone(),
        interfaces: endpoint.interfaces.clone(),
    };
    shape.published()
}

fn is_gone(vpc: &VpcFacts, id: &VpcEndpointId, facts: &Facts) -> bool {
    use VpcEndpointState as State;
    let Some(endpoint) = vpc.endpoints.get(id) else { return false };
    match &endpoint.state {
        Some(state) => {
            matches!(
                state,
                State::Deleting | State::Deleted | State::Rejected | State::Failed | State::Expired
            )
        }
        None => vpc.stored.get(id).is_some_and(|stored| {
            let was_going = stored.expires_at.is_some();
            was_going || facts.now.duration_since(stored.first_seen) > SignedDuration::from_mins(10)
        }),
    }
}

impl World {
    /// `ec2:AcceptVpcEndpointConnections`; gives those that could not be accepted.
    pub(crate) fn accept<'a>(
        &mut self,
        service: &shared::ids::ServiceId,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Vec<String> {
        let mut unsuccessful = Vec::new();
        for id in vpc_endpoints {
            let found = self.ec2.endpoints.get(id).filter(|endpoint| endpoint.service == *service);
            let owner = found.map(|endpoint| endpoint.account.clone());
            let waits = found
                .and_then(|endpoint| endpoint.shape())
                .is_some_and(|shape| shape.state == VpcEndpointState::PendingAcceptance);
            let definition = self.defined.services.get(service);
            // One that was lost since the plan was made says nothing of it.
            let allowed = owner.is_some_and(|owner| definition.is_none_or(|d| d.allows(&owner).is_some()));
            if !allowed {
                self.violation(format!("a stranger's {id} is accepted"));
            }
            if waits {
                self.tally.count("connections accepted");
                self.accepted(id);
            } else {
                unsuccessful.push(format!("{id} does not wait for acceptance"));
            }
        }
        unsuccessful
    }

    /// `ec2:RejectVpcEndpointConnections`; gives those that could not be rejected.
    pub(crate) fn reject_connections<'a>(
        &mut self,
        service: &shared::ids::ServiceId,
        vpc_endpoints: impl Iterator<Item = &'a VpcEndpointId>,
    ) -> Vec<String> {
        let mut unsuccessful = Vec::new();
        for id in vpc_endpoints {
            let found = self.ec2.endpoints.get(id).filter(|endpoint| endpoint.service == *service);
            let state = found.and_then(|endpoint| endpoint.shape()).map(|shape| shape.state.clone());
            let definition = self.policy.services.get(service);
            // One that was lost since the plan was made says nothing of it.
            let rejects = definition.is_none_or(|d| d.disallowed == Disallowed::Reject);
            let allowed =
                found.is_some_and(|found| definition.is_some_and(|d| d.allows(&found.account).is_some()));
            if allowed || !rejects {
                self.violation(format!("{id} is rejected, though its owner may connect or is to be left"));
            }
            let lives =
                [VpcEndpointState::PendingAcceptance, VpcEndpointState::Pending, VpcEndpointState::Available];
            if state.is_some_and(|state| lives.contains(&state)) {
                self.tally.count("connections rejected");
                self.rejected(id);
            } else {
                unsuccessful.push(format!("{id} has no connection to be rejected"));
            }
        }
        unsuccessful
    }

    /// `route53:ChangeResourceRecordSets`, at the moment at which it is done.
    pub(crate) fn change(&mut self, key: &RecordKey, batch: &Batch) -> Result<(), Fail> {
        let after = match self.route53.outcome(key, &batch.changes) {
            Ok(after) => after,
            Err(why) => return Err(Fail::Refused(why)),
        };
        let slot = self.route53.slots.get(key).cloned().unwrap_or_default();
        if let Some(wrong) = self.check_batch(key, batch, &slot) {
            self.violation(format!("{key} from {} to {}: {wrong}", slot.seen.addresses(), after.addresses()));
        }
        self.tally.count("batches done");
        let touched = slot.touched;
        // Who repairs a TTL has not made the record his own.
        let same = slot.seen.addresses() == after.addresses();
        // What somebody touched while the change was on its way is no longer as it was seen.
        let mixed = touched.is_some_and(|at| at >= batch.observed_at);
        let by_a_person = mixed || (slot.by_a_person && same);
        self.route53.slots.insert(key.clone(), Slot { seen: after, by_a_person, touched });
        Ok(())
    }

    fn check_batch(&self, key: &RecordKey, batch: &Batch, slot: &Slot) -> Option<String> {
        // A protocol that is broken on purpose is to be found by what comes of it, here and below.
        let sound = self.broken.is_none();
        if sound && self.timestamp() > batch.until {
            return Some(format!("a request lands after its until, {}", batch.until));
        }
        if batch.changes.iter().any(|change| change.set.values.is_empty()) {
            return Some("an empty record set".into());
        }
        let Some(to) = batch.to() else {
            return Some("a batch that does not follow from what was seen".into());
        };
        let touched = slot.touched.is_some_and(|at| at >= batch.observed_at);
        let claim = self.table.claims.get(key);
        if sound && claim.is_some_and(|claim| claim.released.is_some()) {
            return Some("a record that was taken back is changed".into());
        }
        let announced = claim.and_then(|claim| claim.pending.as_ref());
        let announced = announced.is_some_and(|pending| pending.to == to && pending.until == batch.until);
        // A TTL alone changes hands with nobody.
        let moves = slot.seen.addresses() != to;
        if sound && !announced && !touched && moves {
            return Some(format!("no claim announces it, but {claim:?}"));
        }
        let definition = self.policy.services.values().find(|definition| match &batch.observed.claim {
            Some(claim) => claim.service == definition.service,
            None => claim.is_none_or(|claim| claim.service == definition.service),
        })?;
        // Beside a record set of the other family nobody's is changed.
        let deletes = batch.changes.iter().any(|change| change.action == ChangeAction::Delete);
        (slot.by_a_person && deletes && !may_replace(batch, definition, slot, &to))
            .then(|| "somebody else's record is changed".into())
    }

    /// Each claim can be found by each VPC that it names, and by sweeps through the index, at every moment.
    pub(crate) fn check_references(&mut self) {
        let mut wrong = Vec::new();
        // A mark is found by its key alone.
        for (key, claim) in self.table.claims.iter().filter(|(_, claim)| claim.released.is_none()) {
            let found = |vpc: &VpcId| self.table.references.contains(&(vpc.clone(), key.clone()));
            let lost: Vec<_> = claim.vpcs().into_iter().filter(|vpc| !found(vpc)).collect();
            if !lost.is_empty() || !self.table.references.iter().any(|(_, of)| of == key) {
                wrong.push(format!("{lost:?} do not find their claim on {key}"));
            }
        }
        let index = self.table.claims.iter().filter_map(|(key, claim)| Some((key.clone(), claim.indexed()?)));
        if !self.table.indexed.iter().map(|(key, indexed)| (key.clone(), indexed.clone())).eq(index) {
            wrong.push(format!("of {:?} the index says {:?}", self.table.claims, self.table.indexed));
        }
        for wrong in wrong {
            self.violation(wrong);
        }
    }
}

/// Whether a record that a person wrote last may be replaced, by what the worker saw.
fn may_replace(batch: &Batch, definition: &ServiceDefinition, slot: &Slot, to: &Addresses) -> bool {
    let stands = slot.seen.addresses();
    let Some(claim) = &batch.observed.claim else {
        let same = stands == *to && definition.adopt != Adopt::Never;
        return definition.adopt == Adopt::Any || same;
    };
    let ours = match &claim.pending {
        Some(pending) => stands == pending.to || stands == pending.from || stands == claim.confirmed,
        None if to.is_empty() => stands == claim.confirmed,
        None => true,
    };
    let removable =
        claim.origin == shared::claim::Origin::Created || definition.on_remove == OnRemove::Delete;
    ours && (!to.is_empty() || removable)
}
