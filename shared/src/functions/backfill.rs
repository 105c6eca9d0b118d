//! backfill: the scheduled sweep, and the same by hand. Reviews all connections of all services and sends
//! every endpoint that EC2 lists or the table remembers to be reconciled.

use std::collections::BTreeSet;

use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Aws, Scope};
use crate::error::Error;
use crate::event::InvalidEvent;
use crate::ids::{AccountId, ServiceId};
use crate::review::{
    Held, ReviewRequest, ServiceSummary, end_account_holds, hold_refused_definitions, review_service,
};

/// What a backfill is asked; `{}` means everything.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackfillRequest {
    /// Only these services; all defined ones when empty.
    pub services: BTreeSet<ServiceId>,
    /// Only endpoints of these accounts; all when empty.
    pub accounts: BTreeSet<AccountId>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// How many connections of each service this run may reject, in place of `MAX_REJECTS`.
    pub allow_rejects: Option<u32>,
}

/// What a backfill came to.
#[derive(Debug, Serialize)]
pub struct BackfillSummary {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Service by service.
    pub services: Vec<ServiceSummary>,
    /// Definitions of the table that are refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_definitions: Vec<Held>,
}

/// Reviews services and sends their endpoints on.
///
/// # Errors
/// When the request cannot be read or names a service that is not defined, when a service could not be
/// read, or a step failed. The other services were seen to all the same.
pub async fn backfill(aws: &Aws, message: LambdaEvent<Value>) -> Result<BackfillSummary, Error> {
    let request = request(&message.payload)?;
    let (policy, definitions) = super::policy(aws).await?;
    if let Some(unknown) = request.services.iter().find(|id| !policy.services.contains_key(id)) {
        let defined: Vec<_> = policy.services.keys().map(ServiceId::as_str).collect();
        return Err(Error::Request {
            field: "services",
            value: unknown.to_string(),
            remedy: format!("it is not defined here; defined are {}", defined.join(", ")),
        });
    }
    let mut failed = Vec::new();
    let refused = hold_refused_definitions(aws, &definitions, &policy, request.dry_run).await;
    let refused_definitions = refused.unwrap_or_else(|error| {
        failed.push(error.chain());
        Vec::new()
    });
    let mut summary = BackfillSummary { dry_run: request.dry_run, services: Vec::new(), refused_definitions };
    let wanted = |id: &ServiceId| request.services.is_empty() || request.services.contains(id);
    for definition in policy.services.values().filter(|definition| wanted(&definition.service)) {
        let review = ReviewRequest {
            scope: Scope::All,
            accounts: &request.accounts,
            allow_rejects: request.allow_rejects,
            dry_run: request.dry_run,
            cause: "a sweep",
            since: None,
        };
        match review_service(aws, definition, &review).await {
            Ok(service) => {
                failed.extend(service.failed.iter().cloned());
                summary.services.push(service);
            }
            Err(error) => failed.push(format!("{}: {}", definition.service, error.chain())),
        }
    }
    let everything = request.services.is_empty() && request.accounts.is_empty() && !request.dry_run;
    if failed.is_empty() && everything {
        let known = summary.services.iter().flat_map(|service| service.accounts.clone()).collect();
        failed.extend(end_account_holds(aws, &known).await?);
    }
    if failed.is_empty() {
        let shown = serde_json::to_string(&summary).unwrap_or_default();
        tracing::info!(summary = shown, "backfilled");
        return Ok(summary);
    }
    Err(Error::Unsuccessful { operation: "backfill", items: failed.join("; ") })
}

fn request(payload: &Value) -> Result<BackfillRequest, Error> {
    let refused = |why: String| {
        let form = r#"{"services":["vpce-svc-…"],"accounts":["123456789012"],"dry_run":true,"allow_rejects":20}, all optional"#;
        Error::Malformed(InvalidEvent::new(format!("{why}; expected {form}")))
    };
    if payload.is_null() {
        return Ok(BackfillRequest::default());
    }
    // serde would read the members from a list too, in their order.
    if !payload.is_object() {
        return Err(refused(format!("{payload} is no object")));
    }
    BackfillRequest::deserialize(payload).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            json!([]),
            json!("all"),
        ] {
            assert!(request(&payload).is_err(), "{payload}");
        }
    }
}
