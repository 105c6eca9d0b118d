//! What a group does to a record, read off its steps: the announcement says what stood there and what comes.

use super::steps::{Group, Step};
use crate::model::claim::{Claim, Pending};

/// The change of one name in one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordChange {
    /// Nothing stood there before.
    pub creates: bool,
    /// Nothing is to stand there afterwards.
    pub deletes: bool,
    /// What stood there was not what had been confirmed: the claim that announces it says so.
    pub repairs_drift: bool,
}

impl RecordChange {
    /// In one word, as Route 53 would call it.
    #[must_use]
    pub fn action(self) -> &'static str {
        match self {
            RecordChange { deletes: true, .. } => "DELETE",
            RecordChange { creates: true, .. } => "CREATE",
            RecordChange { .. } => "REPLACE",
        }
    }

    fn announced(claim: &Claim, expects: Option<u64>, pending: &Pending) -> Self {
        RecordChange {
            creates: pending.from.is_empty(),
            deletes: pending.to.is_empty(),
            // The first claim on a record knows nothing that it could have drifted from.
            repairs_drift: expects.is_some() && claim.repairs.last() == Some(pending.announced()),
        }
    }
}

impl Group {
    /// The change of a record that this group makes, if it makes one, and which of its steps makes it.
    #[must_use]
    pub fn record_change(&self) -> Option<(RecordChange, usize)> {
        let place = self.steps.iter().position(|step| matches!(step, Step::ChangeRecords { .. }))?;
        let announced = self.steps.iter().take(place).find_map(|step| match step {
            Step::PutClaim { claim, expects, .. } => {
                claim.pending.as_ref().map(|pending| RecordChange::announced(claim, *expects, pending))
            }
            _ => None,
        });
        announced.map(|change| (change, place))
    }
}
