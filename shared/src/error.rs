//! What can go wrong, and what becomes of the message that led there.

use jiff::SignedDuration;

use crate::model::ids::AccountId;
use crate::trigger::event::InvalidEvent;

/// What becomes of the message. Only the functions' outermost loop and the CLI look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It goes back to its queue; time may help.
    Retry,
    /// It can never succeed: it fails until the dead-letter queue has it.
    GiveUp,
}

/// A failure. Each variant names the operation and its subject; the cause is its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A message that cannot be read.
    #[error("a message was refused")]
    Malformed(#[source] InvalidEvent),
    /// An environment variable is missing or wrong, or several are.
    #[error("the configuration is not usable: {0}")]
    Config(String),
    /// A definition that an invocation asks for does not exist.
    #[error("{field} {value:?} is refused: {remedy}")]
    Request {
        /// The field of the request.
        field: &'static str,
        /// What it said.
        value: String,
        /// What to give instead.
        remedy: String,
    },
    /// A call to AWS failed.
    #[error("{operation} for {subject} failed ({code})")]
    Call {
        /// The API's name: `ec2:DescribeVpcEndpoints`.
        operation: &'static str,
        /// On what.
        subject: String,
        /// AWS's error code, or the kind of failure below it.
        code: String,
        /// AWS's words, if it answered.
        message: Option<String>,
        /// Why.
        kind: CallFailure,
        /// The SDK's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An item of the table, or an answer of AWS, that cannot be read.
    #[error("{what} cannot be read")]
    Unreadable {
        /// The item's key, or the answer and its subject.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// AWS accepted a call and lists items for which it was unsuccessful.
    #[error("{operation} was unsuccessful for {items}")]
    Unsuccessful {
        /// The API's name.
        operation: &'static str,
        /// Each item with AWS's code and words.
        items: String,
    },
    /// Route 53 says that an account's requests are used up.
    #[error("Route 53 throttles account {account}")]
    Throttled {
        /// The account.
        account: AccountId,
    },
    /// The account's share of Route 53 requests is used up for now.
    #[error("there is no quota for Route 53 requests in account {account} for {} ms", .wait.as_millis())]
    NoQuota {
        /// The account whose requests these would be.
        account: AccountId,
        /// How long until there is.
        wait: SignedDuration,
    },
    /// A reservation of time was used up before the request could be sent.
    #[error("{operation} for {subject} was not sent: its time was over")]
    OutOfTime {
        /// The API's name.
        operation: &'static str,
        /// On what.
        subject: String,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFailure {
    /// AWS refused it for want of permission.
    Denied,
    /// AWS asked for patience, after the SDK's own retries.
    Throttled,
    /// No answer, or a fault on AWS's side.
    Unavailable,
    /// A condition of ours did not hold: somebody else was first.
    ConditionFailed,
    /// AWS refused it for what it said.
    Refused,
    /// AWS refused it for its credentials, which are old or broken: the next attempt has new ones, or fails as loudly.
    Credentials,
}

impl Error {
    /// What becomes of the message.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        match self {
            Error::Malformed(_) | Error::Config(_) | Error::Request { .. } | Error::Unreadable { .. } => {
                Disposition::GiveUp
            }
            Error::Call { kind: CallFailure::Denied | CallFailure::Refused, .. } => Disposition::GiveUp,
            Error::Call { .. }
            | Error::Unsuccessful { .. }
            | Error::NoQuota { .. }
            | Error::Throttled { .. }
            | Error::OutOfTime { .. } => Disposition::Retry,
        }
    }

    /// Whether AWS refused a call for want of permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Error::Call { kind: CallFailure::Denied, .. })
    }

    /// Whether a condition of ours did not hold.
    #[must_use]
    pub fn is_condition_failed(&self) -> bool {
        matches!(self, Error::Call { kind: CallFailure::ConditionFailed, .. })
    }

    /// Whether a change of records, or the creation or deletion of a zone, that failed so may still have been made, or may
    /// still be. Such a call is sent once. So an answer that refuses it is certain, and so is what kept it from being
    /// sent.
    #[must_use]
    pub fn may_have_been_made(&self) -> bool {
        matches!(
            self,
            Error::Call {
                operation: "route53:ChangeResourceRecordSets"
                    | "route53:CreateHostedZone"
                    | "route53:DeleteHostedZone",
                kind: CallFailure::Unavailable,
                ..
            }
        )
    }

    /// AWS's error code, if AWS answered with one of these.
    #[must_use]
    pub fn has_code(&self, codes: &[&str]) -> bool {
        matches!(self, Error::Call { code, .. } if codes.contains(&code.as_str()))
    }

    /// Which call failed and with which code: words that stay the same from call to call, so that one reason
    /// stays one hold.
    #[must_use]
    pub fn call_and_code(&self) -> String {
        match self {
            Error::Call { operation, code, .. } => format!("{operation}: {code}"),
            other => other.to_string(),
        }
    }

    /// The error and all its causes in one line.
    #[must_use]
    pub fn chain(&self) -> String {
        causes(self)
    }
}

/// An error and all its causes in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
