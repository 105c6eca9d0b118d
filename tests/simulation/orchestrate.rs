//! The two orchestrators, `reconcile.rs` and `review.rs`, and the functions around them, over simulated calls.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use shared::facts::{AllowListFacts, Facts, Place, ServiceFacts, SweepFacts, VpcEndpointState};
use shared::hold::{HoldReason, Subject};
use shared::ids::{AccountId, VpcEndpointId, VpcId};
use shared::intent::Intent;
use shared::plan::acceptance::{self, Question, SendOn};
use shared::plan::vpc::Refused;
use shared::plan::{self, Plan, Step};
use shared::policy::{Policy, ServiceDefinition};
use shared::run::{RequestedBy, RunPart};

use super::api::{Api, Fail};
use super::apply::{Outcome, apply, apply_one, record_of};
use super::observe::observe;
use super::queue::Job;
use super::safety;

const AFTER_RACES: i64 = 5;
const STACK: &str = "zonelink";

/// Does what a message asks for.
pub(crate) async fn work(api: Rc<Api>, job: Job) -> Result<(), Fail> {
    let policy = api.read(None, "dynamodb:Query", &"definitions", |world| Rc::clone(&world.policy)).await?;
    match job {
        Job::Intent(intent) => reconcile(&api, &policy, &intent).await,
        Job::Event(event) => match event.intent(&policy) {
            Ok(intent) => reconcile(&api, &policy, &intent).await,
            Err(_) => Ok(()),
        },
        Job::Review(event) => {
            let Ok(review) = event.review(&policy, STACK) else { return Ok(()) };
            let everywhere = review.services.is_empty();
            let services = policy.services.values();
            let mut outcome = Ok(());
            for definition in services.filter(|d| everywhere || review.services.contains(&d.service)) {
                let scope = Scope::Pending(review.vpc_endpoints.clone());
                let reviewed = review_service(&api, definition, &scope, &review.cause, None).await;
                outcome = reviewed.map(drop).and(outcome);
            }
            outcome
        }
        Job::Sweep { allow_deletes } => sweep(&api, &policy, allow_deletes).await,
    }
}

async fn sweep(api: &Api, policy: &Policy, allow_deletes: Option<u32>) -> Result<(), Fail> {
    let run = {
        let world = api.world.borrow();
        let (run, part) = (format!("run of w{} at {}", api.worker, world.now), None);
        let deletes = allow_deletes.unwrap_or(world.max_deletes);
        let requested_by = if allow_deletes.is_some() { RequestedBy::Hand } else { RequestedBy::Schedule };
        RunPart { run, part, deletes, allowed: allow_deletes.is_some(), requested_by }
    };
    let mut outcome = hold_refused_definitions(api, policy).await;
    let (mut known, mut reviewed) = (BTreeSet::new(), BTreeSet::new());
    for definition in policy.services.values() {
        match review_service(api, definition, &Scope::All, "a sweep", Some(&run)).await {
            Ok((accounts, places)) => {
                known.extend(accounts);
                reviewed.extend(places);
            }
            Err(fail) => outcome = Err(fail),
        }
    }
    let facts = observe_sweep(api, policy).await?;
    let (services, accounts) = (BTreeSet::new(), BTreeSet::new());
    let question = plan::sweep::Question {
        services: &services,
        accounts: &accounts,
        reviewed: &reviewed,
        cause: "a sweep",
    };
    let mut plan = plan::sweep::plan(&facts, &question);
    plan.send_for(Some(&run), &mut 0);
    known.extend(accounts_of(&plan));
    outcome = failed_of(api, &plan).await?.map_or(outcome, Err);
    outcome?;
    let plan = acceptance::plan_accounts(&known, &api.holds("").await?, api.now());
    failed_of(api, &plan).await?.map_or(Ok(()), Err)
}

async fn observe_sweep(api: &Api, policy: &Policy) -> Result<SweepFacts, Fail> {
    let claims = api.indexed_claims().await?;
    let services: BTreeSet<_> = claims.iter().map(|claim| claim.service.clone()).collect();
    let mut undefined = Vec::new();
    for service in services.iter().filter(|service| !policy.services.contains_key(service)) {
        undefined.extend(api.stored_endpoints_of(service).await?.into_values());
    }
    Ok(SweepFacts { claims, undefined, held: api.held_places().await? })
}

fn accounts_of(plan: &Plan) -> BTreeSet<AccountId> {
    let sent = plan.steps().filter_map(|step| match step {
        Step::SendIntent { intent, .. } => Some(intent.account.clone()),
        _ => None,
    });
    sent.collect()
}

