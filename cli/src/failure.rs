//! What went wrong, as a sentence, and what helps.

use std::fmt::Write as _;

use shared::aws::SignInError;
use shared::error::{CallFailure, Error};

use crate::terminal::{Exit, note};

/// A failure that says what helps.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) what: String,
    /// What helps.
    pub(crate) remedy: String,
    /// Whether it is the arguments that are wrong.
    pub(crate) is_usage_error: bool,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), is_usage_error: false }
    }

    /// Arguments that the parser lets through and that cannot be used together or here.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { is_usage_error: true, ..Self::new(what, remedy) }
    }

    /// Nobody could be signed in.
    pub(crate) fn sign_in(error: &SignInError) -> Self {
        let remedy = match error {
            SignInError::NoRegion => "give --region, set AWS_REGION, or name a region in the profile",
            SignInError::Region(_) => "give a region such as us-west-2",
            SignInError::NoCredentials(_) => {
                "sign in (aws sso login, aws configure), set AWS_PROFILE or the access keys, or give --profile"
            }
            SignInError::Role { .. } => {
                "take the role's ARN from the stack's output OperatorRoleArn, and name yourself in its parameter \
                 OperatorPrincipals; the credentials themselves may have expired, too"
            }
        };
        Self::new(error.to_string(), remedy)
    }
}

/// Says on standard error what went wrong.
pub(crate) fn show(error: &anyhow::Error) -> Exit {
    let failure = error.downcast_ref::<Failure>();
    let (what, remedy) = words(error);
    let mut text = format!("error: {what}");
    if let Some(remedy) = remedy {
        // Writing to a String does not fail.
        let _ = write!(text, "\nremedy: {remedy}");
    }
    note(&text);
    if failure.is_some_and(|failure| failure.is_usage_error) { Exit::Arguments } else { Exit::Failed }
}

/// What went wrong in one line, and what helps.
pub(crate) fn words(error: &anyhow::Error) -> (String, Option<String>) {
    let failure = error.downcast_ref::<Failure>();
    let remedy = failure.map(|failure| failure.remedy.as_str()).or_else(|| remedy(error));
    (chain(error), remedy.map(ToOwned::to_owned))
}

/// The error and its causes in one line, each said once.
fn chain(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];
const BROKEN: [&str; 5] = [
    "IncompleteSignature",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "AuthFailure",
];

/// What helps against a failed call.
fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<Error>())?;
    let Error::Call { operation, kind, code, .. } = error else {
        return match error {
            Error::NoQuota { .. } | Error::Throttled { .. } => {
                Some("try again in a minute: the account's Route 53 requests are used up")
            }
            Error::Config(_) => Some("deploy the stack anew: its template sets these variables"),
            _ => None,
        };
    };
    let remedy = match kind {
        _ if EXPIRED.contains(&code.as_str()) => {
            "the credentials have expired: sign in again (aws sso login) or renew them"
        }
        _ if BROKEN.contains(&code.as_str()) => {
            "AWS does not know these credentials: sign in again, or check the profile"
        }
        CallFailure::Denied if *operation == "sts:AssumeRole" => {
            "deploy infra/client.yaml in that account; its role trusts the stack's OperatorRole, so use that role: --role-arn, or a \
             profile with role_arn"
        }
        CallFailure::Denied => {
            "use the stack's OperatorRole: --role-arn with the stack's output OperatorRoleArn, or a profile with role_arn"
        }
        CallFailure::Throttled => "try again in a minute",
        CallFailure::ConditionFailed => "somebody else was first: look again and repeat it",
        CallFailure::Unavailable if code == "no connection" || code == "timeout" => {
            "check the network, the region, and AWS_ENDPOINT_URL if it is set"
        }
        CallFailure::Unavailable => "try again; AWS did not answer as it should",
        CallFailure::Credentials => "sign in again, or check the profile",
        CallFailure::Refused => return None,
    };
    Some(remedy)
}
