//! Applying a plan: one AWS call for each step, in order, and no choices.

mod claims;
mod outcome;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;

pub use self::outcome::{GroupOutcome, Outcome};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::Metric;
use crate::model::dns::DnsName;
use crate::model::facts::{StoredEndpoint, Wait};
use crate::model::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId};
use crate::model::rate::Priority;
use crate::model::record::{Change, RecordKey};
use crate::model::run::expires_at;
use crate::model::table::{Condition, Key, RunUpdate, WaitItem};
use crate::model::zone_claim::NewZone;
use crate::plan::{Group, Plan, Step};
use crate::quota::Reserved;
use crate::worker::Worker;

/// A change of records is not sent with less time than this left to it.
const LEAST_TIME: Duration = Duration::from_secs(5);
/// Between the end of the request and the end of the claim's pending time.
const MARGIN: Duration = Duration::from_secs(2);
/// For how long a chain that nobody ends is kept after its deadline, in seconds.
const WAIT_EXPIRES_AFTER: i64 = 24 * 60 * 60;

/// Applies a plan: VPCs side by side, the waves of each in order. A group that fails does not stop the others.
///
/// # Errors
/// When the quota of Route 53 requests cannot be asked for. What each group came to is in the outcomes.
pub async fn apply<'a, C: Cloud>(
    worker: &Worker<C>,
    plan: &'a Plan,
    reserved: &Reserved,
) -> Result<Vec<GroupOutcome<'a>>, Error> {
    reserve_missing(worker, plan, reserved).await?;
    let one_by_one = plan.waves().into_iter().map(async |waves| {
        let mut outcomes = Vec::new();
        for wave in waves {
            outcomes
                .extend(join_all(wave.into_iter().map(|group| apply_group(worker, group, reserved))).await);
        }
        outcomes
    });
    Ok(join_all(one_by_one).await.into_iter().flatten().collect())
}

/// Reserves what the plan's changes need beyond what is reserved already, once for each account. Groups for which
/// there is not enough find that out by themselves.
async fn reserve_missing<C: Cloud>(
    worker: &Worker<C>,
    plan: &Plan,
    reserved: &Reserved,
) -> Result<(), Error> {
    let mut needed: BTreeMap<&AccountId, Vec<u32>> = BTreeMap::new();
    for step in plan.steps() {
        if let Step::Reserve { account, requests } = step {
            needed.entry(account).or_default().push(*requests);
        }
    }
    for (account, needed) in needed {
        let all: u32 = needed.iter().sum();
        let there = reserved.take(account, all);
        reserved.add(account, there);
        // One alone reserves for itself.
        if all - there > 1 {
            let missing = vec![1; usize::try_from(all - there).unwrap_or_default()];
            let (granted, _) = worker.reserve_in_order(account, &missing, Priority::Change).await?;
            reserved.add(account, u32::try_from(granted).unwrap_or_default());
        }
    }
    Ok(())
}

async fn apply_group<'a, C: Cloud>(
    worker: &Worker<C>,
    group: &'a Group,
    reserved: &Reserved,
) -> GroupOutcome<'a> {
    let mut done = 0;
    for step in &group.steps {
        // Boxed: the states of all steps together are more than the compiler lays out in one piece.
        let applied = Box::pin(apply_step(worker, step, reserved)).await;
        if let Err(error) = &applied {
            put_back(worker, step, error, reserved).await;
        }
        let outcome = match worker.or_wait(applied).await {
            Ok(Ok(())) => {
                done += 1;
                continue;
            }
            Ok(Err(wait)) => Outcome::NoQuota(wait),
            Err(error) => Outcome::of(step, error),
        };
        return GroupOutcome { group, done, outcome, at: worker.now() };
    }
    GroupOutcome { group, done, outcome: Outcome::Done, at: worker.now() }
}

