//! Refusals for want of permission, as values.

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
}

impl Denied {
    /// Whether only some looks at an account come to this call: those that see an available endpoint. A look
    /// that does not come to it says nothing about it.
    #[must_use]
    pub fn is_rarely_met(&self) -> bool {
        self.operation == "ec2:DescribeNetworkInterfaces"
    }
}
