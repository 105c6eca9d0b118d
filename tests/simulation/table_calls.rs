//! What DynamoDB and SQS answer, and what writes to them do.

use jiff::{SignedDuration, Timestamp};
use shared::cloud::{Batch, Order, Row};
use shared::limits::Limit;
use shared::model::hold::Hold;
use shared::model::ids::{AccountId, ServiceId};
use shared::model::listed::Page;
use shared::model::policy::Removal;
use shared::model::rate::LONGEST_DELAY;
use shared::model::record::RecordKey;
use shared::model::table::{BucketUpdate, Item, Key, Partition, RunUpdate, Write};
use shared::trigger::intent::{Intent, Message};

use super::observations::Observations;
use super::queue::Job;
use super::table::ConditionFailed;
use super::world::World;

impl World {
    pub(crate) fn query(
        &mut self,
        pk: &str,
        begins: &str,
        order: Order,
        page: Option<&str>,
        seen: &mut Observations,
    ) -> Page<Row> {
        let items = self.table.partition(pk, begins);
        seen.see_items(items.iter().map(|(_, item)| item));
        let row = |(sk, item): (String, Item)| (sk.clone(), Row { sk, item: Ok(item) });
        let mut rows: Vec<_> = items.into_iter().map(row).collect();
        if order == Order::Descending {
            rows.reverse();
            for (key, _) in &mut rows {
                *key = backwards(key);
            }
        }
        self.page(rows, page)
    }

    pub(crate) fn batch_get(&mut self, keys: &[Key], seen: &mut Observations) -> Batch {
        let doubled = (1..keys.len()).any(|at| keys[..at].contains(&keys[at]));
        if doubled || keys.is_empty() || keys.len() > Limit::BatchGetKeys.most() {
            self.violation(format!("DynamoDB refuses a batch of {keys:?}"));
        }
        let rate = self.faults.unprocessed;
        let cut = keys.len() > 1 && self.random.one_in(rate);
        let count = if cut { 1 + self.random.below(keys.len() - 1) } else { keys.len() };
        if cut {
            self.tally.count("batches with unprocessed keys");
        }
        let (asked, rest) = keys.split_at(count);
        let found = asked.iter().filter_map(|key| Some((key.sk.clone(), self.table.get(key)?.clone())));
        let found: Vec<_> = found.collect();
        seen.see_items(found.iter().map(|(_, item)| item));
        let rows = found.into_iter().map(|(sk, item)| Row { sk, item: Ok(item) }).collect();
        Batch { rows, unprocessed: rest.to_vec() }
    }

    /// Writes to the table, all or none.
    pub(crate) fn write(&mut self, writes: &[Write], seen: &mut Observations) -> Result<(), ConditionFailed> {
        let claim = writes.iter().find_map(claim_of);
        let before = claim.as_ref().and_then(|key| self.table.claim(key).cloned());
        let zone_claim = writes.first().and_then(|write| self.zone_claim_of(write));
        let wrong = self.table.write(writes).inspect_err(|_| {
            if claim.is_some() {
                self.tally.count("races lost");
            }
        })?;
        if let Some(wrong) = wrong {
            self.violation(wrong);
        }
        if writes.len() > 1 || claim.is_some() {
            self.check_transaction(writes);
            self.check_references();
        }
        self.check_zone_claims(writes, zone_claim.as_ref());
        for write in writes {
            match write {
                Write::Put(_, Item::Claim(claim), _) => {
                    self.check_claim(claim, before.as_ref(), seen);
                    seen.announce(claim, before.clone(), self.timestamp());
                }
                Write::Put(_, Item::Hold(hold), _) => self.count_hold(hold),
                Write::Put(_, Item::Endpoint(stored), _) => self.check_memory(stored, seen),
                _ => {}
            }
        }
        if let (Some(Write::Delete(..)), Some(before)) = (writes.first(), &before) {
            self.check_release(before, seen);
            self.given_away(&before.key, &before.service);
        }
        Ok(())
    }

    fn count_hold(&mut self, hold: &Hold) {
        use shared::model::hold::HoldReason;
        match hold.reason {
            HoldReason::Route53Refused { .. } => self.tally.count("refusals held"),
            HoldReason::Contended { .. } => self.tally.count("records left as contended"),
            HoldReason::ForeignController { .. } => self.tally.count("records left for their mark"),
            _ => {}
        }
    }

    /// DynamoDB refuses a transaction that writes one item twice.
    fn check_transaction(&mut self, writes: &[Write]) {
        let key = |write: &Write| match write {
            Write::Put(key, ..) | Write::Delete(key, _) => (key.partition.pk(), key.sk.clone()),
            Write::CountZone(account, _) => (Key::zone_count(account).partition.pk(), String::new()),
        };
        let keys: Vec<_> = writes.iter().map(key).collect();
        if (1..keys.len()).any(|at| keys[..at].contains(&keys[at])) || keys.len() > 100 {
            self.violation(format!("DynamoDB refuses a transaction of {keys:?}"));
        }
    }

