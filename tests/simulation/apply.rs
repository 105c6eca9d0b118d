//! Applying a plan step by step, as `aws/apply.rs` and `aws/journal.rs` do; and breaking the protocol where
//! a test asks for that.

use shared::facts::{Denied, Facts, RecordFacts};
use shared::hold::{HoldReason, Subject};
use shared::ids::ServiceId;
use shared::plan::{Group, Plan, Step};
use shared::policy::Records;
use shared::record::RecordKey;

use super::api::{Api, Fail, Kind};
use super::faults::Broken;
use super::queue::Job;
use super::route53::Batch;
use super::safety;
use super::setting::{OWN, id};
use super::table::ConditionFailed;
use super::world::World;

/// How a group of steps ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Raced,
    Unanswered,
    Superseded,
    TooManyDeletes(HoldReason),
    Refused(String),
    Denied(Denied),
    Failed(Fail),
}

/// Applies a plan that was made of `observed`, and journals it.
pub(crate) async fn apply<'a>(
    api: &Api,
    plan: &'a Plan,
    observed: Option<&Facts>,
) -> Result<Vec<(&'a Group, Outcome)>, Fail> {
    let mut outcomes = Vec::with_capacity(plan.groups.len());
    for group in &plan.groups {
        let record = observed
            .and_then(|facts| Some((record_of(facts, group)?, facts.now.as_millisecond() - api.skew)));
        let mut outcome = Outcome::Done;
        for step in broken(api, &group.steps) {
            if let Some(facts) = observed {
                safety::check_step(&mut api.world.borrow_mut(), &step, &group.subject, facts);
            }
            if let Err(fail) = apply_step(api, &step, record).await {
                outcome = outcome_of(&step, fail);
                break;
            }
            if let Step::ChangeRecords { .. } = step {
                safety::count_removal(&mut api.world.borrow_mut(), group);
            }
        }
        match &outcome {
            Outcome::Raced => api.world.borrow_mut().tally.count("races lost"),
            Outcome::TooManyDeletes(_) => api.world.borrow_mut().tally.count("removals held"),
            Outcome::Refused(_) => api.world.borrow_mut().tally.count("batches refused"),
            _ => {}
        }
        outcomes.push((group, outcome));
    }
    let told = |outcome: &Outcome| !matches!(outcome, Outcome::Superseded | Outcome::TooManyDeletes(_));
    for (group, _) in outcomes.iter().filter(|(group, outcome)| group.is_journalled() && told(outcome)) {
        let what = format!("journal of {}", group.subject);
        api.write(None, "dynamodb:PutItem", what, Kind::Plain, |_| Ok(())).await?;
    }
    Ok(outcomes)
}

/// What had been seen of the record that a group is about.
pub(crate) fn record_of<'a>(facts: &'a Facts, group: &Group) -> Option<&'a RecordFacts> {
    let Subject::Record(vpc, key) = &group.subject else { return None };
    let vpc = facts.vpcs.iter().find(|facts| facts.vpc == *vpc)?;
    vpc.records.iter().find(|record| record.key == *key)
}

fn outcome_of(step: &Step, fail: Fail) -> Outcome {
    match (step, fail) {
        (Step::PutWait { .. } | Step::PutHold { .. } | Step::DeleteHold { .. }, Fail::Condition) => {
            Outcome::Superseded
        }
        (Step::ReserveDeletion { run, at_most }, Fail::Condition) => {
            Outcome::TooManyDeletes(HoldReason::TooManyDeletes { run: run.clone(), at_most: *at_most })
        }
        (_, Fail::Condition) => Outcome::Raced,
        (Step::ChangeRecords { account, .. }, Fail::Denied(denied)) => {
            Outcome::Denied(Denied { account: account.clone(), ..denied })
        }
        (Step::ChangeRecords { .. }, Fail::Refused(why)) => Outcome::Refused(why),
        (Step::ChangeRecords { .. }, Fail::Retry(_)) => Outcome::Unanswered,
        (_, fail) => Outcome::Failed(fail),
    }
}

/// The steps as they are, or as a broken protocol would have them.
fn broken(api: &Api, steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    match api.world.borrow().broken {
        Some(Broken::NoPending) => {
            for step in &mut steps {
                if let Step::PutClaim { claim, .. } = step
                    && let Some(pending) = claim.pending.take()
                    && !pending.to.is_empty()
                {
                    claim.confirmed = pending.to;
                }
            }
        }
        Some(Broken::ReleaseBeforeDelete) => {
            let last = steps.len().saturating_sub(1);
            let changes = steps.iter().position(|step| matches!(step, Step::ChangeRecords { .. }));
            let releases = steps.iter().position(|step| matches!(step, Step::ReleaseClaim { .. }));
            if let (Some(change), Some(release)) = (changes, releases)
                && release <= last
            {
                steps.swap(change, release);
            }
        }
        _ => {}
    }
    steps
}

