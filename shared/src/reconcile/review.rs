//! Reviewing the connections of services: accept who is allowed, reject who is not where the definition says so,
//! send endpoints on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::carry_out::apply_and_journal;
use super::journal::Cause;
use crate::apply::{GroupOutcome, Outcome};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::facts::{Place, ServiceFacts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, VpcEndpointId};
use crate::model::policy::{Policy, Removal, ServiceDefinition};
use crate::model::run::{RequestedBy, RunPart};
use crate::observe::{Definitions, Scope, observe_service};
use crate::plan::service::gone::leads_to_something;
use crate::plan::service::review::{self, Question, SendOn};
use crate::plan::spread::spread;
use crate::plan::{Plan, Step};
use crate::quota::Reserved;
use crate::trigger::event::Event;
use crate::trigger::intent::Ignored;
use crate::worker::Worker;

/// How often one review looks at most.
const LOOKS: usize = 5;

/// What a review is asked.
#[derive(Debug, Clone)]
pub struct ReviewRequest<'a> {
    /// How much of each service is read.
    pub scope: Scope,
    /// Only these accounts; all when empty.
    pub accounts: &'a BTreeSet<AccountId>,
    /// How many connections of each service may be rejected, when a person has said so.
    pub allow_rejects: Option<u32>,
    /// Plan, and do nothing.
    pub dry_run: bool,
    /// What led here, for the journal.
    pub cause: &'a str,
    /// When that happened.
    pub since: Option<Timestamp>,
    /// The run that asks, for the messages that it sends.
    pub run: Option<RunPart>,
}

/// What a review of one service came to.
#[derive(Debug, Default, Serialize)]
pub struct ServiceSummary {
    /// The service.
    pub service: String,
    /// Connections that were read, by state.
    pub connections: BTreeMap<String, usize>,
    /// Connections that are accepted by this review.
    pub accepted: usize,
    /// Connections that are rejected by this review.
    #[serde(skip_serializing_if = "is_none")]
    pub rejected: usize,
    /// Endpoints that are sent on to be reconciled.
    pub endpoints: usize,
    /// Intents that carry them.
    pub intents: usize,
    /// What is held, each with its reason and remedy.
    pub held: Vec<Held>,
    /// What becomes of the records of a definition that was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
    /// How many claims are left of a definition that was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_left: Option<usize>,
    /// The accounts whose endpoints are sent on, but for those of which nothing is left.
    #[serde(skip)]
    pub accounts: BTreeSet<AccountId>,
    /// The endpoints themselves, each with its account.
    #[serde(skip)]
    pub vpc_endpoints: BTreeSet<(AccountId, VpcEndpointId)>,
    /// The VPCs in which they stand, of those that the table remembers.
    #[serde(skip)]
    pub places: BTreeSet<Place>,
    /// How many it does not.
    #[serde(skip)]
    pub unknown: usize,
    /// Messages that were sent.
    #[serde(skip)]
    pub sent: usize,
    /// What could not be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// Rejections are rare, and said only then.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// One hold in a summary.
#[derive(Debug, Serialize)]
pub struct Held {
    /// What is held.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What an operator can do about it.
    pub remedy: String,
}

/// Reviews one service.
///
/// When a step fails, everything is observed and planned once more: AWS refuses to accept what another
/// worker, or a person, has just accepted, and then there is nothing left to do. While many join at once the next step
/// may fail for the next one, so it goes on as long as something else fails, at most five times.
///
/// # Errors
/// When a read fails or the journal cannot be written. Steps that fail are in the summary.
pub async fn review_service<C: Cloud>(
    worker: &Worker<C>,
    definition: &ServiceDefinition,
    request: &ReviewRequest<'_>,
) -> Result<ServiceSummary, Error> {
    let mut numbered = 0;
    let (facts, mut plan) = plan(worker, definition, request).await?;
    let mut summary = ServiceSummary { removed: definition.removed, ..summarise(&facts, &plan) };
    if request.dry_run {
        return Ok(summary);
    }
    send_for(&mut plan, request.run.as_ref(), &mut numbered, facts.stored.keys());
    (summary.failed, summary.sent) = carry_out(worker, &plan, request.cause, request.since).await?;
    let (mut looks, mut before) = (1, Vec::new());
    while looks < LOOKS && !summary.failed.is_empty() && summary.failed != before {
        let (facts, mut plan) = self::plan(worker, definition, request).await?;
        send_for(&mut plan, request.run.as_ref(), &mut numbered, facts.stored.keys());
        let (failed, sent) = carry_out(worker, &plan, request.cause, request.since).await?;
        before = std::mem::replace(&mut summary.failed, failed);
        (summary.sent, looks) = (summary.sent + sent, looks + 1);
    }
    Ok(summary)
}

/// Sends the messages of a plan for a run. Gives what could not be sent, and how many were.
///
/// # Errors
/// When the journal cannot be written.
pub async fn send<C: Cloud>(
    worker: &Worker<C>,
    plan: &mut Plan,
    cause: &str,
    run: Option<&RunPart>,
) -> Result<(Vec<String>, usize), Error> {
    send_for(plan, run, &mut 0, [].iter());
    carry_out(worker, plan, cause, None).await
}

/// Names the messages of a plan for a run. Those of the schedule are spread; whoever asks by hand waits for them.
fn send_for<'a>(
    plan: &mut Plan,
    run: Option<&RunPart>,
    numbered: &mut usize,
    known: impl Iterator<Item = &'a VpcEndpointId>,
) {
    plan.send_for(run, numbered);
    if run.is_some_and(|run| run.requested_by == RequestedBy::Schedule) {
        spread(plan, &known.collect());
    }
}

