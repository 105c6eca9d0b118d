//! The log's lines on what became of a plan: one for each group that the journal keeps.

use crate::apply::{GroupOutcome, Outcome};
use crate::model::hold::{HoldReason, Subject};
use crate::plan::Step;

/// The ids in a subject, each under its own name, so that a query finds all that was done to one thing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ids<'a> {
    account: Option<&'a str>,
    service: Option<&'a str>,
    vpc: Option<&'a str>,
    vpc_endpoint: Option<&'a str>,
    hosted_zone: Option<&'a str>,
    name: Option<String>,
}

impl<'a> Ids<'a> {
    fn of(subject: &'a Subject) -> Self {
        let none = Self::default();
        match subject {
            Subject::Account(account) => Self { account: Some(account.as_str()), ..none },
            Subject::Service(service) | Subject::AllowList(service) => {
                Self { service: Some(service.as_str()), ..none }
            }
            Subject::Definition(key) => Self { service: Some(key), ..none },
            Subject::Connection(service, vpc_endpoint) => {
                Self { service: Some(service.as_str()), vpc_endpoint: Some(vpc_endpoint.as_str()), ..none }
            }
            Subject::VpcEndpoint(vpc, vpc_endpoint) => {
                Self { vpc: Some(vpc.as_str()), vpc_endpoint: Some(vpc_endpoint.as_str()), ..none }
            }
            Subject::UnknownEndpoint(account, vpc_endpoint) => {
                Self { account: Some(account.as_str()), vpc_endpoint: Some(vpc_endpoint.as_str()), ..none }
            }
            Subject::Name(vpc, name) => {
                Self { vpc: Some(vpc.as_str()), name: Some(name.to_string()), ..none }
            }
            Subject::Record(vpc, key) => Self {
                vpc: Some(vpc.as_str()),
                hosted_zone: Some(key.zone.as_str()),
                name: Some(key.name.to_string()),
                ..none
            },
        }
    }
}

/// Writes to the log what became of a group, who had written the record, and how many milliseconds after that event.
pub(super) fn log(outcome: &GroupOutcome<'_>, cause: &str, by: Option<&str>, milliseconds: Option<i64>) {
    let subject = &outcome.group.subject;
    let Ids { account, service, vpc, vpc_endpoint, hosted_zone, name } = Ids::of(subject);
    let steps: Vec<_> = outcome.group.steps.iter().map(ToString::to_string).collect();
    let hold = outcome.done_steps().find_map(|step| match step {
        Step::PutHold { hold } if !hold.reason.is_note() => Some(&hold.reason),
        _ => None,
    });
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                %subject, account, service, vpc, vpc_endpoint, hosted_zone, name,
                hold = hold.map(|reason| reason.code()),
                remedy = hold.map(HoldReason::remedy).as_deref(),
                reason = outcome.group.reason,
                steps = steps.join("; "),
                outcome = outcome.words(),
                cause, by, milliseconds,
                "applied"
            )
        };
    }
    match outcome.outcome {
        Outcome::Done | Outcome::Superseded | Outcome::Raced | Outcome::NoQuota(_) => line!(info),
        // All of these are looked at again, or held, or come back with their message.
        _ => line!(warn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_of_a_subject_is_logged_under_its_own_name() {
        let subject: Subject = "vpc-0123456789abcdef0/Z0123/*.aws.example.com".parse().unwrap();
        let expected = Ids {
            vpc: Some("vpc-0123456789abcdef0"),
            hosted_zone: Some("Z0123"),
            name: Some("*.aws.example.com".into()),
            ..Ids::default()
        };
        assert_eq!(Ids::of(&subject), expected);
        let subject: Subject = "vpce-svc-0123456789abcdef0/vpce-0123456789abcdef0".parse().unwrap();
        let ids = Ids::of(&subject);
        assert_eq!(
            (ids.service, ids.vpc_endpoint),
            (Some("vpce-svc-0123456789abcdef0"), Some("vpce-0123456789abcdef0"))
        );
    }
}
