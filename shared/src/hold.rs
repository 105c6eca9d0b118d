//! Holds: what zonelink deliberately does not do, on what, and what would help.
//!
//! A hold is success. It stands in the table for as long as its reason does, is journalled when it comes
//! and goes, and the next sweep looks again.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dns::DnsName;
use crate::facts::Denied;
use crate::ids::{AccountId, InvalidId, ServiceId, VpcEndpointId, VpcId};
use crate::record::{Addresses, RecordKey};

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

/// Why something is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason")]
pub enum HoldReason {
    /// The owner of a connection that waits is on no allow list.
    NotAllowed {
        /// The account that asks.
        owner: AccountId,
    },
    /// The owner of an established connection is on no allow list (any more).
    Revoked {
        /// The account that is connected.
        owner: AccountId,
        /// Since when that is so; none while nothing can be concluded from it, because the list is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// Who may connect could not be read, so that nobody is accepted or rejected for it.
    AllowListUnreadable {
        /// Which call failed, and AWS's code.
        why: String,
    },
    /// Nobody may connect, so that nobody is rejected: an empty list is sooner a mistake than an order.
    AllowListEmpty,
    /// The service's permissions name principals whose connections cannot be told apart from others'.
    UncheckablePrincipals {
        /// They, as EC2 writes them.
        principals: Vec<String>,
    },
    /// A review would reject more connections than one may.
    TooManyRejects {
        /// How many it would reject.
        wanted: usize,
        /// How many one may.
        allowed: u32,
    },
    /// The service of a definition does not exist here.
    ServiceNotFound,
    /// A definition in the table cannot be accepted; nothing is done for its service.
    InvalidDefinition {
        /// Which part, what it said, and what to give instead.
        message: String,
    },
    /// AWS refused a read or a write.
    NoAccess(Denied),
    /// No private hosted zone of the VPC can hold the name.
    NoZone,
    /// The endpoint has no subnet, and so no address.
    NoSubnet,
    /// The endpoint did not become available in time.
    Stalled {
        /// Its state then; none when it was never seen.
        state: Option<String>,
    },
    /// A record set that is not ours stands at the name.
    ForeignRecord {
        /// What it answers.
        seen: Addresses,
    },
    /// A record set stands at the name that ours cannot stand beside or replace.
    IncompatibleRecord {
        /// Its kind: "CNAME", "A alias", "A weighted"….
        kinds: Vec<String>,
    },
    /// The name belongs to another service.
    NameTaken {
        /// That service.
        service: ServiceId,
    },
    /// The zone's record belongs to another VPC.
    SharedZone {
        /// That VPC.
        vpc: VpcId,
    },
    /// Route 53 refused a change that should have been possible.
    Route53Refused {
        /// Route 53's words.
        message: String,
    },
    /// The service of a record has no definition, or none that can be accepted.
    NotDefined {
        /// That service.
        service: ServiceId,
    },
    /// A sweep has removed as many record sets as it may, and this one would be one more.
    TooManyDeletes {
        /// The run that met its limit.
        run: String,
        /// The limit.
        at_most: u32,
    },
    /// A person has taken the record back from zonelink.
    Released {
        /// The ARN of who did.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// A reason that only another version of zonelink knows.
    #[serde(other)]
    Unknown,
}

impl HoldReason {
    /// Its name, which its words begin with.
    #[must_use]
    pub fn code(&self) -> String {
        let words = self.to_string();
        words.split_once(':').map_or(words.clone(), |(code, _)| code.to_owned())
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            HoldReason::NotAllowed { .. } | HoldReason::Revoked { .. } => {
                "add the account to the service's allowed principals, or reject the connection"
            }
            HoldReason::AllowListUnreadable { .. } => {
                "grant the call that failed (for Organizations: ReadOrganizations or OrganizationsRoleArn), or list account ids"
            }
            HoldReason::AllowListEmpty => "say who may connect, or reject the connections by hand",
            HoldReason::UncheckablePrincipals { .. } => "permit the accounts themselves (…:root)",
            HoldReason::TooManyRejects { .. } => {
                "correct the allow list, or zonelink backfill --allow-rejects with the number wanted"
            }
            HoldReason::InvalidDefinition { .. } => "correct the definition",
            HoldReason::ServiceNotFound => {
                "correct the service id, or deploy in the account and region of the service; as a client of somebody \
                 else's service, list your accounts and make an endpoint"
            }
            HoldReason::NoAccess(_) => {
                "deploy infra/client.yaml in that account, with this stack's role name and external id"
            }
            HoldReason::NoZone => {
                "associate a private hosted zone of this name's domain or a parent of it with the VPC"
            }
            HoldReason::NoSubnet => "add a subnet to the endpoint",
            HoldReason::Stalled { .. } => "look at the endpoint in the VPC console; any change of it is seen",
            HoldReason::ForeignRecord { .. } => {
                "remove the record set, or let the definition adopt it (adopt: any)"
            }
            HoldReason::IncompatibleRecord { .. } => "remove the record set, or publish another name",
            HoldReason::NameTaken { .. } => "give the services names of their own",
            HoldReason::SharedZone { .. } => {
                "give the VPC a zone of its own, or set shared_zones: merge where the VPCs are routed to each other"
            }
            HoldReason::Route53Refused { .. } => "see Route 53's words",
            HoldReason::NotDefined { .. } => {
                "define the service again; with `removed`, its records are released or deleted"
            }
            HoldReason::TooManyDeletes { .. } => {
                "see whether these endpoints are meant to be gone; if so, zonelink backfill --allow-deletes with the number wanted"
            }
            HoldReason::Released { .. } => "hand the record over to zonelink again: zonelink adopt",
            HoldReason::Unknown => "wait for the next sweep",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HoldReason::NotAllowed { owner } => {
                write!(f, "NotAllowed: no rule of the allow list matches account {owner}")
            }
            HoldReason::Revoked { owner, since } => {
                write!(f, "Revoked: account {owner} is connected, and no rule of the allow list matches it")?;
                since.map_or(Ok(()), |since| write!(f, " since {since:.0}"))
            }
            HoldReason::AllowListUnreadable { why } => {
                write!(f, "AllowListUnreadable: who may connect cannot be read: {why}")
            }
            HoldReason::AllowListEmpty => f.write_str(
                "AllowListEmpty: no rule of the allow list can match anybody, so nobody is rejected",
            ),
            HoldReason::UncheckablePrincipals { principals } => {
                let listed = principals.join(", ");
                write!(
                    f,
                    "UncheckablePrincipals: the service's permissions name {listed}, which match nobody here"
                )
            }
            HoldReason::TooManyRejects { wanted, allowed } => {
                write!(
                    f,
                    "TooManyRejects: {wanted} connections would be rejected, and {allowed} may be at once"
                )
            }
            HoldReason::ServiceNotFound => {
                f.write_str("ServiceNotFound: no such endpoint service in this account and region")
            }
            HoldReason::InvalidDefinition { message } => write!(f, "InvalidDefinition: {message}"),
            HoldReason::NoAccess(Denied { account, operation, message }) => {
                write!(f, "NoAccess: {operation} in account {account}: {message}")
            }
            HoldReason::NoZone => f.write_str("NoZone: no private hosted zone of the VPC can hold the name"),
            HoldReason::NoSubnet => f.write_str("NoSubnet: the endpoint has no subnet and so no address"),
            HoldReason::Stalled { state: Some(state) } => {
                write!(f, "Stalled: the endpoint stayed {state} for 30 minutes")
            }
            HoldReason::Stalled { state: None } => {
                f.write_str("Stalled: the endpoint was announced and not seen for 30 minutes")
            }
            HoldReason::ForeignRecord { seen } => {
                write!(f, "ForeignRecord: a record set that is not ours answers {seen}")
            }
            HoldReason::IncompatibleRecord { kinds } => {
                write!(f, "IncompatibleRecord: {} stands at the name", kinds.join(", "))
            }
            HoldReason::NameTaken { service } => write!(f, "NameTaken: the name belongs to {service}"),
            HoldReason::SharedZone { vpc } => write!(f, "SharedZone: the zone's record belongs to {vpc}"),
            HoldReason::Route53Refused { message } => write!(f, "Route53Refused: {message}"),
            HoldReason::NotDefined { service } => write!(f, "NotDefined: {service} has no definition"),
            HoldReason::TooManyDeletes { run, at_most } => {
                write!(f, "TooManyDeletes: run {run} may remove {at_most} record sets, and this is one more")
            }
            HoldReason::Released { by, at } => write!(f, "Released: {by} took the record back at {at:.0}"),
            HoldReason::Unknown => f.write_str("Unknown: held by another version"),
        }
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