/// Observes one service and decides, and does nothing.
///
/// # Errors
/// When a read fails.
pub async fn plan<C: Cloud>(
    worker: &Worker<C>,
    definition: &ServiceDefinition,
    request: &ReviewRequest<'_>,
) -> Result<(ServiceFacts, Plan), Error> {
    let facts = observe_service(worker, definition, &request.scope, request.accounts).await?;
    let question = Question {
        send_on: match &request.scope {
            Scope::All => SendOn::All,
            Scope::Pending(named) => SendOn::Named(named.clone()),
        },
        region: &worker.config.region,
        accounts: request.accounts,
        max_rejects: worker.config.max_rejects,
        allow_rejects: request.allow_rejects,
        cause: request.cause,
        since: request.since,
        now: worker.now(),
    };
    let plan = review::plan(&facts, definition, &question);
    Ok((facts, plan))
}

/// Holds the definitions of the table that cannot be accepted, and ends the holds of those that can again.
///
/// # Errors
/// When a hold cannot be read or written.
pub async fn hold_refused_definitions<C: Cloud>(
    worker: &Worker<C>,
    definitions: &Definitions,
    policy: &Policy,
    dry_run: bool,
) -> Result<Vec<Held>, Error> {
    let holds = worker.definition_holds().await?;
    let plan = review::plan_definitions(&definitions.refused, policy, &holds, worker.now());
    if !dry_run {
        carry_out(worker, &plan, "a sweep", None).await?;
    }
    Ok(all_held(&plan))
}

/// Ends the holds on accounts and endpoints to which a sweep of all services has led no message.
///
/// # Errors
/// When a hold cannot be read or deleted.
pub async fn end_left_holds<C: Cloud>(
    worker: &Worker<C>,
    accounts: &BTreeSet<AccountId>,
    vpc_endpoints: &BTreeSet<(AccountId, VpcEndpointId)>,
) -> Result<Vec<String>, Error> {
    let plan = review::plan_left_holds(accounts, vpc_endpoints, &worker.all_holds().await?, worker.now());
    carry_out(worker, &plan, "a sweep", None).await.map(|(failed, _)| failed)
}

