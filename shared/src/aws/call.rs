//! From an SDK error to ours: one classification for every service.

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use crate::error::{CallFailure, Error, causes};
use crate::quoted::quoted;

const DENIED: [&str; 11] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthFailure",
    "Blocked",
    // Route 53 says so of a VPC that the account may not use, too.
    "InvalidVPCId",
    "NotAuthorizedException",
    "OptInRequired",
    "PendingVerification",
    "RegionDisabledException",
    "SubscriptionRequiredException",
];

/// Our own credentials are old or broken: the next attempt has new ones, or fails as loudly.
const CREDENTIALS: [&str; 7] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes that the SDK has retried as throttling before it gave up, and those that it has not.
pub(super) const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "RequestThrottledException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
    "SlowDown",
];

/// Names the operation and subject of a failed call, and says why it failed.
pub fn failed<E>(
    operation: &'static str,
    subject: &(impl ToString + ?Sized),
) -> impl FnOnce(SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let subject = subject.to_string();
    move |error| {
        let code = error.code().map(quoted);
        let status = error.raw_response().map(|response| response.status().as_u16());
        let kind = match (&code, status) {
            (Some(code), _) if DENIED.contains(&code.as_str()) => CallFailure::Denied,
            (Some(code), _) if THROTTLED.contains(&code.as_str()) => CallFailure::Throttled,
            (Some(code), _) if CREDENTIALS.contains(&code.as_str()) => CallFailure::Credentials,
            (Some(code), _) if is_condition(code, error.message()) => CallFailure::ConditionFailed,
            (Some(code), _) if code == "TransactionCanceledException" => CallFailure::Throttled,
            (Some(_), Some(400..=499)) => CallFailure::Refused,
            _ => CallFailure::Unavailable,
        };
        let code = code.unwrap_or_else(|| match &error {
            SdkError::TimeoutError(_) => "timeout".into(),
            SdkError::DispatchFailure(_) => "no connection".into(),
            _ => status.map_or_else(|| "no answer".into(), |status| format!("HTTP {status}")),
        });
        let message = error.message().map(quoted);
        let source = SdkCause(message.clone().unwrap_or_else(|| quoted(&causes(&error))));
        Error::Call { operation, subject, code, message, kind, source: Box::new(source) }
    }
}

/// A transaction is cancelled for several reasons; only a condition of ours or another transaction on
/// the same items means that somebody else was first.
fn is_condition(code: &str, message: Option<&str>) -> bool {
    let message = message.unwrap_or_default();
    match code {
        "ConditionalCheckFailedException" => true,
        "TransactionCanceledException" => {
            message.contains("ConditionalCheckFailed") || message.contains("TransactionConflict")
        }
        _ => false,
    }
}

/// AWS's words, or why there are none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct SdkCause(String);