async fn reconcile(api: &Api, policy: &Policy, intent: &Intent) -> Result<(), Fail> {
    let facts = observe(api, policy, intent).await?;
    let plan = plan::vpc::plan(intent, &facts, policy, &[]);
    let first = carry_out(api, intent, &facts, &plan).await?;
    let mut plans = vec![plan];
    let mut lost = BTreeSet::new();
    let vpcs: BTreeSet<VpcId> =
        first.refused.iter().map(|refused| refused.vpc.clone()).chain(first.raced).collect();
    if !vpcs.is_empty() {
        let again = Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() };
        let facts = observe(api, policy, &again).await?;
        let plan = plan::vpc::plan(&again, &facts, policy, &first.refused);
        let second = carry_out(api, intent, &facts, &plan).await?;
        lost.extend(second.refused.into_iter().map(|refused| refused.vpc).chain(second.raced));
        plans.push(plan);
    }
    look_again(api, intent, &plans, lost).await
}

#[derive(Default)]
struct Left {
    raced: BTreeSet<VpcId>,
    refused: Vec<Refused>,
}

async fn carry_out(api: &Api, intent: &Intent, facts: &Facts, plan: &Plan) -> Result<Left, Fail> {
    safety::check_removals(&mut api.world.borrow_mut(), plan, intent.run.as_ref());
    api.note(|| format!("saw {}", shown(facts)));
    api.note(|| format!("plans {}", plan.to_string().trim_end().replace('\n', "\n                ")));
    let outcomes = apply(api, plan, Some(facts)).await?;
    let mut left = Left::default();
    let mut failed = None;
    for (group, outcome) in outcomes {
        let record = record_of(facts, group).cloned();
        let vpc = if let Subject::Record(vpc, _) = &group.subject { Some(vpc.clone()) } else { None };
        match (outcome, vpc.zip(record)) {
            (Outcome::Raced | Outcome::Unanswered, Some((vpc, _))) => _ = left.raced.insert(vpc),
            (Outcome::Refused(message), Some((vpc, record))) => {
                left.refused.push(Refused { vpc, record, reason: HoldReason::Route53Refused { message } });
            }
            (Outcome::TooManyDeletes(reason), Some((vpc, record))) => {
                left.refused.push(Refused { vpc, record, reason });
            }
            (Outcome::Denied(denied), Some((vpc, record))) => {
                left.refused.push(Refused { vpc, record, reason: HoldReason::NoAccess(denied) });
            }
            (Outcome::Failed(fail), _) => _ = failed.get_or_insert(fail),
            _ => {}
        }
    }
    failed.map_or(Ok(left), Err)
}

async fn look_again(api: &Api, intent: &Intent, plans: &[Plan], lost: BTreeSet<VpcId>) -> Result<(), Fail> {
    let now = api.now();
    let mut delays: BTreeMap<VpcId, i64> = lost.into_iter().map(|vpc| (vpc, AFTER_RACES)).collect();
    for (vpc, at) in plans.iter().flat_map(|plan| &plan.look_again) {
        delays.insert(vpc.clone(), at.duration_since(now).as_secs() + 1);
    }
    for (vpc, seconds) in delays {
        let next = Intent { vpc_endpoints: [].into(), vpcs: [vpc].into(), ..intent.clone() };
        let delay_seconds = i32::try_from(seconds.clamp(1, 900)).unwrap_or(900);
        apply_one(api, &Step::SendIntent { intent: next, delay_seconds }).await?;
    }
    Ok(())
}

enum Scope {
    Pending(BTreeSet<VpcEndpointId>),
    All,
}

async fn review_service(
    api: &Api,
    definition: &ServiceDefinition,
    scope: &Scope,
    cause: &str,
    run: Option<&RunPart>,
) -> Result<Visited, Fail> {
    let (visited, failed) = review_once(api, definition, scope, cause, run).await?;
    if failed.is_none() {
        return Ok(visited);
    }
    review_once(api, definition, scope, cause, run).await?.1.map_or(Ok(visited), Err)
}

/// The accounts that a review sends for, and the VPCs of what is remembered.
type Visited = (BTreeSet<AccountId>, BTreeSet<Place>);

