//! What the passes of a plan look at: one VPC as it was seen, what its endpoints give, and the rules.

use std::collections::BTreeMap;

use super::contribution::{Contribution, contribution};
use super::endpoint::Remember;
use crate::model::facts::{Facts, RecordFacts, VpcFacts};
use crate::model::hold::Subject;
use crate::model::ids::VpcEndpointId;
use crate::model::policy::{Policy, ServiceDefinition};
use crate::trigger::intent::Intent;

pub(super) struct View<'a> {
    pub(super) intent: &'a Intent,
    pub(super) facts: &'a Facts,
    pub(super) policy: &'a Policy,
    pub(super) vpc: &'a VpcFacts,
    /// What each endpoint of the VPC gives.
    pub(super) contributions: BTreeMap<VpcEndpointId, Contribution>,
}

impl<'a> View<'a> {
    pub(super) fn new(intent: &'a Intent, facts: &'a Facts, policy: &'a Policy, vpc: &'a VpcFacts) -> Self {
        let mut view = Self { intent, facts, policy, vpc, contributions: BTreeMap::new() };
        view.contributions = vpc.endpoints.keys().map(|id| (id.clone(), view.contribution(id))).collect();
        view
    }

    fn contribution(&self, id: &VpcEndpointId) -> Contribution {
        let endpoint = &self.vpc.endpoints[id];
        if self.policy.is_removed(&endpoint.service) {
            return Contribution::Withdraw;
        }
        let definition = self.policy.services.get(&endpoint.service);
        // Where only a review can tell, it accepts the connection before the wait is over, or holds it.
        let may_be_allowed = |definition: &ServiceDefinition| {
            definition.allows(&self.facts.account).is_some() || definition.has_dynamic_principals()
        };
        let allowed = definition.is_some_and(may_be_allowed);
        contribution(endpoint, self.vpc.stored.get(id), allowed, self.facts.now)
    }

    /// A record of this VPC, as a subject of plans and holds.
    pub(super) fn subject(&self, record: &RecordFacts) -> Subject {
        Subject::Record(self.vpc.vpc.clone(), record.key.clone())
    }

    /// What the table is to remember of an endpoint. `claimed` tells whether a claim names it.
    pub(super) fn memory<'b>(&'b self, vpc_endpoint: &'b VpcEndpointId, claimed: bool) -> Remember<'b> {
        Remember {
            account: &self.facts.account,
            vpc: &self.vpc.vpc,
            vpc_endpoint,
            endpoint: &self.vpc.endpoints[vpc_endpoint],
            contribution: &self.contributions[vpc_endpoint],
            stored: self.vpc.stored.get(vpc_endpoint),
            claimed,
            now: self.facts.now,
        }
    }
}
