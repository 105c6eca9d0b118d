//! What was planned, part by part.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shared::model::ids::VpcId;
use shared::model::policy::Policy;
use shared::plan::Plan;
use shared::plan::digest::PlanContent;
use shared::trigger::intent::Intent;

use super::unread::Unread;

/// What is planned for a selection.
pub(crate) struct Planning {
    pub(crate) policy: Policy,
    pub(crate) parts: Vec<Planned>,
    /// What could not be read. The others are planned all the same.
    pub(crate) unread: Vec<Unread>,
}

/// The plan of one look: at a few VPCs of an account, or at a service.
pub(crate) struct Planned {
    pub(crate) at: Timestamp,
    pub(crate) about: About,
    pub(crate) plan: Plan,
}

/// What a plan is about.
pub(crate) enum About {
    /// The connections of a service, the definitions of the table, or the accounts that are left.
    Provider(String),
    /// VPCs of an account, and where to look to see them again.
    Vpcs { vpcs: BTreeSet<VpcId>, intent: Box<Intent> },
}

impl Planning {
    /// What all of it comes to.
    pub(crate) fn content(&self) -> PlanContent {
        PlanContent::of(self.parts.iter().map(|part| &part.plan))
    }
}
