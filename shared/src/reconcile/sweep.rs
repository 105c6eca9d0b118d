//! Sweeping: all services, all endpoints that EC2 lists or the table remembers, all claims.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::review::{
    Held, ReviewRequest, ServiceSummary, end_left_holds, held, hold_refused_definitions, review_service, send,
};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::{Metric, Metrics};
use crate::model::claim::IndexedClaim;
use crate::model::facts::{Place, SweepFacts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, ServiceId, VpcEndpointId};
use crate::model::policy::{Policy, Removal, ServiceDefinition};
use crate::model::run::{BackfillRequest, RequestedBy, RunPart};
use crate::observe::{Definitions, Scope, observe_sweep};
use crate::plan::sweep::{self as plan, Question};
use crate::plan::{Plan, Step};
use crate::worker::Worker;

const CAUSE: &str = "a sweep";

/// What a backfill came to.
#[derive(Debug, Default, Serialize)]
pub struct BackfillSummary {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The run, unless nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Service by service.
    pub services: Vec<ServiceSummary>,
    /// VPCs to which only claims and holds lead: those of services that nothing defines, and those whose memory
    /// is lost.
    #[serde(skip_serializing_if = "is_zero")]
    pub claimed_vpcs: usize,
    /// Definitions of the table that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_definitions: Vec<Held>,
    /// Records that wait for an operator's word: removals that were too many, and services that nothing defines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_records: Vec<Held>,
    /// All VPCs that this leads to, as far as they are known.
    #[serde(skip)]
    pub vpcs: BTreeSet<Place>,
    /// Messages that were sent.
    #[serde(skip)]
    pub messages: usize,
    /// What could not be done.
    #[serde(skip)]
    pub failed: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Does all that `request` asks for, for the run `run`.
///
/// # Errors
/// When holds cannot be read. What else could not be done stands in the summary, and does not stand in the way of
/// the rest.
pub async fn sweep<C: Cloud>(
    worker: &Worker<C>,
    policy: &Policy,
    definitions: &Definitions,
    request: &BackfillRequest,
    run: Option<&str>,
) -> Result<BackfillSummary, Error> {
    let run = run.map(ToOwned::to_owned);
    let mut sweep = Sweep {
        worker,
        policy,
        request,
        accounts: BTreeSet::new(),
        vpc_endpoints: BTreeSet::new(),
        summary: BackfillSummary { dry_run: request.dry_run, run, ..BackfillSummary::default() },
    };
    let refused = hold_refused_definitions(worker, definitions, policy, request.dry_run).await;
    sweep.summary.refused_definitions = sweep.unless_failed("definitions", refused).unwrap_or_default();
    let wanted = |id: &ServiceId| request.services.is_empty() || request.services.contains(id);
    for definition in policy.services.values().filter(|definition| wanted(&definition.service)) {
        sweep.review(definition).await;
    }
    let facts = observe_sweep(worker, policy, definitions).await;
    if let Some(facts) = sweep.unless_failed("claims", facts) {
        sweep.visit_claims(&facts).await;
        sweep.count_claims_left(&facts);
    }
    if sweep.summary.failed.is_empty() && request.is_whole() {
        sweep.summary.failed.extend(end_left_holds(worker, &sweep.accounts, &sweep.vpc_endpoints).await?);
    }
    let holds = worker.all_holds().await?;
    if request.is_whole() {
        count_what_stands(&worker.metrics, &holds, definitions);
    }
    let waiting = holds.iter().filter(|(subject, reason)| sweep.waits_for_an_operator(subject, reason));
    sweep.summary.held_records = waiting.map(held).collect();
    Ok(sweep.summary)
}

/// What is held and what is refused, 0 included: an alarm has to see that nothing is any more.
fn count_what_stands(metrics: &Metrics, holds: &BTreeMap<Subject, HoldReason>, definitions: &Definitions) {
    metrics.count(Metric::HoldsStanding, 0);
    for reason in holds.values() {
        metrics.count_as(Metric::HoldsStanding, reason.code(), 1);
    }
    metrics.count(Metric::RefusedDefinitions, definitions.refused.len());
}

struct Sweep<'a, C> {
    worker: &'a Worker<C>,
    policy: &'a Policy,
    request: &'a BackfillRequest,
    /// Those in which there is something to look at.
    accounts: BTreeSet<AccountId>,
    /// The endpoints that are sent on, each with its account.
    vpc_endpoints: BTreeSet<(AccountId, VpcEndpointId)>,
    summary: BackfillSummary,
}

