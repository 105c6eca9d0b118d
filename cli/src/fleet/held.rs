//! Which endpoint each hold is about.

use std::collections::BTreeMap;

use shared::model::dns::DnsName;
use shared::model::facts::VpcEndpointState;
use shared::model::hold::Subject;
use shared::model::policy::Policy;

use super::endpoint::EndpointView;
use super::hold::HoldView;

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
    let publishes = |name: &DnsName| {
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
