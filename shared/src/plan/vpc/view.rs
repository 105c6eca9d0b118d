//! What the passes of a plan look at: one VPC as it was seen, what its endpoints give, and the rules.

use std::collections::BTreeMap;

use super::contribution::{Contribution, contribution};
use super::endpoint::Remember;
use super::record::Look;
use crate::model::facts::{AllowListFacts, Facts, RecordFacts, VpcFacts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::VpcEndpointId;
use crate::model::policy::{Policy, ServiceDefinition};
use crate::plan::service::allowance::{Allowance, allowance};
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
        let given = contribution(endpoint, self.vpc.stored.get(id), allowed, self.facts.now);
        // What has a record is served for as long as it is connected, whatever becomes of the list meanwhile.
        let new = definition.filter(|_| self.vpc.is_unclaimed(id));
        let refused = new.and_then(|definition| self.refused(id, definition));
        match (given, refused) {
            (Contribution::Publish(_), Some(reason)) => {
                Contribution::Keep { wait: false, hold: Some(reason) }
            }
            (given, _) => given,
        }
    }

    /// Why a first record is refused to an endpoint: AWS connects anybody where no acceptance is required, and people
    /// accept whom no rule names.
    fn refused(&self, id: &VpcEndpointId, definition: &ServiceDefinition) -> Option<HoldReason> {
        let owner = &self.facts.account;
        let told = match self.told(definition) {
            Allowance::Allowed(_) => Some(true),
            Allowance::NotAllowed => Some(false),
            Allowance::Unknown(_) => self.reviewed(id),
        };
        match told {
            Some(true) => None,
            Some(false) => Some(HoldReason::NotAllowed { owner: owner.clone() }),
            None => Some(HoldReason::AllowListUnreadable { why: "no review has told yet".into() }),
        }
    }

    /// What a definition alone tells of the account, once AWS has connected it.
    fn told(&self, definition: &ServiceDefinition) -> Allowance {
        allowance(definition, &AllowListFacts::default(), &self.facts.account, true)
    }

    /// What a review has told of the endpoint's owner: the one that led here, or an earlier one.
    fn reviewed(&self, id: &VpcEndpointId) -> Option<bool> {
        let service = &self.vpc.endpoints[id].service;
        let stored = || self.vpc.stored.get(id).and_then(|stored| stored.allowed);
        self.intent.reviewed.get(service).copied().or_else(stored)
    }

    /// How a record of this VPC is looked at.
    pub(super) fn look(&self, record: &RecordFacts) -> Look<'_> {
        Look { vpc: &self.vpc.vpc, now: self.facts.now, by: self.intent.written_by(&record.key) }
    }

    /// A record of this VPC, as a subject of plans and holds.
    pub(super) fn subject(&self, record: &RecordFacts) -> Subject {
        Subject::Record(self.vpc.vpc.clone(), record.key.clone())
    }

    /// What the table is to remember of an endpoint. `claimed` tells whether a claim names it.
    pub(super) fn memory<'b>(&'b self, vpc_endpoint: &'b VpcEndpointId, claimed: bool) -> Remember<'b> {
        let definition = self.policy.services.get(&self.vpc.endpoints[vpc_endpoint].service);
        let asked = definition.filter(|definition| matches!(self.told(definition), Allowance::Unknown(_)));
        Remember {
            allowed: asked.and_then(|_| self.reviewed(vpc_endpoint)),
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
