//! A service whose definition has been removed: it accepts and rejects nobody. What the table remembers of it is
//! sent on until nothing of it is left, and its holds end.

use std::collections::BTreeMap;

use super::gone::gone;
use super::question::{Question, SendOn, Told, send};
use crate::model::facts::ServiceFacts;
use crate::model::hold::Subject;
use crate::model::ids::{AccountId, VpcEndpointId};
use crate::plan::steps::Plan;

/// Endpoints that only EC2 lists have nothing of ours.
pub(super) fn plan(facts: &ServiceFacts, question: &Question) -> Plan {
    let mut plan = Plan::default();
    let named = |id: &VpcEndpointId| match &question.send_on {
        SendOn::All => true,
        SendOn::Named(named) => named.contains(id),
    };
    let mut by_account: BTreeMap<&AccountId, BTreeMap<VpcEndpointId, bool>> = BTreeMap::new();
    for stored in facts.stored.values().filter(|e| named(&e.vpc_endpoint) && question.concerns(&e.account)) {
        by_account.entry(&stored.account).or_default().insert(stored.vpc_endpoint.clone(), false);
    }
    let subject = Subject::Service(facts.service.clone());
    let told = Told { gone: gone(facts, question), ..Told::default() };
    for (account, vpc_endpoints) in by_account {
        send(&mut plan, &subject, account, &vpc_endpoints, &told, question);
    }
    if question.accounts.is_empty() {
        plan.settle_holds(&facts.holds, None, question.now);
    }
    plan
}
