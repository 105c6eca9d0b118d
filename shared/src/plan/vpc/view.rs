//! What the passes of a plan look at: one VPC as it was seen, what its endpoints give, and the rules.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::closed;
use super::contribution::{Contribution, contribution};
use super::endpoint::Remember;
use super::record::Look;
use crate::model::facts::{AllowListFacts, Facts, RecordFacts, VpcFacts};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{HostedZoneId, VpcEndpointId};
use crate::model::policy::{Policy, ServiceDefinition, WriteTo};
use crate::model::zone::{is_passed_over, is_shadowed};
use crate::model::zone_claim::{ZoneClaim, ZoneState};
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
        if self.facts.denied.is_some() {
            return closed::contribution(self.intent, self.facts, id);
        }
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
        // What was published once is served for as long as it is connected, whatever becomes of the list meanwhile.
        let published = self.vpc.stored.get(id).is_some_and(|stored| !stored.addresses.is_empty());
        let new = definition.filter(|_| !published);
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

    /// What is held of a record. Where a closer zone is asked in its place nothing that stands in its way matters; what
    /// AWS denies there is remembered, so that it is not asked for at every look. Two holds are of something else:
    /// that a definition is missing, and that more would be removed than a run may.
    pub(super) fn unless_shadowed(
        &self,
        record: &RecordFacts,
        hold: Option<HoldReason>,
    ) -> Option<HoldReason> {
        let is_shadowed = self.vpc.listed_zones().is_some_and(|zones| is_shadowed(zones, &record.key));
        match hold {
            Some(HoldReason::NotDefined { .. } | HoldReason::TooManyDeletes { .. }) => hold,
            Some(reason) if is_shadowed && reason.denied_write().is_some() => {
                Some(HoldReason::Shadowed { because: Box::new(reason) })
            }
            hold => hold.filter(|_| !is_shadowed),
        }
    }

    /// Whether the definition has its record in another zone of the VPC than this one.
    pub(super) fn has_left(&self, record: &RecordFacts, definition: &ServiceDefinition) -> bool {
        let zones = self.vpc.listed_zones().filter(|_| definition.write == WriteTo::Answering);
        zones.is_some_and(|zones| is_passed_over(zones, &record.key))
    }

    /// How a record of this VPC is looked at.
    pub(super) fn look(&self, record: &RecordFacts) -> Look<'_> {
        Look { vpc: &self.vpc.vpc, now: self.moment(), by: self.intent.written_by(&record.key) }
    }

    /// The claim on a zone, where it was made for this VPC.
    pub(super) fn made_zone(&self, zone: &HostedZoneId) -> Option<&'a ZoneClaim> {
        let claims = self.vpc.zone_claims.values().map(|claimed| &claimed.claim);
        claims
            .into_iter()
            .find(|claim| matches!(&claim.state, ZoneState::Made { zone: made } if made == zone))
    }

    /// A record of this VPC, as a subject of plans and holds.
    pub(super) fn subject(&self, record: &RecordFacts) -> Subject {
        Subject::Record(self.vpc.vpc.clone(), record.key.clone())
    }

    /// The moment of this plan for this VPC. VPCs that are looked at together are a microsecond apart: a claim that is
    /// made anew takes its first version from it, each write adds one, and one that is given up may be made anew by the
    /// next VPC. So there is room for a thousand writes.
    pub(super) fn moment(&self) -> Timestamp {
        let number = self.facts.vpcs.iter().position(|one| one.vpc == self.vpc.vpc).unwrap_or_default();
        self.facts.now + SignedDuration::from_micros(i64::try_from(number).unwrap_or_default())
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
