//! The DynamoDB table, with the conditions on which items are written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::claim::{Claim, IndexedClaim};
use shared::facts::{Place, StoredEndpoint, Wait};
use shared::hold::{Hold, HoldReason, Subject};
use shared::ids::{ServiceId, VpcEndpointId, VpcId};
use shared::record::RecordKey;

/// A condition did not hold.
#[derive(Debug)]
pub(crate) struct ConditionFailed;

/// The item of a waiting chain.
#[derive(Debug, Clone)]
struct WaitItem {
    wait: Wait,
    turn: Timestamp,
    expires_at: i64,
}

#[derive(Default)]
pub(crate) struct Table {
    pub(crate) claims: BTreeMap<RecordKey, Claim>,
    pub(crate) references: BTreeSet<(VpcId, RecordKey)>,
    /// The index of claims.
    pub(crate) indexed: BTreeMap<RecordKey, IndexedClaim>,
    /// How many removals each run has reserved.
    runs: BTreeMap<String, u32>,
    pub(crate) endpoints: BTreeMap<(ServiceId, VpcEndpointId), StoredEndpoint>,
    /// By the subject's text, which is how they are asked for.
    holds: BTreeMap<String, Hold>,
    waits: BTreeMap<VpcEndpointId, WaitItem>,
    /// Every version that a claim ever had, those of claims that were released included.
    versions: BTreeSet<(RecordKey, u64)>,
}

impl Table {
    pub(crate) fn holds(&self, scope: &str) -> BTreeMap<Subject, HoldReason> {
        let of_scope = self.holds.range(scope.to_owned()..).take_while(|(text, _)| text.starts_with(scope));
        of_scope.map(|(_, hold)| (hold.subject.clone(), hold.reason.clone())).collect()
    }

    pub(crate) fn hold(&self, subject: &Subject) -> Option<&HoldReason> {
        self.holds.get(&subject.to_string()).map(|hold| &hold.reason)
    }

    /// `attribute_not_exists(pk) OR reason <> :reason`.
    pub(crate) fn put_hold(&mut self, hold: Hold) -> Result<(), ConditionFailed> {
        if self.hold(&hold.subject) == Some(&hold.reason) {
            return Err(ConditionFailed);
        }
        self.holds.insert(hold.subject.to_string(), hold);
        Ok(())
    }

    /// `attribute_exists(pk)`.
    pub(crate) fn delete_hold(&mut self, subject: &Subject) -> Result<(), ConditionFailed> {
        self.holds.remove(&subject.to_string()).map(drop).ok_or(ConditionFailed)
    }

    pub(crate) fn wait(&self, vpc_endpoint: &VpcEndpointId) -> Option<Wait> {
        self.waits.get(vpc_endpoint).map(|item| item.wait.clone())
    }

    /// `attribute_not_exists(pk) OR due <= :limit OR turn = :turn`, moments in seconds.
    pub(crate) fn put_wait(
        &mut self,
        vpc_endpoint: &VpcEndpointId,
        wait: &Wait,
        not_due_after: Timestamp,
    ) -> Result<(), ConditionFailed> {
        if let Some(item) = self.waits.get(vpc_endpoint)
            && item.wait.due.as_second() > not_due_after.as_second()
            && item.turn != wait.due
        {
            return Err(ConditionFailed);
        }
        let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap();
        let stored = Wait { due: whole(wait.due), deadline: whole(wait.deadline), ..wait.clone() };
        let expires_at = wait.deadline.as_second() + 24 * 60 * 60;
        self.waits.insert(vpc_endpoint.clone(), WaitItem { wait: stored, turn: wait.due, expires_at });
        Ok(())
    }

    pub(crate) fn delete_wait(&mut self, vpc_endpoint: &VpcEndpointId) {
        self.waits.remove(vpc_endpoint);
    }

    /// One transaction: the claim on condition of its version, and the references. Says what is wrong with
    /// the version, if something is.
    pub(crate) fn put_claim(
        &mut self,
        claim: &Claim,
        expects: Option<u64>,
        joins: &BTreeSet<VpcId>,
        leaves: &BTreeSet<VpcId>,
    ) -> Result<Option<String>, ConditionFailed> {
        let before = self.claims.get(&claim.key).map(|claim| claim.version);
        if before != expects {
            return Err(ConditionFailed);
        }
        let grown = before.is_none_or(|before| claim.version > before);
        let fresh = self.versions.insert((claim.key.clone(), claim.version));
        self.claims.insert(claim.key.clone(), claim.clone());
        for vpc in joins {
            self.references.insert((vpc.clone(), claim.key.clone()));
        }
        for vpc in leaves {
            self.references.remove(&(vpc.clone(), claim.key.clone()));
        }
        let moves = expects.is_none() || !joins.is_empty() || !leaves.is_empty();
        self.indexed.extend(claim.indexed().filter(|_| moves).map(|indexed| (claim.key.clone(), indexed)));
        if claim.released.is_some() {
            self.indexed.remove(&claim.key);
        }
        let wrong =
            || format!("the claim on {} went from version {before:?} to {}", claim.key, claim.version);
        Ok((!grown || !fresh).then(wrong))
    }

    pub(crate) fn release_claim(
        &mut self,
        key: &RecordKey,
        expects: u64,
        leaves: &BTreeSet<VpcId>,
    ) -> Result<(), ConditionFailed> {
        if self.claims.get(key).map(|claim| claim.version) != Some(expects) {
            return Err(ConditionFailed);
        }
        self.claims.remove(key);
        self.indexed.remove(key);
        for vpc in leaves {
            self.references.remove(&(vpc.clone(), key.clone()));
        }
        Ok(())
    }

    /// `attribute_not_exists(deletes) OR deletes < :at_most`.
    pub(crate) fn reserve_deletion(&mut self, run: &str, at_most: u32) -> Result<(), ConditionFailed> {
        let deletes = self.runs.entry(run.to_owned()).or_default();
        if *deletes >= at_most {
            return Err(ConditionFailed);
        }
        *deletes += 1;
        Ok(())
    }

    /// The VPCs of which something is held.
    pub(crate) fn held_places(&self) -> BTreeSet<Place> {
        let holds = self.holds.values();
        holds.filter_map(|hold| hold.account.clone().zip(hold.subject.vpc().cloned())).collect()
    }

    /// DynamoDB's TTL.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let now = now.as_second();
        let stays = |at: Option<i64>| at.is_none_or(|at| at > now);
        self.endpoints.retain(|_, endpoint| stays(endpoint.expires_at));
        self.holds.retain(|_, hold| stays(hold.expires_at));
        self.waits.retain(|_, item| item.expires_at > now);
    }
}
