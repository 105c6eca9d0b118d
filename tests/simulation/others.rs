//! Somebody else who writes a record again and again: another controller, with a mark or without one, or another stack.

use std::collections::BTreeSet;

use shared::model::claim::{Claim, Origin};
use shared::model::hold::{Hold, HoldReason};
use shared::model::mark::Mark;
use shared::model::record::{Addresses, RecordKey, SeenRecords};
use shared::model::repairs::Repairs;

use super::events::record_changed;
use super::route53::Slot;
use super::setting::id;
use super::world::World;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const CALLER: &str = "arn:aws:sts::444455556666:assumed-role/external-dns/1700000000";

/// Who writes one record, and how often.
pub(crate) struct Writer {
    key: RecordKey,
    wants: Wants,
    every: i64,
    next: i64,
    left: i64,
}

/// What somebody else wants to stand there.
#[derive(Debug, Clone, Copy)]
enum Wants {
    /// Its own addresses.
    Addresses,
    /// Its own addresses, and its mark beside them.
    Marked,
    /// Nothing.
    Nothing,
    /// What stands there, under another TTL.
    Ttl,
}

impl World {
    /// Whether one VPC has adopted what a person had made, and another that the zone answers gives nothing to it: nobody
    /// tells that one.
    pub(crate) fn waits_behind_an_adoption(&self, key: &RecordKey) -> bool {
        let Some(claim) = self.table.claim(key).filter(|claim| claim.origin == Origin::Adopted) else {
            return false;
        };
        let given = claim.vpcs();
        self.route53.zones.get(&key.zone).is_some_and(|zone| zone.vpcs.iter().any(|vpc| !given.contains(vpc)))
    }

    /// Begins now and then, where that is to happen at all.
    pub(crate) fn somebody_begins_to_write(&mut self) {
        if !self.others_write || self.writer.is_some() || !self.random.one_in(2) {
            return;
        }
        // Of what is ours, if anything is.
        let mut keys: Vec<_> = self.table.claims().map(|claim| claim.key.clone()).collect();
        if self.random.one_in(8) {
            keys = self.keys();
        }
        if keys.is_empty() {
            return;
        }
        let key = self.random.pick(&keys).clone();
        let wants = *self.random.pick(&[Wants::Addresses, Wants::Marked, Wants::Nothing, Wants::Ttl]);
        let every = self.random.between(20_000, 3 * MINUTE);
        let left = self.random.between(3, 20);
        self.note(|| format!("somebody begins to write {key}: {wants:?} each {every} ms, {left} times"));
        self.writer = Some(Writer { key, wants, every, next: self.now, left });
    }

    /// Lets time pass until somebody else writes again.
    pub(crate) fn waits_for_the_writer(&mut self) {
        let next = self.writer.as_ref().map_or(self.now, |writer| writer.next);
        self.pass(next - self.now);
    }

    /// Somebody else makes the record what it is to be, if it is not, when that is due.
    pub(crate) fn somebody_writes(&mut self) {
        let Some(mut writer) = self.writer.take_if(|writer| writer.next <= self.now) else { return };
        let before = self.route53.slots.get(&writer.key).map(|slot| slot.seen.clone()).unwrap_or_default();
        let after = writer.wants.of(&before);
        let account = self.route53.zones.get(&writer.key.zone).and_then(|zone| zone.account().cloned());
        if let Some(account) = account.filter(|_| after != before) {
            self.tally.count("records written by others");
            self.note(|| format!("somebody makes {} answer {}", writer.key, after.addresses()));
            let slot = Slot { seen: after, by_a_person: true, touched: Some(self.now) };
            self.route53.slots.insert(writer.key.clone(), slot);
            let event = record_changed(self, &writer.key, &account, CALLER);
            self.emit(&event);
        }
        (writer.next, writer.left) = (self.now + writer.every, writer.left - 1);
        self.writer = (writer.left > 0).then_some(writer);
    }

    /// Nobody else writes any more, and of two installations one takes its marks along.
    pub(crate) fn writer_stops(&mut self) {
        if !self.others_write {
            return;
        }
        self.writer = None;
        if self.random.one_in(2) {
            return;
        }
        let now = self.now;
        for slot in self.route53.slots.values_mut().filter(|slot| slot.seen.mark.is_some()) {
            (slot.seen.mark, slot.touched) = (None, Some(now));
            *self.tally.0.entry("marks removed").or_default() += 1;
        }
    }

    /// Notes what we make of a record, and judges how often we make the same again.
    pub(crate) fn check_repair(&mut self, key: &RecordKey, before: &SeenRecords, after: &SeenRecords) {
        let sets = |seen: &SeenRecords| (seen.a.clone(), seen.aaaa.clone());
        let (made, again) = self.made.entry(key.clone()).or_default();
        if sets(made) != sets(after) {
            *made = after.clone();
        } else if sets(made) != sets(before) {
            again.push(self.now);
        }
        // Of one whose answer is lost and which is overwritten by the same again, nobody knows that it was made: those
        // do not count, and in a schedule of many lost answers they are as many as the others, or twice that.
        if self.repairs_within(key, 1) > 3 * Repairs::MOST {
            self.violation(format!("{key} is repaired again and again"));
        }
    }

    /// How often we have made the same again of a record in these last hours.
    pub(crate) fn repairs_within(&self, key: &RecordKey, hours: i64) -> usize {
        let all = self.made.get(key).into_iter().flat_map(|(_, again)| again);
        all.filter(|at| self.now - **at < hours * HOUR).count()
    }

    /// What is left as contended: held, and where a closer zone answers, without a word.
    pub(crate) fn contended(&self) -> Vec<String> {
        let contended = |hold: &&Hold| matches!(hold.reason, HoldReason::Contended { .. });
        let held = self.table.holds().filter(contended).map(|hold| hold.subject.to_string());
        let rests = |claim: &&Claim| claim.repairs.rest(self.timestamp()).is_some();
        let resting = self.table.claims().filter(rests).map(|claim| claim.key.to_string());
        held.chain(resting).collect()
    }
}

impl Wants {
    fn of(self, before: &SeenRecords) -> SeenRecords {
        let set = |addresses: &Addresses, ttl| {
            SeenRecords::default()
                .apply(&SeenRecords::default().changes_to(addresses, ttl))
                .unwrap_or_default()
        };
        let own = Addresses { a: BTreeSet::from([id("192.0.2.77")]), ..Addresses::default() };
        match self {
            Wants::Addresses => set(&own, 300),
            Wants::Marked => {
                let mark = Mark { controller: "external-dns".into(), owner: Some("blue".into()) };
                SeenRecords { mark: Some(mark), ..set(&own, 300) }
            }
            Wants::Nothing => SeenRecords::default(),
            Wants::Ttl => {
                SeenRecords { incompatible: before.incompatible.clone(), ..set(&before.addresses(), 300) }
            }
        }
    }
}
