//! What a review is asked, and how it sends endpoints on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::limits::Limit;
use crate::model::facts::{Connection, ServiceFacts};
use crate::model::gone::Gone;
use crate::model::hold::Subject;
use crate::model::ids::{AccountId, Region, ServiceId, VpcEndpointId};
use crate::model::rate::Priority;
use crate::plan::steps::{Plan, Step};
use crate::trigger::intent::Intent;

/// Which endpoints a review sends on to be reconciled, besides those that it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOn {
    /// These.
    Named(BTreeSet<VpcEndpointId>),
    /// Every one that EC2 lists or the table remembers: a sweep.
    All,
}

/// What a review is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// Which endpoints are sent on.
    pub send_on: SendOn,
    /// The region of the stack.
    pub region: &'a Region,
    /// Only connections and endpoints of these accounts count; all when empty.
    pub accounts: &'a BTreeSet<AccountId>,
    /// How many connections one review may reject.
    pub max_rejects: u32,
    /// How many this one may, when a person has said so.
    pub allow_rejects: Option<u32>,
    /// What led here, for the journal.
    pub cause: &'a str,
    /// When that happened.
    pub since: Option<Timestamp>,
    /// The plan's clock.
    pub now: Timestamp,
}

impl Question<'_> {
    pub(super) fn concerns(&self, account: &AccountId) -> bool {
        self.accounts.is_empty() || self.accounts.contains(account)
    }

    /// The region of a connection whose endpoint stands in another one than the stack.
    pub(super) fn elsewhere<'c>(&self, connection: &'c Connection) -> Option<&'c Region> {
        connection.region.as_ref().filter(|region| *region != self.region)
    }

    /// Whether all there is of the service is seen and asked about.
    pub(super) fn sees_all(&self, facts: &ServiceFacts) -> bool {
        facts.complete && self.accounts.is_empty()
    }
}

/// What a review tells of the endpoints that it sends on.
#[derive(Default)]
pub(super) struct Told {
    /// Whether their account may connect, by service.
    pub(super) reviewed: BTreeMap<ServiceId, bool>,
    /// Those that are over by the provider's list, of whatever account.
    pub(super) gone: BTreeSet<VpcEndpointId>,
}

/// One intent for each hundred endpoints of an account; those that AWS says exist apart from the others.
pub(super) fn send(
    plan: &mut Plan,
    subject: &Subject,
    account: &AccountId,
    vpc_endpoints: &BTreeMap<VpcEndpointId, bool>,
    told: &Told,
    question: &Question,
) {
    for announced in [true, false] {
        let ids: Vec<_> = vpc_endpoints.iter().filter(|(_, alive)| **alive == announced).collect();
        for ids in Limit::IntentSubjects.split(&ids) {
            let ids = ids.iter().map(|(id, _)| (*id).clone()).collect();
            let intent = intent_of(account, &ids, announced, told, question);
            let step = Step::SendIntent { intent, delay_seconds: 0 };
            plan.push(subject.clone(), "their VPCs are to be looked at", vec![step]);
        }
    }
}

pub(super) fn intent_of(
    account: &AccountId,
    vpc_endpoints: &BTreeSet<VpcEndpointId>,
    announced: bool,
    told: &Told,
    question: &Question,
) -> Intent {
    let gone: BTreeSet<_> = told.gone.intersection(vpc_endpoints).cloned().collect();
    Intent {
        account: account.clone(),
        vpc_endpoints: vpc_endpoints.clone(),
        vpcs: BTreeSet::new(),
        announced,
        reviewed: told.reviewed.clone(),
        gone: (!gone.is_empty()).then_some(Gone { seen: question.now, vpc_endpoints: gone }),
        message: None,
        attempt: 0,
        priority: match question.send_on {
            SendOn::Named(_) => Priority::Event,
            SendOn::All => Priority::Sweep,
        },
        edit: None,
        cause: question.cause.to_owned(),
        since: question.since,
        run: None,
    }
}