impl<C: Cloud> Sweep<'_, C> {
    fn unless_failed<T>(&mut self, what: &str, outcome: Result<T, Error>) -> Option<T> {
        outcome.map_err(|error| self.summary.failed.push(format!("{what}: {}", error.chain()))).ok()
    }

    async fn review(&mut self, definition: &ServiceDefinition) {
        let review = ReviewRequest {
            scope: Scope::All,
            accounts: &self.request.accounts,
            allow_rejects: self.request.allow_rejects,
            dry_run: self.request.dry_run,
            cause: CAUSE,
            since: None,
            run: self.run(definition.service.as_str()),
        };
        let outcome = review_service(self.worker, definition, &review).await;
        if let Some(mut service) = self.unless_failed(definition.service.as_str(), outcome) {
            self.summary.failed.extend(service.failed.iter().cloned());
            self.summary.messages += service.sent;
            self.accounts.extend(service.accounts.iter().cloned());
            self.vpc_endpoints.append(&mut service.vpc_endpoints);
            self.summary.vpcs.append(&mut service.places);
            self.summary.services.push(service);
        }
    }

    /// Sends for the VPCs that claims lead to and no review does.
    async fn visit_claims(&mut self, facts: &SweepFacts) {
        let reviewed = std::mem::take(&mut self.summary.vpcs);
        let BackfillRequest { services, accounts, dry_run, .. } = self.request;
        let question = Question { services, accounts, reviewed: &reviewed, cause: CAUSE };
        let mut plan = plan::plan(facts, &question);
        let claimed = places(&plan);
        self.summary.claimed_vpcs = claimed.len();
        self.accounts.extend(claimed.iter().map(|(account, _)| account.clone()));
        let of_claims = facts.claims.iter().flat_map(IndexedClaim::places);
        self.accounts.extend(of_claims.map(|(account, _)| account));
        self.summary.vpcs = reviewed.into_iter().chain(claimed).collect();
        if !dry_run {
            let outcome = send(self.worker, &mut plan, CAUSE, self.run("claims").as_ref()).await;
            if let Some((failed, sent)) = self.unless_failed("claims", outcome) {
                self.summary.failed.extend(failed);
                self.summary.messages += sent;
            }
        }
    }

    /// How much is left of services that were removed, before this sweep's messages are done.
    fn count_claims_left(&mut self, facts: &SweepFacts) {
        for summary in &mut self.summary.services {
            let of_service = facts.claims.iter().filter(|claim| claim.service.as_str() == summary.service);
            summary.claims_left = summary.removed.map(|_: Removal| of_service.count());
        }
    }

    /// The run, for the messages of one part of this sweep. Nobody counts those of the schedule.
    fn run(&self, part: &str) -> Option<RunPart> {
        let requested_by = self.request.requested_by;
        let counted = requested_by == RequestedBy::Hand;
        let run = self.summary.run.clone()?;
        let (deletes, allowed) = match self.request.allow_deletes {
            Some(deletes) => (deletes, true),
            None => (self.worker.config.max_deletes, false),
        };
        Some(RunPart { run, part: counted.then(|| part.to_owned()), deletes, allowed, requested_by })
    }

    fn waits_for_an_operator(&self, subject: &Subject, reason: &HoldReason) -> bool {
        let reason = match reason {
            HoldReason::TooManyDeletes { .. } => true,
            HoldReason::NotDefined { service } => !self.policy.services.contains_key(service),
            _ => false,
        };
        reason && matches!(subject, Subject::Record(..))
    }
}

fn places(plan: &Plan) -> BTreeSet<Place> {
    let places = plan.steps().filter_map(|step| match step {
        Step::SendIntent { intent, .. } => {
            Some(intent.vpcs.iter().map(|v| (intent.account.clone(), v.clone())))
        }
        _ => None,
    });
    places.flatten().collect()
}