/// Undoes what was announced and counted of a change that was certainly not made. Where that fails the claim says that the
/// change is on its way, and is believed until its time is over; and a run makes fewer removals than it may.
async fn put_back<C: Cloud>(worker: &Worker<C>, step: &Step, error: &Error, reserved: &Reserved) {
    let (Step::ChangeRecords { put_back, .. }
    | Step::CreateZone { put_back, .. }
    | Step::DeleteZone { put_back, .. }) = step
    else {
        return;
    };
    if error.may_have_been_made() {
        return;
    }
    for step in put_back {
        if let Err(error) = Box::pin(apply_step(worker, step, reserved)).await {
            tracing::warn!(%step, error = error.chain(), "a step could not be put back");
        }
    }
}

async fn apply_step<C: Cloud>(worker: &Worker<C>, step: &Step, reserved: &Reserved) -> Result<(), Error> {
    let cloud = &worker.cloud;
    match step {
        Step::AcceptConnections { service, vpc_endpoints } => {
            accept(worker, service, vpc_endpoints.keys().cloned().collect()).await
        }
        Step::RejectConnections { service, vpc_endpoints } => {
            reject(worker, service, vpc_endpoints.keys().cloned().collect()).await
        }
        Step::PutClaim { claim, expects, joins, leaves, zone } => {
            claims::put(claim, *expects, joins, leaves).into(zone.as_deref()).write(cloud, &claim.key).await
        }
        Step::ReleaseClaim { key, expects, leaves } => {
            claims::release(key, *expects, leaves).write(cloud, key).await
        }
        Step::Reserve { account, requests } => {
            worker.take(reserved, account, *requests, Priority::Change).await
        }
        Step::ReserveDeletion { run, at_most } => {
            let (at_most, expires_at) = (*at_most, expires_at(worker.now()));
            cloud.update_run(run, &RunUpdate::CountRemoval { at_most, expires_at }).await
        }
        Step::ReturnDeletion { run } => cloud.update_run(run, &RunUpdate::UncountRemoval).await,
        Step::ChangeRecords { account, key, changes, until, .. } => {
            change_records(worker, account, key, changes, *until).await
        }
        Step::CreateZone { account, zone, until, .. } => create_zone(worker, account, zone, *until).await,
        Step::DeleteZone { account, zone, domain, until, .. } => {
            delete_zone(worker, account, zone, domain, *until).await
        }
        Step::PutZoneClaim { claim, expects, at_most, unclaimed } => {
            let writes = claims::put_zone(claim, *expects, *at_most, unclaimed);
            cloud.transact_write_items(&format!("{}/{}", claim.vpc, claim.domain), &writes).await
        }
        Step::ReleaseZoneClaim { vpc, account, domain, expects } => {
            let writes = claims::release_zone(vpc, account, domain, *expects);
            cloud.transact_write_items(&format!("{vpc}/{domain}"), &writes).await
        }
        Step::PutEndpoint { endpoint } => put_endpoint(cloud, endpoint).await,
        Step::PutHold { hold } => {
            cloud.put_item(&Key::hold(&hold.subject), &(**hold).clone().into(), Condition::OtherReason).await
        }
        Step::DeleteHold { subject } => cloud.delete_item(&Key::hold(subject), Condition::Present).await,
        Step::PutWait { vpc_endpoint, wait, not_due_after } => {
            put_wait(worker, vpc_endpoint, wait, *not_due_after).await
        }
        Step::DeleteWait { vpc_endpoint } => {
            cloud.delete_item(&Key::wait(vpc_endpoint), Condition::None).await
        }
        Step::SendIntent { intent, delay_seconds } => cloud.send_message(intent, *delay_seconds).await,
    }
}

/// The role is assumed first, here and below: what that takes is no part of the request's time.
async fn change_records<C: Cloud>(
    worker: &Worker<C>,
    account: &AccountId,
    key: &RecordKey,
    changes: &[Change],
    until: Timestamp,
) -> Result<(), Error> {
    worker.cloud.assume_role(account).await?;
    let operation = "route53:ChangeResourceRecordSets";
    let time = time_until(until, worker.now(), operation, key.to_string())?;
    worker.cloud.change_resource_record_sets(account, key, changes, time).await
}

