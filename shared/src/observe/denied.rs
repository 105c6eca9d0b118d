//! Refusals for want of permission, as facts.

use crate::error::Error;
use crate::model::facts::Denied;
use crate::model::ids::AccountId;

/// Turns a refusal for want of permission into a fact, when it was made with a client's rights; other errors
/// stay errors. What our own table or queue denies is no fault of the client's.
pub(super) fn or_denied<T>(
    account: &AccountId,
    result: Result<T, Error>,
) -> Result<Result<T, Denied>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.is_denied() && of_client(&error) => Ok(Err(denied(account, &error))),
        Err(error) => Err(error),
    }
}

fn of_client(error: &Error) -> bool {
    let services = ["ec2:", "route53:", "sts:"];
    matches!(error, Error::Call { operation, .. } if services.iter().any(|service| operation.starts_with(service)))
}

/// The refusal of a read.
///
/// Its message leaves out what differs from call to call (request ids, encoded texts), so that one
/// reason stays one hold.
fn denied(account: &AccountId, error: &Error) -> Denied {
    refusal(account, error, None)
}

/// The refusal of a write, in AWS's own words: only they say that it is AWS Cloud Map's, or which policy denies it.
#[must_use]
pub fn denied_write(account: &AccountId, error: &Error) -> Denied {
    let words = match error {
        Error::Call { message, .. } => message.as_deref(),
        _ => None,
    };
    refusal(account, error, words)
}

fn refusal(account: &AccountId, error: &Error, words: Option<&str>) -> Denied {
    let (operation, message) = match error {
        Error::Call { operation, subject, code, .. } => {
            let words =
                words.map_or_else(|| format!("{code} for {subject}"), |words| format!("{code}: {words}"));
            ((*operation).to_owned(), words)
        }
        other => ("AWS".to_owned(), other.to_string()),
    };
    Denied { account: account.clone(), operation, message, tried: None }
}