async fn review_once(
    api: &Api,
    definition: &ServiceDefinition,
    scope: &Scope,
    cause: &str,
    run: Option<&RunPart>,
) -> Result<(Visited, Option<Fail>), Fail> {
    let facts = observe_service(api, definition, scope).await?;
    let question = Question {
        send_on: match scope {
            Scope::All => SendOn::All,
            Scope::Pending(named) => SendOn::Named(named.clone()),
        },
        accounts: &BTreeSet::new(),
        max_rejects: 2,
        allow_rejects: None,
        cause,
        since: None,
        now: api.now(),
    };
    let mut plan = acceptance::plan(&facts, definition, &question);
    plan.send_for(run, &mut 0);
    let places = facts.stored.values().map(|stored| (stored.account.clone(), stored.vpc.clone())).collect();
    Ok(((accounts_of(&plan), places), failed_of(api, &plan).await?))
}

async fn failed_of(api: &Api, plan: &Plan) -> Result<Option<Fail>, Fail> {
    if !plan.is_empty() {
        api.note(|| format!("plans {}", plan.to_string().trim_end().replace('\n', "\n                ")));
    }
    let outcomes = apply(api, plan, None).await?;
    Ok(outcomes.into_iter().find_map(|(_, outcome)| match outcome {
        Outcome::Failed(fail) => Some(fail),
        _ => None,
    }))
}

/// Every rule here is an account, so that of the allow list nothing has to be read.
async fn observe_service(
    api: &Api,
    definition: &ServiceDefinition,
    scope: &Scope,
) -> Result<ServiceFacts, Fail> {
    let (service, allow_list) = (&definition.service, AllowListFacts::default());
    let holds = api.holds(&format!("{service}/")).await?;
    let Scope::Pending(named) = scope else {
        api.read(None, "ec2:DescribeVpcEndpointServiceConfigurations", service, |_| ()).await?;
        let connections = api.connections(service, None).await?;
        let stored = api.stored_endpoints_of(service).await?;
        let (exists, service) = (Some(true), service.clone());
        return Ok(ServiceFacts { service, exists, connections, complete: true, allow_list, stored, holds });
    };
    let waiting = Some(VpcEndpointState::PendingAcceptance);
    let mut connections = api.connections(service, waiting.as_ref()).await?;
    let stored = api.stored_endpoints(std::slice::from_ref(service), named.clone()).await?;
    let listed = |id: &VpcEndpointId| connections.iter().any(|connection| connection.vpc_endpoint == *id);
    let complete = named.iter().any(|id| !listed(id) && !stored.contains_key(id));
    if complete {
        connections = api.connections(service, None).await?;
    }
    Ok(ServiceFacts {
        service: service.clone(),
        exists: None,
        connections,
        complete,
        allow_list,
        stored,
        holds,
    })
}

async fn hold_refused_definitions(api: &Api, policy: &Policy) -> Result<(), Fail> {
    let mut holds = api.holds("definition/").await?;
    holds.extend(api.holds("vpce-svc-").await?);
    let now: Timestamp = api.now();
    let plan = acceptance::plan_definitions(&BTreeMap::new(), policy, &holds, now);
    failed_of(api, &plan).await.map(drop)
}

/// Facts in one line each.
fn shown(facts: &Facts) -> String {
    let mut lines = vec![format!("at {}: denied {:?}, unknown {:?}", facts.now, facts.denied, facts.unknown)];
    for vpc in &facts.vpcs {
        let zones =
            vpc.zones.as_ref().map(|zones| zones.as_ref().map(|zones| zones.keys().collect::<Vec<_>>()));
        lines.push(format!("{} with zones {zones:?}", vpc.vpc));
        for (id, endpoint) in &vpc.endpoints {
            let state = endpoint.state.as_ref().map_or("not found", VpcEndpointState::as_str);
            let addresses: Vec<_> = endpoint.interfaces.values().map(|i| i.addresses.to_string()).collect();
            let (stored, subnets) = (vpc.stored.contains_key(id), endpoint.subnets.len());
            lines.push(format!("  {id} {state}, {subnets} subnets, {addresses:?}, remembered: {stored}"));
        }
        for record in &vpc.records {
            let seen =
                record.seen.as_ref().map(|seen| format!("{} {:?}", seen.addresses(), seen.incompatible));
            let claim = record.claim.as_ref().map(|claim| {
                let pending = claim.pending.as_ref();
                let pending = pending.map(|p| format!(" pending {} to {} until {}", p.from, p.to, p.until));
                let (origin, version) = (claim.origin, claim.version);
                let of: Vec<_> = claim.contributions.keys().collect();
                format!(
                    "{origin:?} {of:?} confirmed {}{} version {version}",
                    claim.confirmed,
                    pending.unwrap_or_default()
                )
            });
            lines.push(format!("  {} {:?} {seen:?} claim {claim:?}", record.key, record.association));
        }
    }
    lines.join("\n                ")
}
