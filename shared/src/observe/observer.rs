//! An observer of the VPCs that an intent leads to: what it has read so far, and what it gives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::ec2::AccountEndpoints;
use crate::cloud::Cloud;
use crate::limits::Limit;
use crate::model::facts::{Denied, Facts, StoredEndpoint};
use crate::model::ids::{VpcEndpointId, VpcId};
use crate::model::policy::Policy;
use crate::model::rate::Priority;
use crate::quota::Reserved;
use crate::trigger::intent::Intent;
use crate::worker::Worker;

/// Observes the VPCs that an intent leads to, a few at a time.
pub struct AccountObserver<'a, C> {
    pub(super) worker: &'a Worker<C>,
    pub(super) policy: &'a Policy,
    pub(super) intent: &'a Intent,
    /// Route 53 requests that are reserved for these VPCs.
    pub(super) reserved: Reserved,
    pub(super) stored: BTreeMap<VpcEndpointId, StoredEndpoint>,
    pub(super) ec2: AccountEndpoints,
    /// When EC2 answered; none before it was asked.
    pub(super) read_at: Option<Timestamp>,
    /// The VPCs that were not observed yet.
    pub(super) left: BTreeSet<VpcId>,
    pub(super) over: bool,
    /// Why nothing can be read in the account, once that is known and the rest is looked at without it.
    pub(super) closed: Option<Denied>,
}

/// What was seen of some VPCs.
#[derive(Debug)]
pub struct Observed {
    /// None when there was no quota or no time to look at anything.
    pub facts: Option<Facts>,
    /// What is left to another message, if something is.
    pub deferred: Option<Deferred>,
}

/// What was not looked at, for want of quota or time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deferred {
    /// Endpoints whose VPCs are not known yet.
    pub vpc_endpoints: BTreeSet<VpcEndpointId>,
    /// VPCs.
    pub vpcs: BTreeSet<VpcId>,
    /// Seconds until it may be looked at.
    pub delay_seconds: i32,
}

impl Deferred {
    /// The intents that lead to it again, a hundred VPCs in each. Where nothing was looked at, what comes back is
    /// what came.
    #[must_use]
    pub fn intents(self, intent: &Intent) -> Vec<Intent> {
        let Deferred { vpc_endpoints, vpcs, .. } = self;
        if !vpc_endpoints.is_empty() || vpcs.is_empty() {
            return vec![Intent { vpc_endpoints, vpcs, ..intent.clone() }];
        }
        let vpcs: Vec<_> = vpcs.into_iter().collect();
        let some = Limit::IntentSubjects.split(&vpcs).map(|vpcs| vpcs.iter().cloned().collect());
        some.map(|vpcs| Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() }).collect()
    }
}

impl<'a, C: Cloud> AccountObserver<'a, C> {
    /// Begins to observe where `intent` points.
    #[must_use]
    pub fn new(worker: &'a Worker<C>, policy: &'a Policy, intent: &'a Intent) -> Self {
        Self {
            worker,
            policy,
            intent,
            reserved: Reserved::default(),
            stored: BTreeMap::new(),
            ec2: AccountEndpoints::default(),
            read_at: None,
            left: BTreeSet::new(),
            over: false,
            closed: None,
        }
    }

    /// The Route 53 requests that are reserved for these VPCs and not made yet.
    #[must_use]
    pub fn reserved(&self) -> &Reserved {
        &self.reserved
    }

    /// Whether a sweep led here.
    pub(super) fn is_sweep(&self) -> bool {
        self.intent.priority == Priority::Sweep
    }
}
