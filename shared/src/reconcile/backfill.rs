//! A backfill: the scheduled sweep, and the same by hand. Each invocation is a run.

use jiff::Timestamp;

use super::sweep::{BackfillSummary, sweep};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::metrics::Metric;
use crate::model::ids::ServiceId;
use crate::model::policy::Policy;
use crate::model::run::{BackfillRequest, Run, RunEnd, expires_at, run_id};
use crate::worker::Worker;

/// Sweeps what it is asked to, and writes down that it did. `invocation` tells this run from others of the same
/// moment.
///
/// # Errors
/// When the request names a service that is not defined, when a service could not be read, or a step failed. The
/// other services were seen to.
pub async fn backfill<C: Cloud>(
    worker: &Worker<C>,
    request: &BackfillRequest,
    invocation: &str,
) -> Result<BackfillSummary, Error> {
    let (policy, definitions) = worker.policy().await?;
    for (service, reason) in &definitions.refused {
        tracing::error!(service, reason, "a service definition is refused");
    }
    check_services(request, &policy)?;
    let run = (!request.dry_run).then(|| begin(worker.now(), request, invocation));
    if let Some(run) = &run {
        worker.begin_run(run).await.map_err(|error| taken(error, &run.run))?;
    }
    if request.is_whole() {
        count_start(worker).await;
    }
    let name = run.as_ref().map(|run| run.run.as_str());
    let summary = sweep(worker, &policy, &definitions, request, name).await;
    if let Some(run) = &run {
        worker.end_run(&run.run, end(worker.now(), &summary)).await?;
    }
    let summary = summary?;
    if summary.failed.is_empty() {
        if request.is_whole() {
            worker.metrics.count(Metric::SweepsCompleted, 1);
        }
        let shown = serde_json::to_string(&summary).unwrap_or_default();
        tracing::info!(run = summary.run, summary = shown, "backfilled");
        return Ok(summary);
    }
    Err(Error::Unsuccessful { operation: "backfill", items: summary.failed.join("; ") })
}

/// Counts that a whole sweep begins, and how long ago the last one was complete.
async fn count_start<C: Cloud>(worker: &Worker<C>) {
    worker.metrics.count(Metric::SweepsStarted, 1);
    match worker.last_complete_sweep().await {
        Ok(Some(ended)) => {
            let age = worker.now().duration_since(ended).as_secs();
            worker.metrics.measure(Metric::SweepAge, u64::try_from(age).unwrap_or_default());
        }
        Ok(None) => {}
        // The sweep itself does not depend on it.
        Err(error) => tracing::warn!(error = error.chain(), "the age of the last sweep is not known"),
    }
}

fn check_services(request: &BackfillRequest, policy: &Policy) -> Result<(), Error> {
    let Some(unknown) = request.services.iter().find(|id| !policy.services.contains_key(id)) else {
        return Ok(());
    };
    let defined: Vec<_> = policy.services.keys().map(ServiceId::as_str).collect();
    Err(Error::Request {
        field: "services",
        value: unknown.to_string(),
        remedy: format!("it is not defined here; defined are {}", defined.join(", ")),
    })
}

/// A run that begins now; its id, unless one is given, is that moment and the beginning of the invocation's.
fn begin(started: Timestamp, request: &BackfillRequest, invocation: &str) -> Run {
    let invocation: String = invocation.chars().take(8).collect();
    Run {
        run: request.run.clone().unwrap_or_else(|| run_id(started, &invocation)),
        started,
        requested_by: request.requested_by,
        request: BackfillRequest { run: None, ..request.clone() },
        deletes: 0,
        end: None,
        expires_at: expires_at(started),
    }
}

/// The same request a second time is one run.
fn taken(error: Error, run: &str) -> Error {
    if !error.is_condition_failed() {
        return error;
    }
    let remedy = "a run of this id has begun already; follow that one, or leave the id out".into();
    Error::Request { field: "run", value: run.to_owned(), remedy }
}

fn end(ended: Timestamp, summary: &Result<BackfillSummary, Error>) -> RunEnd {
    let Ok(summary) = summary else {
        return RunEnd { ended, endpoints: 0, vpcs: 0, messages: 0, accepted: 0, held: 0, failed: 1 };
    };
    let services = || summary.services.iter();
    let unknown: usize = services().map(|service| service.unknown).sum();
    let held: usize = services().map(|service| service.held.len()).sum();
    RunEnd {
        ended,
        endpoints: services().map(|service| service.endpoints).sum(),
        vpcs: summary.vpcs.len() + unknown,
        messages: summary.messages,
        accepted: services().map(|service| service.accepted).sum(),
        held: held + summary.refused_definitions.len() + summary.held_records.len(),
        failed: summary.failed.len(),
    }
}
