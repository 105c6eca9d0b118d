//! Refusals for want of permission, as values.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::AccountId;

/// A call that AWS refused for want of permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// The account in which the call was made.
    pub account: AccountId,
    /// The API's name: `route53:ListHostedZonesByVPC`.
    pub operation: String,
    /// AWS's words.
    pub message: String,
    /// Of a write: when it was tried, so that it is not sent again at every look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
}

/// When something was tried that is not to be tried at every look: a write that AWS denies, or a read of Profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// For the first time.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

impl Tried {
    /// For how long it is tried each hour; afterwards it is each day.
    const HOURLY_FOR: SignedDuration = SignedDuration::from_hours(24);

    /// Whether it may be tried again.
    #[must_use]
    pub fn is_due(self, now: Timestamp) -> bool {
        let hourly = self.last.duration_since(self.first) < Self::HOURLY_FOR;
        now.duration_since(self.last) >= SignedDuration::from_hours(if hourly { 1 } else { 24 })
    }
}

impl Denied {
    /// Whether it is the write that makes a zone.
    #[must_use]
    pub fn is_of_a_new_zone(&self) -> bool {
        self.operation == "route53:CreateHostedZone"
    }

    /// Whether only some looks at an account come to this call: those that see an available endpoint. A look
    /// that does not come to it says nothing about it.
    #[must_use]
    pub fn is_rarely_met(&self) -> bool {
        self.operation == "ec2:DescribeNetworkInterfaces"
    }
}
