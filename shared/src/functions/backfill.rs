//! backfill: the scheduled sweep, and the same by hand.

use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;

use super::measured::measured;
use crate::aws::Worker;
use crate::error::Error;
pub use crate::model::run::BackfillRequest;
use crate::model::run::is_run_id;
use crate::reconcile;
pub use crate::reconcile::sweep::BackfillSummary;
use crate::trigger::event::InvalidEvent;

/// Sweeps what it is asked to, and writes down that it did.
///
/// # Errors
/// When the request cannot be read or names a service that is not defined, when a service could not be
/// read, or a step failed. The other services were seen to.
pub async fn backfill(worker: &Worker, message: LambdaEvent<Value>) -> Result<BackfillSummary, Error> {
    let work = async {
        let request = request(&message.payload)?;
        Box::pin(reconcile::backfill(worker, &request, &message.context.request_id)).await
    };
    measured(worker, &message.context, work).await
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
    use crate::model::run::RequestedBy;

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
