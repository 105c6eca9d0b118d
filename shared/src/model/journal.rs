//! The journal's entries: what was decided and done, and why. History only; nothing reads it to decide.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hold::Subject;

/// One entry: a group of steps on one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// What it is about.
    pub subject: String,
    /// When it was written.
    pub at: Timestamp,
    /// What led there.
    pub cause: String,
    /// Who had written the record, by the event that led there; none when no event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The row of the decision table.
    pub reason: String,
    /// What was to be done.
    #[serde(default)]
    pub steps: Vec<String>,
    /// How it ended.
    pub outcome: String,
    /// Milliseconds from the event to the entry; none for a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<i64>,
}

/// Where entries on a subject are found: a record's by zone and name, whichever VPC they came from; a
/// connection's and an endpoint's by the endpoint.
#[must_use]
pub fn place(subject: &Subject) -> String {
    match subject {
        Subject::Account(account) => account.to_string(),
        Subject::Service(service) | Subject::AllowList(service) => service.to_string(),
        Subject::Definition(_) => subject.to_string(),
        Subject::Connection(_, vpc_endpoint)
        | Subject::VpcEndpoint(_, vpc_endpoint)
        | Subject::UnknownEndpoint(_, vpc_endpoint) => vpc_endpoint.to_string(),
        Subject::Name(vpc, name) => format!("{vpc}/{name}"),
        Subject::Record(_, key) => key.to_string(),
    }
}
