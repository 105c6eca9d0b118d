//! Which endpoints are over by the provider's own list of connections. Where an account cannot be read any more, no
//! other read tells (docs/decisions/0034).
//!
//! ```text
//! the list                          the endpoint in it          remembered             evidence
//! only a part of it, or an event's  any                         any                    none
//! empty, or the service is not      –                           any                    none
//!   of this account
//! whole                             deleting, deleted,          any, or never          it is over
//!                                     rejected, failed, expired
//! whole                             in any other state          any                    none: it is connected
//! whole                             not there                   for over 10 minutes    it is over
//! whole                             not there                   for 10 minutes         none: EC2 may lag
//! ```
//!
//! `DescribeVpcEndpointConnections` is eventually consistent, as EC2's other reads are (Amazon EC2 Developer Guide,
//! "Eventual consistency"). For how long it lists a connection that is deleted, AWS does not say.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::question::{Question, SendOn};
use crate::model::facts::{Connection, ServiceFacts, StoredEndpoint};
use crate::model::ids::VpcEndpointId;
use crate::trigger::intent::Intent;

/// For how long an endpoint that the list does not show is taken for one that it does not show yet.
const NOT_SHOWN_IS_GONE_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The endpoints that are over.
pub(super) fn gone(facts: &ServiceFacts, question: &Question) -> BTreeSet<VpcEndpointId> {
    let is_whole = question.send_on == SendOn::All && facts.complete && facts.exists == Some(true);
    if !is_whole || facts.connections.is_empty() {
        return BTreeSet::new();
    }
    // Ids are a region's own: one of another region says that the id is shown, and no more.
    let here = |connection: &&Connection| question.elsewhere(connection).is_none();
    let over = facts.connections.iter().filter(here).filter(|connection| connection.state.is_over());
    let mut gone: BTreeSet<_> = over.map(|connection| connection.vpc_endpoint.clone()).collect();
    let shown: BTreeSet<_> = facts.connections.iter().map(|one| &one.vpc_endpoint).collect();
    let is_old =
        |stored: &&StoredEndpoint| question.now.duration_since(stored.first_seen) > NOT_SHOWN_IS_GONE_AFTER;
    let missing = facts.stored.values().filter(|stored| !shown.contains(&stored.vpc_endpoint));
    gone.extend(missing.filter(is_old).map(|stored| stored.vpc_endpoint.clone()));
    gone
}

/// Whether an intent of a review leads to something that is left: not where each endpoint is over, and the table is
/// about to forget it, because no claim names it.
#[must_use]
pub fn leads_to_something(intent: &Intent, facts: &ServiceFacts) -> bool {
    let is_left = |id: &VpcEndpointId| {
        let is_over = intent.gone.as_ref().is_some_and(|gone| gone.vpc_endpoints.contains(id));
        let is_kept = facts.stored.get(id).is_some_and(|stored| stored.expires_at.is_none());
        !is_over || is_kept
    };
    intent.is_of_all() || intent.vpc_endpoints.iter().any(is_left)
}

#[cfg(test)]
mod tests;