    /// What a removed definition leaves standing is nobody's of ours from its release on.
    fn given_away(&mut self, key: &RecordKey, service: &ServiceId) {
        let definition = self.policy.services.get(service).or_else(|| self.lost.get(service));
        let kept = definition.is_some_and(|definition| definition.removed == Some(Removal::KeepRecords));
        if let Some(slot) = self.route53.slots.get_mut(key).filter(|_| kept) {
            slot.by_a_person = true;
        }
    }

    pub(crate) fn update_bucket(
        &mut self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
        seen: &mut Observations,
    ) -> Result<Option<Timestamp>, ConditionFailed> {
        let updated = self.table.update_bucket(account, update, expires_at)?;
        let reserved = match update {
            _ if updated.is_some() => {
                seen.disturbed = true;
                self.tally.count("buckets that others use");
                return Ok(updated);
            }
            // A bucket that is emptied gives nothing; one that is set back from where a wrong clock has left it
            // takes nothing.
            BucketUpdate::FullAt { full_at, at_most } => {
                full_at.duration_since(at_most).max(SignedDuration::ZERO)
            }
            BucketUpdate::FullLater { cost, .. } => cost,
            BucketUpdate::TurnAt { .. } | BucketUpdate::TurnLater { .. } => {
                self.tally.count("turns taken");
                return Ok(updated);
            }
        };
        let each = self.rate.cost(1).as_micros().max(1);
        let requests = i64::try_from(reserved.as_micros() / each).unwrap_or_default();
        *seen.reserved.entry(account.clone()).or_default() += requests;
        Ok(updated)
    }

    pub(crate) fn update_run(
        &mut self,
        run: &str,
        update: &RunUpdate,
        seen: &mut Observations,
    ) -> Result<(), ConditionFailed> {
        match update {
            RunUpdate::CountRemoval { .. } => {}
            RunUpdate::UncountRemoval => return self.uncount_removal(run, seen),
            RunUpdate::End(_) => return self.table.update_run(run, update),
        }
        if !seen.runs.iter().flatten().any(|of| of == run) {
            self.violation(format!("a removal is counted for run {run}, of which no message is"));
        }
        self.table.update_run(run, update).inspect_err(|_| self.tally.count("removals held"))?;
        *seen.removals.entry(run.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Only what was counted and not made is taken back.
    fn uncount_removal(&mut self, run: &str, seen: &mut Observations) -> Result<(), ConditionFailed> {
        match seen.removals.get_mut(run).filter(|counted| **counted > 0) {
            Some(counted) => *counted -= 1,
            None => self.violation(format!("run {run} counts a removal less, and it was made")),
        }
        self.tally.count("removals uncounted");
        self.table.update_run(run, &RunUpdate::UncountRemoval)
    }

    pub(crate) fn send_message(&mut self, intent: &Intent, delay_seconds: i32) {
        let delay = i64::from(delay_seconds);
        if !(0..=LONGEST_DELAY.as_secs()).contains(&delay) {
            self.violation(format!("SQS refuses a delay of {delay} seconds"));
        }
        let early = self.random.between(0, 1_000);
        let at = self.now + (delay * 1_000 - early).max(0);
        let body = serde_json::to_string(&Message::Reconcile(intent.clone())).unwrap();
        let run = intent.run.as_ref().map(|run| run.run.clone());
        self.queue.send(Job::Message { body, run, words: intent.to_string() }, at);
    }
}

/// Sort keys in the opposite order.
fn backwards(key: &str) -> String {
    key.bytes().map(|byte| char::from(255 - byte)).collect()
}

/// The claim that a write is about.
fn claim_of(write: &Write) -> Option<RecordKey> {
    let (Write::Put(key, ..) | Write::Delete(key, _)) = write else { return None };
    let Partition::Claims(zone) = &key.partition else { return None };
    Some(RecordKey { zone: zone.clone(), name: key.sk.parse().ok()? })
}

/// Whether a sweep over a world in order may write so: about itself, its messages, and what is gone and forgotten.
pub(crate) fn is_upkeep(key: &Key, item: Option<&Item>) -> bool {
    let gone = |item| matches!(item, Item::Endpoint(stored) if stored.state.is_none() && stored.addresses.is_empty());
    matches!(key.partition, Partition::Runs | Partition::Parts(_)) || item.cloned().is_some_and(gone)
}

/// A write in words.
pub(crate) fn shown(write: &Write) -> String {
    match write {
        Write::Put(key, item, condition) => {
            let what = match item {
                Item::Claim(claim) => {
                    let (version, pending) = (claim.version, claim.pending.as_ref());
                    let pending = pending.map(|p| format!(" pending {} until {}", p.to, p.until));
                    format!("version {version} confirmed {}{}", claim.confirmed, pending.unwrap_or_default())
                }
                Item::ZoneClaim(claim) => {
                    format!("version {} {:?} {}", claim.version, claim.state, claim.caller_reference)
                }
                Item::Hold(hold) => hold.reason.to_string(),
                Item::Endpoint(stored) => format!("{:?} {}", stored.state, stored.addresses),
                _ => String::new(),
            };
            format!("put {}/{} if {condition:?} {what}", key.partition.pk(), key.sk)
        }
        Write::Delete(key, condition) => format!("delete {}/{} if {condition:?}", key.partition.pk(), key.sk),
        Write::CountZone(account, step) => format!("zones of {account} {step:?}"),
    }
}
