//! What is decided about one record, before it is written as steps.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::claim::Claim;
use crate::model::hold::HoldReason;
use crate::model::ids::VpcId;
use crate::model::record::{Change, RecordKey};

/// What becomes of one record, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// The row of the decision table.
    pub(super) reason: String,
    pub(super) effect: Effect,
    /// What stands in the way.
    pub(super) hold: Option<HoldReason>,
    /// When another worker's change is over.
    pub(super) look_again: Option<Timestamp>,
}

impl Decision {
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    pub(super) fn hold(reason: HoldReason) -> Self {
        Self { hold: Some(reason), ..Self::default() }
    }
}

/// What is done to the record sets of one name in one zone, and to its claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Effect {
    #[default]
    Nothing,
    /// The claim alone is written.
    Claim(Box<ClaimWrite>),
    /// A claim announces the change, the change is made, a claim confirms it.
    Change(Box<Announced>, Box<ClaimWrite>),
    /// A claim announces the removal, the record sets go, the claim goes.
    Remove(Box<Announced>, ClaimRelease),
    /// The claim goes, and the record sets stay as they are.
    Release(ClaimRelease),
}

impl Effect {
    pub(super) fn claim(write: ClaimWrite) -> Self {
        Self::Claim(Box::new(write))
    }

    /// Whether it writes record sets.
    pub(super) fn changes_records(&self) -> bool {
        matches!(self, Effect::Change(..) | Effect::Remove(..))
    }

    /// Whether the claim goes.
    pub(super) fn releases(&self) -> bool {
        matches!(self, Effect::Release(_) | Effect::Remove(..))
    }
}

/// A change of record sets, and the claim that announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) announce: ClaimWrite,
    pub(super) changes: Vec<Change>,
    /// The request must end before this moment.
    pub(super) until: Timestamp,
    pub(super) put_back: PutBack,
}

/// What becomes of the claim when it is certain that the announced change was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PutBack {
    /// It says again what it said before.
    Write(Box<ClaimWrite>),
    /// There was none before.
    Release(ClaimRelease),
}

/// A claim as it is to be, and what it is written over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClaimWrite {
    pub(super) claim: Claim,
    /// The version that must stand there; none when no claim may.
    pub(super) expects: Option<u64>,
    /// VPCs that get a reference.
    pub(super) joins: BTreeSet<VpcId>,
    /// VPCs that lose theirs.
    pub(super) leaves: BTreeSet<VpcId>,
}

/// A claim that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClaimRelease {
    pub(super) key: RecordKey,
    /// The version that must stand there.
    pub(super) expects: u64,
    /// VPCs that lose their reference.
    pub(super) leaves: BTreeSet<VpcId>,
}
