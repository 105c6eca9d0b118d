//! Counting what AWS throttles: every such answer, those that the SDK tries again by itself included.

use std::sync::Arc;

use aws_sdk_route53::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_route53::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_route53::error::BoxError;

use super::call::THROTTLED;
use crate::metrics::{Metric, Metrics};

/// Looks at the answers that one service gives.
#[derive(Debug)]
pub(super) struct CountThrottles {
    service: &'static str,
    metrics: Arc<Metrics>,
}

impl CountThrottles {
    /// `service` is the metric's dimension.
    pub(super) fn of(service: &'static str, metrics: &Arc<Metrics>) -> Self {
        Self { service, metrics: Arc::clone(metrics) }
    }
}

impl Intercept for CountThrottles {
    fn name(&self) -> &'static str {
        "CountThrottles"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let refused = context.response().filter(|response| response.status().as_u16() >= 400);
        let body = refused.and_then(|response| response.body().bytes()).unwrap_or_default();
        if says_throttled(&String::from_utf8_lossy(body)) {
            self.metrics.count_as(Metric::Throttles, self.service, 1);
        }
        Ok(())
    }
}

/// Whether the code of an error is one of those that throttle: `<Code>…</Code>` in XML, `"__type":"…#…"` in JSON.
fn says_throttled(body: &str) -> bool {
    let is_code = |before: Option<char>, after: Option<char>| {
        matches!(before, Some('>' | '#' | '"')) && matches!(after, Some('<' | '"'))
    };
    THROTTLED.iter().any(|code| {
        body.match_indices(code)
            .any(|(at, _)| is_code(body[..at].chars().next_back(), body[at + code.len()..].chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_throttle_are_known_in_xml_and_in_json() {
        for body in [
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"no"}"#,
            r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#,
        ] {
            assert!(says_throttled(body), "{body}");
        }
    }

    #[test]
    fn other_refusals_are_not_taken_for_throttling() {
        for body in [
            "",
            "<Error><Code>AccessDenied</Code><Message>Throttling is not it</Message></Error>",
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#,
        ] {
            assert!(!says_throttled(body), "{body}");
        }
    }
}