/// One step is one call. With what had been seen of the record that it is about, and when.
async fn apply_step(api: &Api, step: &Step, record: Option<(&RecordFacts, i64)>) -> Result<(), Fail> {
    let own = id(OWN);
    let (account, operation, kind) = match step {
        Step::AcceptConnections { .. } => (Some(&own), "ec2:AcceptVpcEndpointConnections", Kind::Plain),
        Step::RejectConnections { .. } => (Some(&own), "ec2:RejectVpcEndpointConnections", Kind::Plain),
        Step::PutClaim { .. } | Step::ReleaseClaim { .. } => {
            (None, "dynamodb:TransactWriteItems", Kind::Transaction)
        }
        Step::ChangeRecords { account, until, .. } => {
            api.of(account).await?;
            (Some(account), "route53:ChangeResourceRecordSets", Kind::Until(*until))
        }
        Step::PutEndpoint { .. } | Step::PutHold { .. } | Step::PutWait { .. } => {
            (None, "dynamodb:PutItem", Kind::Plain)
        }
        Step::DeleteHold { .. } | Step::DeleteWait { .. } => (None, "dynamodb:DeleteItem", Kind::Plain),
        Step::SendIntent { .. } => (None, "sqs:SendMessage", Kind::Plain),
        Step::Reserve { .. } | Step::ReserveDeletion { .. } => (None, "dynamodb:UpdateItem", Kind::Plain),
    };
    let subject = match step {
        Step::PutHold { hold } => format!("{step}: {}", hold.reason),
        _ => step.to_string(),
    };
    let (step, record) = (step.clone(), record.map(|(record, at)| (record.clone(), at)));
    let effect = move |world: &mut World| world.perform(&step, record.as_ref());
    api.write(account, operation, subject, kind, effect).await
}

impl World {
    /// What a step does, at the moment at which it is done.
    fn perform(&mut self, step: &Step, record: Option<&(RecordFacts, i64)>) -> Result<(), Fail> {
        let condition = |done: Result<(), _>| done.map_err(|ConditionFailed| Fail::Condition);
        match step {
            Step::AcceptConnections { service, vpc_endpoints } => {
                return successful(&self.accept(service, vpc_endpoints.keys()));
            }
            Step::RejectConnections { service, vpc_endpoints } => {
                return successful(&self.reject_connections(service, vpc_endpoints.keys()));
            }
            Step::PutClaim { .. } | Step::ReleaseClaim { .. } => {
                return condition(self.perform_on_claim(step));
            }
            Step::ChangeRecords { key, changes, until, .. } => {
                let (observed, observed_at) = record.cloned().unwrap();
                let (changes, until) = (changes.clone(), *until);
                return self.change(key, &Batch { observed, observed_at, changes, until });
            }
            Step::PutEndpoint { endpoint } => {
                let key = (endpoint.service.clone(), endpoint.vpc_endpoint.clone());
                self.table.endpoints.insert(key, (**endpoint).clone());
            }
            Step::PutHold { hold } => return condition(self.table.put_hold((**hold).clone())),
            Step::DeleteHold { subject } => return condition(self.table.delete_hold(subject)),
            Step::PutWait { vpc_endpoint, wait, not_due_after } => {
                return condition(self.table.put_wait(vpc_endpoint, wait, *not_due_after));
            }
            Step::DeleteWait { vpc_endpoint } => self.table.delete_wait(vpc_endpoint),
            // There is always room: what is short of it comes back like any late message.
            Step::Reserve { .. } => {}
            Step::ReserveDeletion { run, at_most } => {
                return condition(self.table.reserve_deletion(run, *at_most));
            }
            Step::SendIntent { intent, delay_seconds } => {
                let early = self.random.between(0, 1_000);
                let at = self.now + (i64::from(*delay_seconds) * 1_000 - early).max(0);
                self.queue.send(Job::Intent(intent.clone()), at);
            }
        }
        Ok(())
    }

    fn perform_on_claim(&mut self, step: &Step) -> Result<(), ConditionFailed> {
        let blind = self.broken == Some(Broken::NoVersionCondition);
        let version = |world: &World, key| world.table.claims.get(key).map(|claim| claim.version);
        match step {
            Step::PutClaim { claim, expects, joins, leaves } => {
                let expects = if blind { version(self, &claim.key) } else { *expects };
                let wrong = self.table.put_claim(claim, expects, joins, leaves)?;
                // Without the condition it is to be found by what comes of it.
                if let Some(wrong) = wrong.filter(|_| self.broken.is_none()) {
                    self.violation(wrong);
                }
                Ok(())
            }
            Step::ReleaseClaim { key, expects, leaves } => {
                let expects = if blind { version(self, key).unwrap_or_default() } else { *expects };
                let service = self.table.claims.get(key).map(|claim| claim.service.clone());
                self.table.release_claim(key, expects, leaves)?;
                self.given_away(key, service.as_ref());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn successful(unsuccessful: &[String]) -> Result<(), Fail> {
    if unsuccessful.is_empty() { Ok(()) } else { Err(Fail::Retry(unsuccessful.join(", "))) }
}

impl World {
    /// What a removed definition leaves standing is nobody's of ours from its release on.
    fn given_away(&mut self, key: &RecordKey, service: Option<&ServiceId>) {
        let definition = service.and_then(|service| self.policy.services.get(service));
        let kept = definition.is_some_and(|definition| definition.removed == Some(Records::KeepRecords));
        if let Some(slot) = self.route53.slots.get_mut(key).filter(|_| kept) {
            slot.by_a_person = true;
        }
    }
}

/// Applies one step outside a plan.
pub(crate) async fn apply_one(api: &Api, step: &Step) -> Result<(), Fail> {
    apply_step(api, step, None).await
}
