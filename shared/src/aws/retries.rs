//! Which Route 53 errors the SDK may retry by itself.

use aws_sdk_route53::config::interceptors::InterceptorContext;
use aws_sdk_route53::config::retry::{ClassifyRetry, RetryAction};

/// Forbids the SDK to retry what Route 53 throttles: each retry would be one more request that nobody has
/// reserved, in the very moment at which the account has none left. The message comes back instead, when
/// there is room. Faults and time-outs are retried as ever.
#[derive(Debug)]
pub(super) struct ThrottledIsFinal;

/// The codes by which Route 53 says that an account's requests are used up.
pub(super) const RATE_EXCEEDED: [&str; 2] = ["Throttling", "ThrottlingException"];

impl ClassifyRetry for ThrottledIsFinal {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let body = context.response().and_then(|response| response.body().bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        let throttled = RATE_EXCEEDED.iter().any(|code| text.contains(&format!("<Code>{code}</Code>")));
        if throttled { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "ThrottledIsFinal"
    }
}
