//! Lambda: an invocation that may take as long as Lambda lets it.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;
use shared::aws::{Session, failed};
use shared::error::Error;

use super::unreadable::unreadable;

/// Lambda ends any invocation after 15 minutes.
const LONGEST: Duration = Duration::from_mins(16);

/// Invokes a function once, and waits for what it answers; the inner error is the function's own.
///
/// # Errors
/// When Lambda refuses the call or the way to it fails. The function may run all the same.
pub(crate) async fn invoke(
    session: &Session,
    function: &str,
    payload: &Value,
) -> Result<Result<Value, String>, Error> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(LONGEST)
        .operation_attempt_timeout(LONGEST)
        .operation_timeout(LONGEST)
        .build();
    // A second attempt would be a second invocation, and silence is what a long one sounds like.
    let config = aws_sdk_lambda::config::Builder::from(session.sdk())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    let call = aws_sdk_lambda::Client::from_conf(config)
        .invoke()
        .function_name(function)
        .payload(Blob::new(payload.to_string()));
    let answer = call.send().await.map_err(failed("lambda:InvokeFunction", function))?;
    let said = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let value = serde_json::from_slice::<Value>(&said)
        .map_err(unreadable(&format!("the answer of function {function}")))?;
    if answer.function_error.is_none() {
        return Ok(Ok(value));
    }
    let message = value.get("errorMessage").and_then(Value::as_str);
    Ok(Err(message.map_or_else(|| value.to_string(), ToOwned::to_owned)))
}
