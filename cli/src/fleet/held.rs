//! Holds, and which endpoint each is about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use shared::facts::VpcEndpointState;
use shared::hold::{Hold, Subject};
use shared::ids::{AccountId, ServiceId, VpcId};
use shared::policy::Policy;

use super::endpoint::EndpointView;

/// A hold as it is shown.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HoldView {
    /// What is held.
    pub(crate) subject: Subject,
    /// Why, in the one word of README's table.
    pub(crate) reason: String,
    /// Why, in words.
    pub(crate) message: String,
    /// What an operator can do about it.
    pub(crate) remedy: String,
    /// The client account whose VPC is held, if a VPC is.
    pub(crate) account: Option<AccountId>,
    /// Since when.
    pub(crate) since: Timestamp,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        let words = hold.reason.to_string();
        let (reason, message) = words.split_once(": ").unwrap_or((&words, &words));
        HoldView {
            reason: reason.to_owned(),
            message: message.to_owned(),
            remedy: hold.reason.remedy().to_owned(),
            account: hold.account.or(match &hold.subject {
                Subject::Account(account) | Subject::UnknownEndpoint(account, _) => Some(account.clone()),
                _ => None,
            }),
            subject: hold.subject,
            since: hold.since,
        }
    }
}

impl HoldView {
    /// The service that its subject names.
    pub(crate) fn service(&self) -> Option<&ServiceId> {
        match &self.subject {
            Subject::Service(service) | Subject::AllowList(service) | Subject::Connection(service, _) => {
                Some(service)
            }
            _ => None,
        }
    }

    /// The VPC that its subject names.
    pub(crate) fn vpc(&self) -> Option<&VpcId> {
        match &self.subject {
            Subject::VpcEndpoint(vpc, _) | Subject::Name(vpc, _) | Subject::Record(vpc, _) => Some(vpc),
            _ => None,
        }
    }
}

/// Holds by the id with which their subject begins, so that a thousand endpoints do not each look at all.
pub(super) type ByScope<'a> = BTreeMap<String, Vec<&'a HoldView>>;

pub(super) fn by_scope(holds: &[HoldView]) -> ByScope<'_> {
    let mut by_scope: ByScope = BTreeMap::new();
    for hold in holds {
        let scope = match &hold.subject {
            Subject::Definition(key) => key.clone(),
            subject => subject.to_string().split('/').next().unwrap_or_default().to_owned(),
        };
        by_scope.entry(scope).or_default().push(hold);
    }
    by_scope
}

/// The holds on an endpoint: on itself, and on what it needs.
pub(super) fn of(endpoint: &EndpointView, policy: &Policy, by_scope: &ByScope) -> Vec<HoldView> {
    let definition = policy.services.get(&endpoint.service);
    let publishes = |name: &shared::dns::DnsName| {
        let defined =
            definition.is_some_and(|one| one.names.iter().any(|published| published.as_dns_name() == name));
        defined || endpoint.records.iter().any(|record| record.name == name.to_string())
    };
    let concerns = |subject: &Subject| match subject {
        Subject::Account(_) | Subject::Service(_) | Subject::Definition(_) => true,
        // Who is connected already is not held by a list that cannot be read.
        Subject::AllowList(_) => endpoint.state == Some(VpcEndpointState::PendingAcceptance),
        Subject::Connection(_, id) | Subject::VpcEndpoint(_, id) | Subject::UnknownEndpoint(_, id) => {
            *id == endpoint.vpc_endpoint
        }
        Subject::Name(_, name) => publishes(name),
        Subject::Record(_, key) => publishes(&key.name),
    };
    let vpc = endpoint.vpc.as_ref().map(ToString::to_string);
    let scopes = [Some(endpoint.service.to_string()), Some(endpoint.account.to_string()), vpc];
    let there = scopes.into_iter().flatten().filter_map(|scope| by_scope.get(&scope)).flatten();
    there.filter(|hold| concerns(&hold.subject)).map(|hold| (*hold).clone()).collect()
}