async fn create_zone<C: Cloud>(
    worker: &Worker<C>,
    account: &AccountId,
    zone: &NewZone,
    until: Timestamp,
) -> Result<(), Error> {
    worker.cloud.assume_role(account).await?;
    let subject = format!("{}/{}", zone.vpc, zone.domain);
    let time = time_until(until, worker.now(), "route53:CreateHostedZone", subject)?;
    worker.cloud.create_hosted_zone(account, zone, time).await
}

async fn delete_zone<C: Cloud>(
    worker: &Worker<C>,
    account: &AccountId,
    zone: &HostedZoneId,
    domain: &DnsName,
    until: Timestamp,
) -> Result<(), Error> {
    worker.cloud.assume_role(account).await?;
    let time = time_until(until, worker.now(), "route53:DeleteHostedZone", format!("{zone}/{domain}"))?;
    worker.cloud.delete_hosted_zone(account, zone, time).await
}

async fn put_endpoint<C: Cloud>(cloud: &C, endpoint: &StoredEndpoint) -> Result<(), Error> {
    let key = Key::endpoint(&endpoint.service, &endpoint.vpc_endpoint);
    cloud.put_item(&key, &endpoint.clone().into(), Condition::None).await
}

async fn accept<C: Cloud>(
    worker: &Worker<C>,
    service: &ServiceId,
    vpc_endpoints: Vec<VpcEndpointId>,
) -> Result<(), Error> {
    let unsuccessful = worker.cloud.accept_vpc_endpoint_connections(service, &vpc_endpoints).await?;
    let accepted = vpc_endpoints.len().saturating_sub(unsuccessful.len());
    worker.metrics.count(Metric::ConnectionsAccepted, accepted);
    successful("ec2:AcceptVpcEndpointConnections", &unsuccessful)
}

async fn reject<C: Cloud>(
    worker: &Worker<C>,
    service: &ServiceId,
    vpc_endpoints: Vec<VpcEndpointId>,
) -> Result<(), Error> {
    let unsuccessful = worker.cloud.reject_vpc_endpoint_connections(service, &vpc_endpoints).await?;
    let rejected = vpc_endpoints.len().saturating_sub(unsuccessful.len());
    worker.metrics.count(Metric::ConnectionsRejected, rejected);
    successful("ec2:RejectVpcEndpointConnections", &unsuccessful)
}

/// A call that was unsuccessful for some of its items has failed, though AWS accepted it.
fn successful(operation: &'static str, unsuccessful: &[String]) -> Result<(), Error> {
    if unsuccessful.is_empty() {
        return Ok(());
    }
    Err(Error::Unsuccessful { operation, items: unsuccessful.join(", ") })
}

async fn put_wait<C: Cloud>(
    worker: &Worker<C>,
    vpc_endpoint: &VpcEndpointId,
    wait: &Wait,
    not_due_after: Timestamp,
) -> Result<(), Error> {
    let item = WaitItem {
        vpc_endpoint: vpc_endpoint.clone(),
        wait: wait.clone(),
        // To the nanosecond, so that no two workers take the same turn. One whose answer was lost finds its own.
        turn: wait.due.to_string(),
        expires_at: wait.deadline.as_second() + WAIT_EXPIRES_AFTER,
    };
    let condition = Condition::TurnIsFree(not_due_after);
    worker.cloud.put_item(&Key::wait(vpc_endpoint), &item.into(), condition).await
}

/// How long the request may take so that it ends well before `until`.
fn time_until(
    until: Timestamp,
    now: Timestamp,
    operation: &'static str,
    subject: String,
) -> Result<Duration, Error> {
    let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
    let time = left.saturating_sub(MARGIN);
    if time < LEAST_TIME {
        return Err(Error::OutOfTime { operation, subject });
    }
    Ok(time)
}
