//! The transactions of claims: the claim on condition of its version, the references by which VPCs find it, and
//! what the index says of it, all or none.
//!
//! A claim that many VPCs share has more references than one transaction takes. Then claim and index go first, and the
//! references in further transactions, each on condition that the claim is still as the first has left it. In this
//! order nothing is ever out of reach: a claim that names a VPC has that VPC's reference, and the index leads to each
//! claim. A crash in between leaves references of VPCs that have nothing in the claim any more: they cost a key of
//! a read, and mislead nobody.

use std::collections::BTreeSet;

use crate::cloud::Cloud;
use crate::error::Error;
use crate::limits::Limit;
use crate::model::claim::Claim;
use crate::model::dns::DnsName;
use crate::model::ids::{AccountId, VpcId};
use crate::model::record::RecordKey;
use crate::model::table::{Condition, Key, Write, ZoneStep};
use crate::model::zone_claim::ZoneClaim;

/// What is written of a claim, transaction by transaction.
#[derive(Debug)]
pub(super) struct Transactions {
    /// What decides: the claim, and all else if it fits.
    first: Vec<Write>,
    /// The references that do not, each time on condition of the claim.
    rest: Vec<Vec<Write>>,
}

/// Writes a claim over the version `expects`; over none when no claim may stand there. Those that join are of one pass,
/// and few.
pub(super) fn put(
    claim: &Claim,
    expects: Option<u64>,
    joins: &BTreeSet<VpcId>,
    leaves: &BTreeSet<VpcId>,
) -> Transactions {
    let condition = expects.map_or(Condition::Absent, Condition::Version);
    let mut first = vec![Write::Put(Key::claim(&claim.key), claim.clone().into(), condition)];
    for vpc in joins {
        let reference = Key::reference(vpc, &claim.key);
        first.push(Write::Put(reference, claim.key.clone().into(), Condition::None));
    }
    let moves = expects.is_none() || !joins.is_empty() || !leaves.is_empty();
    if let Some(indexed) = claim.indexed().filter(|_| moves) {
        first.push(Write::Put(Key::indexed_claim(&claim.key), indexed.into(), Condition::None));
    }
    if claim.released.is_some() {
        // A mark claims nothing: no sweep has anything to do for it, and no service ends with it.
        first.push(Write::Delete(Key::indexed_claim(&claim.key), Condition::None));
    }
    let mut version = claim.version;
    with_references(first, &claim.key, leaves, || {
        // What an announced change waits for is this very version: its references stay.
        claim.pending.is_none().then(|| {
            let over = Condition::Version(version);
            version += 1;
            Write::Put(Key::claim(&claim.key), Claim { version, ..claim.clone() }.into(), over)
        })
    })
}

/// Deletes the claim of the version `expects`, and all that leads to it.
pub(super) fn release(key: &RecordKey, expects: u64, leaves: &BTreeSet<VpcId>) -> Transactions {
    let first = vec![
        Write::Delete(Key::claim(key), Condition::Version(expects)),
        Write::Delete(Key::indexed_claim(key), Condition::None),
    ];
    // Deletes nothing, and fails when there is a claim again.
    with_references(first, key, leaves, || Some(Write::Delete(Key::claim(key), Condition::Absent)))
}

/// Writes a claim on a zone over the version `expects`; over none when no claim may stand there. A new one is counted:
/// at most `at_most` live in the account. No claim may stand on the records in `unclaimed`.
pub(super) fn put_zone(
    claim: &ZoneClaim,
    expects: Option<u64>,
    at_most: u32,
    unclaimed: &BTreeSet<RecordKey>,
) -> Vec<Write> {
    let condition = expects.map_or(Condition::Absent, Condition::Version);
    let key = Key::zone_claim(&claim.vpc, &claim.domain);
    let mut writes = vec![Write::Put(key, claim.clone().into(), condition)];
    if expects.is_none() {
        let indexed = Key::indexed_zone_claim(&claim.vpc, &claim.domain);
        writes.push(Write::Put(indexed, claim.indexed().into(), Condition::None));
        writes.push(Write::CountZone(claim.account.clone(), ZoneStep::Up { at_most }));
    }
    // Each deletes nothing, and fails when there is a claim.
    writes.extend(unclaimed.iter().map(|key| Write::Delete(Key::claim(key), Condition::Absent)));
    writes
}

