//! Failures of calls, as the SDK's edge would classify them.

use shared::error::{CallFailure, Error};

use super::calls::Request;

/// A failed call.
pub(crate) fn failed(request: &Request, code: &str, kind: CallFailure) -> Error {
    refused(request, code, None, kind)
}

/// A failed call, with AWS's words.
pub(crate) fn refused(request: &Request, code: &str, message: Option<String>, kind: CallFailure) -> Error {
    call_failed(request.operation, request.subject.clone(), code, message, kind)
}

/// A condition that did not hold.
pub(crate) fn condition_failed(operation: &'static str, subject: String) -> Error {
    let kind = CallFailure::ConditionFailed;
    call_failed(operation, subject, "ConditionalCheckFailedException", None, kind)
}

/// A failed call of an operation.
pub(crate) fn call_failed(
    operation: &'static str,
    subject: String,
    code: &str,
    message: Option<String>,
    kind: CallFailure,
) -> Error {
    let source = message.clone().unwrap_or_else(|| code.to_owned()).into();
    Error::Call { operation, subject, code: code.to_owned(), message, kind, source }
}

/// A failure as history shows it.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::Call { code, message, .. } => {
            format!("{code}{}", message.as_ref().map(|words| format!(", {words}")).unwrap_or_default())
        }
        other => other.chain(),
    }
}
