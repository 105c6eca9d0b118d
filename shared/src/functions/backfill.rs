//! backfill: the scheduled sweep, and the same by hand. Each invocation is a run.

use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;

use super::measured;
use crate::aws::Aws;
use crate::error::Error;
use crate::event::InvalidEvent;
use crate::ids::ServiceId;
use crate::metrics::Metric;
use crate::policy::Policy;
pub use crate::run::BackfillRequest;
use crate::run::{Run, RunEnd, is_run_id, run_id};
pub use crate::sweep::BackfillSummary;
use crate::sweep::sweep;

/// Sweeps what it is asked to, and writes down that it did.
///
/// # Errors
/// When the request cannot be read or names a service that is not defined, when a service could not be
/// read, or a step failed. The other services were seen to all the same.
pub async fn backfill(aws: &Aws, message: LambdaEvent<Value>) -> Result<BackfillSummary, Error> {
    measured(aws, &message.context, Box::pin(sweep_as_asked(aws, &message))).await
}

async fn sweep_as_asked(aws: &Aws, message: &LambdaEvent<Value>) -> Result<BackfillSummary, Error> {
    let request = request(&message.payload)?;
    let (policy, definitions) = super::policy(aws).await?;
    for (service, reason) in &definitions.refused {
        tracing::error!(service, reason, "a service definition is refused");
    }
    check_services(&request, &policy)?;
    let run = (!request.dry_run).then(|| begin(aws, &request, &message.context.request_id));
    if let Some(run) = &run {
        aws.begin_run(run).await.map_err(|error| taken(error, &run.run))?;
    }
    if request.is_whole() {
        count_start(aws).await;
    }
    let summary = sweep(aws, &policy, &definitions, &request, run.as_ref().map(|run| run.run.as_str())).await;
    if let Some(run) = &run {
        aws.end_run(&run.run, &end(aws.now(), &summary)).await?;
    }
    let summary = summary?;
    if summary.failed.is_empty() {
        if request.is_whole() {
            aws.metrics().count(Metric::SweepsCompleted, 1);
        }
        let shown = serde_json::to_string(&summary).unwrap_or_default();
        tracing::info!(run = summary.run, summary = shown, "backfilled");
        return Ok(summary);
    }
    Err(Error::Unsuccessful { operation: "backfill", items: summary.failed.join("; ") })
}

/// Counts that a whole sweep begins, and how long ago the last one was complete.
async fn count_start(aws: &Aws) {
    aws.metrics().count(Metric::SweepsStarted, 1);
    match aws.last_complete_sweep().await {
        Ok(Some(ended)) => {
            let age = aws.now().duration_since(ended).as_secs();
            aws.metrics().measure(Metric::SweepAge, u64::try_from(age).unwrap_or_default());
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
fn begin(aws: &Aws, request: &BackfillRequest, invocation: &str) -> Run {
    let started = aws.now();
    let invocation: String = invocation.chars().take(8).collect();
    Run {
        run: request.run.clone().unwrap_or_else(|| run_id(started, &invocation)),
        started,
        requested_by: request.requested_by,
        request: BackfillRequest { run: None, ..request.clone() },
        deletes: 0,
        end: None,
        expires_at: aws.run_expires_at(),
    }
}

/// The same request a second time is one run all the same.
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

fn request(payload: &Value) -> Result<BackfillRequest, Error> {
    let refused = |why: String| {
        let form = r#"{"services":["vpce-svc-…"],"accounts":["123456789012"],"dry_run":true,"allow_deletes":5,"allow_rejects":20}, all optional"#;
        Error::Malformed(InvalidEvent::new(format!("{why}; expected {form}")))
    };
    if payload.is_null() {
        return Ok(BackfillRequest::default());
    }
    // serde would read the members from a list too, in their order.
    if !payload.is_object() {
        return Err(refused(format!("{payload} is no object")));
    }
    let request = BackfillRequest::deserialize(payload).map_err(|error| refused(error.to_string()))?;
    match &request.run {
        Some(run) if !is_run_id(run) => Err(Error::Request {
            field: "run",
            value: run.clone(),
            remedy: "leave it out, or give a moment and a word, as in 2026-11-20T07:55:30.735Z-da6fc412"
                .into(),
        }),
        _ => Ok(request),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::RequestedBy;

    #[test]
    fn an_empty_request_means_everything_and_an_unknown_field_is_refused() {
        assert_eq!(request(&json!({})).ok(), Some(BackfillRequest::default()));
        assert_eq!(request(&json!(null)).ok(), Some(BackfillRequest::default()));
        let allowing = request(&json!({"allow_rejects": 20})).ok();
        assert_eq!(allowing.and_then(|request| request.allow_rejects), Some(20));
        for payload in [
            json!({"allow_rejects": -1}),
            json!({"service": []}),
            json!({"accounts": ["42"]}),
            json!({"allow_deletes": -1}),
            json!({"requested_by": "me"}),
            json!({"run": "mine"}),
            json!([]),
            json!("all"),
        ] {
            assert!(request(&payload).is_err(), "{payload}");
        }
    }

    #[test]
    fn the_schedule_says_who_it_is_and_anybody_else_asks_by_hand() {
        let by = |payload| request(&payload).map(|request| request.requested_by).ok();
        assert_eq!(by(json!({"requested_by": "schedule"})), Some(RequestedBy::Schedule));
        assert_eq!(by(json!({"allow_deletes": 5})), Some(RequestedBy::Hand));
    }
}
