//! The transactions of claims: the claim on condition of its version, the references by which VPCs find it, and
//! what the index says of it, all or none.

use std::collections::BTreeSet;

use crate::model::claim::Claim;
use crate::model::ids::VpcId;
use crate::model::record::RecordKey;
use crate::model::table::{Condition, Key, Write};

/// Writes a claim over the version `expects`; over none when no claim may stand there.
pub(super) fn put(
    claim: &Claim,
    expects: Option<u64>,
    joins: &BTreeSet<VpcId>,
    leaves: &BTreeSet<VpcId>,
) -> Vec<Write> {
    let condition = expects.map_or(Condition::Absent, Condition::Version);
    let mut writes = vec![Write::Put(Key::claim(&claim.key), claim.clone().into(), condition)];
    for vpc in joins {
        let reference = Key::reference(vpc, &claim.key);
        writes.push(Write::Put(reference, claim.key.clone().into(), Condition::None));
    }
    for vpc in leaves {
        writes.push(Write::Delete(Key::reference(vpc, &claim.key), Condition::None));
    }
    let moves = expects.is_none() || !joins.is_empty() || !leaves.is_empty();
    if let Some(indexed) = claim.indexed().filter(|_| moves) {
        writes.push(Write::Put(Key::indexed_claim(&claim.key), indexed.into(), Condition::None));
    }
    if claim.released.is_some() {
        // A mark claims nothing: no sweep has anything to do for it, and no service ends with it.
        writes.push(Write::Delete(Key::indexed_claim(&claim.key), Condition::None));
    }
    writes
}

/// Deletes the claim of the version `expects`, and all that leads to it.
pub(super) fn release(key: &RecordKey, expects: u64, leaves: &BTreeSet<VpcId>) -> Vec<Write> {
    let mut writes = vec![
        Write::Delete(Key::claim(key), Condition::Version(expects)),
        Write::Delete(Key::indexed_claim(key), Condition::None),
    ];
    writes.extend(leaves.iter().map(|vpc| Write::Delete(Key::reference(vpc, key), Condition::None)));
    writes
}