/// Deletes the claim on a zone of the version `expects`, and all that leads to it.
pub(super) fn release_zone(vpc: &VpcId, account: &AccountId, domain: &DnsName, expects: u64) -> Vec<Write> {
    vec![
        Write::Delete(Key::zone_claim(vpc, domain), Condition::Version(expects)),
        Write::Delete(Key::indexed_zone_claim(vpc, domain), Condition::None),
        Write::CountZone(account.clone(), ZoneStep::Down),
    ]
}

/// Adds the references that go: to the first transaction if all fit, or else behind it, each with a `guard`.
fn with_references(
    mut first: Vec<Write>,
    key: &RecordKey,
    leaves: &BTreeSet<VpcId>,
    mut guard: impl FnMut() -> Option<Write>,
) -> Transactions {
    let gone = leaves.iter().map(|vpc| Write::Delete(Key::reference(vpc, key), Condition::None));
    let gone: Vec<_> = gone.collect();
    // One is left for the claim on the zone.
    if first.len() + gone.len() < Limit::TransactItems.most() {
        first.extend(gone);
        return Transactions { first, rest: Vec::new() };
    }
    let guarded = |some: &[Write]| Some([guard()?].into_iter().chain(some.iter().cloned()).collect());
    let rest = Limit::TransactItems.split_beside(1, &gone).map_while(guarded).collect();
    Transactions { first, rest }
}

impl Transactions {
    /// The same for a claim that comes into a zone that was made: the claim on the zone must be as it was seen. It is
    /// written once more as it is, which changes nothing, and needs no right that the worker does not have already.
    pub(super) fn into(mut self, zone: Option<&ZoneClaim>) -> Self {
        self.first.extend(zone.map(|claim| {
            let key = Key::zone_claim(&claim.vpc, &claim.domain);
            Write::Put(key, claim.clone().into(), Condition::Version(claim.version))
        }));
        self
    }

    /// Writes them in order. Once the first is done, a condition that does not hold means that others have gone on with
    /// the claim: then the references are theirs.
    pub(super) async fn write<C: Cloud>(&self, cloud: &C, key: &RecordKey) -> Result<(), Error> {
        let subject = key.to_string();
        cloud.transact_write_items(&subject, &self.first).await?;
        for some in &self.rest {
            match cloud.transact_write_items(&subject, some).await {
                Err(error) if error.is_condition_failed() => return Ok(()),
                written => written?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn vpcs(count: usize) -> BTreeSet<VpcId> {
        (0..count).map(|number| id(&format!("vpc-{number:08x}"))).collect()
    }

    fn key() -> RecordKey {
        RecordKey { zone: id("Z1"), name: id("*.example.com") }
    }

    fn sizes(transactions: &Transactions) -> Vec<usize> {
        [&transactions.first].into_iter().chain(&transactions.rest).map(Vec::len).collect()
    }

    #[test]
    fn claim_of_few_vpcs_is_released_whole() {
        assert_eq!(sizes(&release(&key(), 7, &vpcs(97))), [99]);
    }

    #[test]
    fn claim_of_many_vpcs_is_released_with_its_index_and_its_references_follow_on_condition_that_it_is_gone()
    {
        let transactions = release(&key(), 7, &vpcs(250));
        assert_eq!(sizes(&transactions), [2, 100, 100, 53]);
        let guard = Write::Delete(Key::claim(&key()), Condition::Absent);
        assert!(transactions.rest.iter().all(|some| some.first() == Some(&guard)));
    }
}