/// Gives what failed, and how many messages were sent.
async fn carry_out<C: Cloud>(
    worker: &Worker<C>,
    plan: &Plan,
    cause: &str,
    since: Option<Timestamp>,
) -> Result<(Vec<String>, usize), Error> {
    if !plan.is_empty() {
        tracing::debug!(cause, %plan, "planned");
    }
    let outcomes =
        apply_and_journal(worker, plan, &Reserved::default(), Cause { since, ..Cause::of(cause) }).await?;
    let sent = outcomes.iter().map(GroupOutcome::messages).sum();
    let failed = outcomes.into_iter().filter_map(|GroupOutcome { group, outcome, .. }| match outcome {
        Outcome::Failed(error) => Some(format!("{}: {}", group.subject, error.chain())),
        _ => None,
    });
    Ok((failed.collect(), sent))
}

fn summarise(facts: &ServiceFacts, plan: &Plan) -> ServiceSummary {
    let mut summary = ServiceSummary { service: facts.service.to_string(), ..ServiceSummary::default() };
    for connection in &facts.connections {
        *summary.connections.entry(connection.state.to_string()).or_default() += 1;
    }
    for step in plan.steps() {
        match step {
            Step::AcceptConnections { vpc_endpoints, .. } => summary.accepted += vpc_endpoints.len(),
            Step::RejectConnections { vpc_endpoints, .. } => summary.rejected += vpc_endpoints.len(),
            Step::SendIntent { intent, .. } => {
                summary.intents += 1;
                summary.endpoints += intent.vpc_endpoints.len();
                for id in &intent.vpc_endpoints {
                    match facts.stored.get(id) {
                        Some(stored) => {
                            summary.places.insert((stored.account.clone(), stored.vpc.clone()));
                        }
                        None => summary.unknown += 1,
                    }
                }
                if leads_to_something(intent, facts) {
                    summary.accounts.insert(intent.account.clone());
                }
                let of_account = intent.vpc_endpoints.iter().map(|id| (intent.account.clone(), id.clone()));
                summary.vpc_endpoints.extend(of_account);
            }
            _ => {}
        }
    }
    summary.held = all_held(plan);
    summary
}

fn all_held(plan: &Plan) -> Vec<Held> {
    plan.holds.iter().map(held).collect()
}

/// A hold as a summary shows it.
#[must_use]
pub fn held((subject, reason): (&Subject, &HoldReason)) -> Held {
    Held { subject: subject.to_string(), reason: reason.to_string(), remedy: reason.remedy().into_owned() }
}

/// Reviews the services that some events point at. What is not for this worker is logged and left.
///
/// # Errors
/// When the policy cannot be read, or something could not be done: the events come back.
pub async fn review_events<C: Cloud>(worker: &Worker<C>, events: Vec<Event>) -> Result<(), Error> {
    let (policy, _) = worker.policy().await?;
    let mut failed = Vec::new();
    for event in events {
        let review = match event.review(&policy, &worker.config.own_calls()) {
            Ok(review) => review,
            Err(Ignored(reason)) => {
                tracing::info!(reason, "ignored");
                continue;
            }
        };
        let everywhere = review.services.is_empty();
        let services = policy.services.values();
        for definition in services.filter(|d| everywhere || review.services.contains(&d.service)) {
            let request = ReviewRequest {
                scope: Scope::Pending(review.vpc_endpoints.clone()),
                accounts: &BTreeSet::new(),
                allow_rejects: None,
                dry_run: false,
                cause: &review.cause,
                since: review.since,
                run: None,
            };
            match review_service(worker, definition, &request).await {
                Ok(summary) => {
                    let (accepted, rejected, held) = (summary.accepted, summary.rejected, summary.held.len());
                    let (service, cause) = (summary.service, &review.cause);
                    tracing::info!(service, cause, accepted, rejected, held, "reviewed");
                    failed.extend(summary.failed);
                }
                // One service does not keep the others waiting.
                Err(error) => failed.push(format!("{}: {}", definition.service, error.chain())),
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Unsuccessful { operation: "a review of connections", items: failed.join("; ") })
}
