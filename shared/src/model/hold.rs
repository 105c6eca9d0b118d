//! Holds: what zonelink deliberately does not do, on what, and what would help.
//!
//! A hold is success. It stands in the table for as long as its reason does, is journalled when it comes
//! and goes, and the next sweep looks again.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::hold_reason::HoldReason;
use crate::model::dns::DnsName;
use crate::model::ids::{AccountId, InvalidId, ServiceId, VpcEndpointId, VpcId};
use crate::model::record::RecordKey;

/// What a plan group, a hold or a journal entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// A client account.
    Account(AccountId),
    /// A service.
    Service(ServiceId),
    /// Who may connect to a service: its allow list, as far as it has to be read.
    AllowList(ServiceId),
    /// A service definition in the table, by its sort key: a service id, when it is sound.
    Definition(String),
    /// A connection to a service.
    Connection(ServiceId, VpcEndpointId),
    /// An endpoint in a VPC.
    VpcEndpoint(VpcId, VpcEndpointId),
    /// An endpoint of an account that no read has shown yet.
    UnknownEndpoint(AccountId, VpcEndpointId),
    /// A name that a VPC needs, wherever it may be written.
    Name(VpcId, DnsName),
    /// A name in one zone that a VPC needs.
    Record(VpcId, RecordKey),
}

impl Subject {
    /// The VPC in which it stands, if it is one thing in one VPC.
    #[must_use]
    pub fn vpc(&self) -> Option<&VpcId> {
        match self {
            Subject::VpcEndpoint(vpc, _) | Subject::Name(vpc, _) | Subject::Record(vpc, _) => Some(vpc),
            Subject::Account(_)
            | Subject::Service(_)
            | Subject::AllowList(_)
            | Subject::Definition(_)
            | Subject::Connection(..)
            | Subject::UnknownEndpoint(..) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Account(account) => write!(f, "{account}/"),
            Subject::Service(service) => write!(f, "{service}/"),
            Subject::AllowList(service) => write!(f, "{service}/allowed_principals"),
            Subject::Definition(key) => write!(f, "definition/{key}"),
            Subject::Connection(service, vpc_endpoint) => write!(f, "{service}/{vpc_endpoint}"),
            Subject::VpcEndpoint(vpc, vpc_endpoint) => write!(f, "{vpc}/{vpc_endpoint}"),
            Subject::UnknownEndpoint(account, vpc_endpoint) => write!(f, "{account}/{vpc_endpoint}"),
            Subject::Name(vpc, name) => write!(f, "{vpc}/{name}"),
            Subject::Record(vpc, key) => write!(f, "{vpc}/{key}"),
        }
    }
}

impl FromStr for Subject {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if let Some(key) = text.strip_prefix("definition/") {
            return Ok(Subject::Definition(key.to_owned()));
        }
        let parts: Vec<&str> = text.split('/').collect();
        let subject = match parts.as_slice() {
            [account, ""] if account.parse::<AccountId>().is_ok() => Subject::Account(account.parse()?),
            [service, ""] => Subject::Service(service.parse()?),
            [service, "allowed_principals"] => Subject::AllowList(service.parse()?),
            [service, id] if service.starts_with("vpce-svc-") => {
                Subject::Connection(service.parse()?, id.parse()?)
            }
            [vpc, id] if vpc.starts_with("vpc-") && id.starts_with("vpce-") => {
                Subject::VpcEndpoint(vpc.parse()?, id.parse()?)
            }
            [account, id] if id.starts_with("vpce-") => {
                Subject::UnknownEndpoint(account.parse()?, id.parse()?)
            }
            [vpc, name] => Subject::Name(vpc.parse()?, dns_name(name)?),
            [vpc, zone, name] => {
                Subject::Record(vpc.parse()?, RecordKey { zone: zone.parse()?, name: dns_name(name)? })
            }
            _ => return Err(invalid(text)),
        };
        Ok(subject)
    }
}

fn dns_name(text: &str) -> Result<DnsName, InvalidId> {
    text.parse().map_err(|_| invalid(text))
}

fn invalid(text: &str) -> InvalidId {
    InvalidId { kind: "the subject of a hold", value: text.to_owned(), expected: "ids joined by '/'" }
}

impl TryFrom<String> for Subject {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> String {
        subject.to_string()
    }
}

/// A hold as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What is held.
    pub subject: Subject,
    /// Why.
    pub reason: HoldReason,
    /// The client account whose VPC is held, if a VPC is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Since when.
    pub since: Timestamp,
    /// When the table forgets it by itself, in seconds since 1970 (DynamoDB's TTL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_back_as_they_are_written() {
        for text in [
            "044444444444/",
            "vpce-svc-0123456789abcdef0/",
            "vpce-svc-0123456789abcdef0/allowed_principals",
            "definition/vpce-svc-0123456789abcdef0",
            "vpce-svc-0123456789abcdef0/vpce-0123456789abcdef0",
            "vpc-0123456789abcdef0/vpce-0123456789abcdef0",
            "044444444444/vpce-0123456789abcdef0",
            "vpc-0123456789abcdef0/*.aws.example.com",
            "vpc-0123456789abcdef0/Z0123/*.aws.example.com",
        ] {
            assert_eq!(text.parse::<Subject>().map(|subject| subject.to_string()), Ok(text.into()));
        }
        assert!("nonsense".parse::<Subject>().is_err());
    }
}
