//! The model: one name in one zone, the claim in the table, workers, a person, endpoints that come and go.
//!
//! A worker is one message's delivery: it reads, plans, takes its steps, and once more after a lost race or a
//! refused change. Each of its reads and writes is one action of the model, and any other action may come
//! between two of them. A worker that crashes, or whose answer is lost, is one that never acts again: as the
//! properties hold in every state, they hold at every point between two steps. Its message's next delivery
//! is another worker.
//!
//! A request to Route 53 is on its way from the moment that it could be sent until it lands, as long as its
//! `until` is not past. Whether it was sent already is not told apart: what matters is when it lands, which
//! may be never. It is sent once. So it is not on its way any more once it was answered, and an answer that refuses
//! it is certain: then the worker puts its claim back.
//!
//! The clock counts minutes; a pending change's time is over with the next one. Two observations in the same
//! minute are still told apart, since a new claim takes its version from the clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use shared::model::policy::{Adopt, OnRemove};
use stateright::{Model, Property};

use crate::planner::Planner;
use crate::worker::{WORKERS, Worker};
use crate::world::{
    Author, Batch, Claim, FOREIGN, MOVED, NOTHING, ONE, Pending, Record, Set, Step, TWO, TYPES,
};

/// A record set that a person wrote is never deleted or overwritten, but where [`Protocol::may_change`] says so.
pub(crate) const PERSON: &str = "what a person wrote is left to that person";
/// There is one claim, and a batch takes effect only while it says: pending, from this, to that.
pub(crate) const ANNOUNCED: &str = "what lands is what the one claim announces";
/// Should everybody stop here, one undisturbed run later nothing of ours is lost, left over or stuck.
pub(crate) const SETTLES: &str = "wherever all stop, one undisturbed run makes it right";

/// What is checked, and how far.
#[derive(Clone)]
pub(crate) struct Setting {
    /// The VPC of each worker.
    pub(crate) workers: Vec<u8>,
    /// The VPC of each endpoint.
    pub(crate) vpc_of: [u8; 2],
    /// Whether the second VPC is the zone's owner's, and comes before the first one.
    pub(crate) owned: bool,
    pub(crate) adopt: Adopt,
    pub(crate) on_remove: OnRemove,
    /// How often the person acts, and what that person may write.
    pub(crate) edits: u8,
    pub(crate) writes: Vec<Record>,
    /// How often an endpoint comes, moves or goes, and whether there are two.
    pub(crate) moves: u8,
    pub(crate) both: bool,
    /// How many minutes pass.
    pub(crate) minutes: u8,
    /// How often Route 53 is not ready for a change, and says so.
    pub(crate) put_offs: u8,
    pub(crate) starts: Vec<Start>,
    pub(crate) broken: Option<Broken>,
}

/// How it begins, the first endpoint available.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start {
    /// Nothing stands at the name.
    Empty,
    /// The record is in sync and ours.
    Ours,
    /// The record is in sync, and stood there before us.
    Adopted,
    /// A person's record stands there.
    Foreign,
}

/// A protocol that is not ours: the check must find what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The claim says at once what it will say at the end.
    NoPending,
    /// The claim is released before the record is deleted.
    ReleasedFirst,
    /// Claims are written whatever version stands there.
    NoVersion,
    /// A request may land after `until`.
    Outlives,
    /// What is pending counts as done as soon as it is seen, though its time is not over.
    TrustedEarly,
    /// What was adopted counts as made by us as soon as a change is announced.
    OriginEarly,
    /// A claim is believed of a record that was read before it.
    RecordFirst,
    /// Claims that are made anew in the same minute begin with the same version.
    SameVersion,
    /// A claim is put back though nobody knows whether its change was made.
    PutBackUnanswered,
    /// A change whose answer is lost is sent again, and the answer to the second request is believed.
    SentTwice,
    /// What is pending counts as made whatever its TTL.
    AnyTtl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) minute: u8,
    /// How many observations were made.
    pub(crate) looks: u8,
    pub(crate) edits_left: u8,
    pub(crate) moves_left: u8,
    pub(crate) put_offs_left: u8,
    pub(crate) endpoints: [Set; 2],
    pub(crate) record: Record,
    /// What our last batch that moved addresses made of the record.
    pub(crate) made: Set,
    /// Of the A and the AAAA record set.
    pub(crate) authors: [Author; 2],
    pub(crate) claim: Option<Claim>,
    /// The VPCs that have a reference to the claim, as bits.
    pub(crate) references: u8,
    pub(crate) workers: [Worker; WORKERS],
    /// A person's record set was changed that should have been left.
    pub(crate) trespassed: bool,
    /// A batch took effect that no claim announces.
    pub(crate) unannounced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A worker's next read or step.
    Work(usize),
    /// A worker's request lands and its answer is lost. Only broken protocols go on after that.
    LandsUnheard(usize),
    /// A worker's request is not sent, because its time is over.
    OutOfTime(usize),
    /// Route 53 is not ready for a worker's request. Its message's next delivery is another worker.
    PutOff(usize),
    /// The person makes the record this.
    Person(Record),
    /// An endpoint comes, moves or goes.
    Endpoint(usize, Set),
    /// A minute passes.
    Minute,
}

/// All that decides how it ends once everybody has stopped.
pub(crate) type Rest = (Record, [Author; 2], Option<Claim>, u8, [Set; 2]);

#[derive(Clone)]
pub(crate) struct Protocol {
    pub(crate) setting: Setting,
    pub(crate) planner: Arc<Planner>,
    /// Whether it ends well, as far as that is known.
    pub(crate) ends: Arc<Mutex<HashMap<Rest, bool>>>,
}

impl Protocol {
    pub(crate) fn new(setting: Setting) -> Self {
        let planner = Planner::new(setting.vpc_of, setting.adopt, setting.on_remove, setting.owned);
        Self { setting, planner, ends: Arc::default() }
    }

    /// Whether anybody goes on after an answer was lost.
    fn loses_answers(&self) -> bool {
        self.is(Broken::PutBackUnanswered) || self.is(Broken::SentTwice)
    }

    pub(crate) fn is(&self, broken: Broken) -> bool {
        self.setting.broken == Some(broken)
    }

    fn start(&self, start: Start) -> State {
        let in_sync = Claim {
            contributions: [ONE, NOTHING],
            adopted: matches!(start, Start::Adopted),
            confirmed: ONE,
            pending: None,
            version: 0,
        };
        let (set, author, claim) = match start {
            Start::Empty => (NOTHING, Author::Us, None),
            Start::Ours => (ONE, Author::Us, Some(in_sync)),
            Start::Adopted => (ONE, Author::Person, Some(in_sync)),
            Start::Foreign => (FOREIGN, Author::Person, None),
        };
        let mut workers = [Worker::Over; WORKERS];
        for (worker, vpc) in workers.iter_mut().zip(&self.setting.workers) {
            *worker = Worker::Waiting { vpc: *vpc, second: false, refused: None };
        }
        workers.sort_unstable();
        State {
            minute: 0,
            looks: 0,
            edits_left: self.setting.edits,
            moves_left: self.setting.moves,
            put_offs_left: self.setting.put_offs,
            endpoints: [ONE, NOTHING],
            record: Record { set, ..Record::default() },
            made: if author == Author::Us { set } else { NOTHING },
            authors: [author, Author::Us],
            claim,
            references: claim.map_or(0, |claim| self.planner.vpcs(&claim)),
            workers,
            trespassed: false,
            unannounced: false,
        }
    }

    /// Whether a change that is announced now may take away what a person wrote.
    ///
    /// - To write other values, it may: when the claim that stood there until now had nothing pending, for then
    ///   the name is ours and what differs is drift; or when what is taken away are values that the claim
    ///   names, what it writes under our TTL. Otherwise only when the definition adopts any record, or to mend
    ///   the TTL of one that holds the right values. A change that was refused justifies nothing.
    /// - To remove, it may not, unless the definition removes what it adopted.
    ///
    /// What a person wrote with just the values that a claim names as ours is not a person's here: see
    /// [`Author::PersonAsWeWould`].
    pub(crate) fn may_change(&self, before: Option<&Claim>, batch: Batch) -> bool {
        let Pending { from, to, .. } = batch.announced;
        let adopts = self.setting.adopt == Adopt::Any || (from == to && self.setting.adopt != Adopt::Never);
        match before {
            None => adopts,
            Some(claim) if to == NOTHING => claim.adopted && self.setting.on_remove == OnRemove::Delete,
            Some(claim) => {
                claim.pending.is_none() || claim.names(from, Set::MAX, batch.delete_other_ttl) || adopts
            }
        }
    }

    fn actions_of_worker(&self, state: &State, n: usize, actions: &mut Vec<Action>) {
        let Worker::Acting { steps: [Some(Step::Change(batch)), ..], .. } = &state.workers[n] else {
            actions.push(Action::Work(n));
            return;
        };
        let in_time = state.minute < batch.announced.until;
        if in_time || self.is(Broken::Outlives) {
            actions.push(Action::Work(n));
            if self.loses_answers() && state.record.apply(*batch).is_some() {
                actions.push(Action::LandsUnheard(n));
            }
            if state.put_offs_left > 0 {
                actions.push(Action::PutOff(n));
            }
        }
        if !in_time {
            actions.push(Action::OutOfTime(n));
        }
    }
}

impl State {
    /// A batch reaches Route 53. Gives whether it was applied.
    pub(crate) fn land(&mut self, batch: Batch, may_change: bool) -> bool {
        let Some(after) = self.record.apply(batch) else { return false };
        let Pending { from, to, .. } = batch.announced;
        for (author, of_type) in self.authors.iter_mut().zip(TYPES) {
            let (delete, create) = (batch.delete & of_type, batch.create & of_type);
            self.trespassed |= delete != NOTHING && *author == Author::Person && !may_change;
            if delete != create {
                *author = Author::Us;
            } else if *author == Author::Person && from != to && after.set & of_type == to & of_type {
                // A and AAAA are one name: what stands beside a change as the claim names it is ours with it.
                // One whose TTL was mended, and nothing else, stays whose it was.
                *author = Author::PersonAsWeWould;
            }
        }
        self.record = after;
        if from != to {
            self.made = after.set;
        }
        let announced = self.claim.and_then(|claim| claim.pending);
        self.unannounced |= announced != Some(batch.announced);
        true
    }

    /// When what a person wrote is just what the claim names from now on, nobody can tell it from ours.
    pub(crate) fn liken(&mut self) {
        let Some(claim) = self.claim else { return };
        let announced = claim.pending.filter(|Pending { from, to, .. }| from != to && *to == self.record.set);
        let written = announced.is_some() && !self.record.other_ttl;
        // What is confirmed while another change is announced was seen before that: then we had made it.
        let confirmed = claim.pending.is_none() || self.made == claim.confirmed;
        let named = written || (confirmed && !claim.adopted && claim.confirmed == self.record.set);
        for author in &mut self.authors {
            if named && *author == Author::Person {
                *author = Author::PersonAsWeWould;
            }
        }
    }

    /// A claim was put back: what a person wrote is that person's again, but for what the claim still names.
    pub(crate) fn are_told_apart_again(&mut self) {
        let (set, other_ttl) = (self.record.set, self.record.other_ttl);
        for (author, of_type) in self.authors.iter_mut().zip(TYPES) {
            let named = self.claim.is_some_and(|claim| claim.names(set & of_type, of_type, other_ttl));
            if *author == Author::PersonAsWeWould && !named {
                *author = Author::Person;
            }
        }
    }

    /// A person makes the record this.
    fn write(&mut self, record: Record) {
        let before = std::mem::replace(&mut self.record, record);
        for (n, of_type) in TYPES.into_iter().enumerate() {
            let ttl = n == 0 && before.other_ttl != record.other_ttl;
            let now = record.set & of_type;
            if now == NOTHING {
                self.authors[n] = Author::Us;
            } else if ttl || before.set & of_type != now {
                // Another TTL for what we wrote, or seem to have written, does not make it look like somebody else's.
                let edited = before.set & of_type == now && self.authors[n] != Author::Person;
                let other_ttl = self.record.other_ttl && !edited;
                let named = self.claim.is_some_and(|claim| claim.names(now, of_type, other_ttl));
                self.authors[n] = if named { Author::PersonAsWeWould } else { Author::Person };
            } else if self.authors[n] == Author::Us {
                // A and AAAA are one name, and the last hand on it was not ours.
                self.authors[n] = Author::PersonAsWeWould;
            }
        }
        self.liken();
    }

    /// Whether a person's record set stands at the name.
    pub(crate) fn has_of_person(&self) -> bool {
        let mut authors = TYPES.into_iter().zip(self.authors);
        let theirs = |(of_type, author)| self.record.set & of_type != NOTHING && author != Author::Us;
        self.record.cname || authors.any(theirs)
    }

    fn any(&self, which: impl Fn(&Worker) -> bool) -> bool {
        self.workers.iter().any(which)
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.setting.starts.iter().map(|start| self.start(*start)).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // Once nobody is there to act, each end was looked at already.
        if state.workers == [Worker::Over; WORKERS] {
            return;
        }
        for (n, worker) in state.workers.iter().enumerate() {
            let same = n > 0 && state.workers[n - 1] == *worker;
            if *worker != Worker::Over && !same {
                self.actions_of_worker(state, n, actions);
            }
        }
        if state.edits_left > 0 {
            let others = self.setting.writes.iter().filter(|record| **record != state.record);
            actions.extend(others.copied().map(Action::Person));
        }
        if state.moves_left > 0 {
            let sets: [&[Set]; 2] = [&[NOTHING, ONE, MOVED], &[NOTHING, TWO]];
            for (n, sets) in sets.into_iter().enumerate().take(if self.setting.both { 2 } else { 1 }) {
                let others = sets.iter().filter(|set| **set != state.endpoints[n]);
                actions.extend(others.map(|set| Action::Endpoint(n, *set)));
            }
        }
        if state.minute < self.setting.minutes {
            actions.push(Action::Minute);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::Work(n) => self.work(&mut next, n),
            Action::LandsUnheard(n) => {
                let Worker::Acting {
                    vpc, steps: [Some(Step::Change(batch)), ..], may_change, put_back, ..
                } = state.workers[n]
                else {
                    return None;
                };
                next.land(batch, may_change);
                if self.is(Broken::PutBackUnanswered) {
                    next.workers[n] = Worker::put_back(vpc, None, put_back);
                }
            }
            Action::OutOfTime(n) => next.workers[n] = Worker::Over,
            Action::PutOff(n) => {
                let Worker::Acting { vpc, put_back, .. } = state.workers[n] else { return None };
                next.workers[n] = Worker::put_back(vpc, None, put_back);
                next.put_offs_left -= 1;
            }
            Action::Person(record) => {
                next.write(record);
                next.edits_left -= 1;
            }
            Action::Endpoint(n, set) => {
                next.endpoints[n] = set;
                next.moves_left -= 1;
            }
            Action::Minute => next.minute += 1,
        }
        // Symmetry: which of the workers knows what does not matter.
        next.workers.sort_unstable();
        Some(next)
    }

    /// What always holds, and what must happen somewhere lest it hold for want of anything happening.
    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(PERSON, |_, state: &State| !state.trespassed),
            Property::always(ANNOUNCED, |_, state: &State| !state.unannounced),
            Property::always(SETTLES, Protocol::settles),
            Property::sometimes("a race is lost", |_, state: &State| {
                state.any(|worker| matches!(worker, Worker::Waiting { second: true, refused: None, .. }))
            }),
            Property::sometimes("a change whose worker is gone is taken over", |_, state: &State| {
                let over =
                    state.claim.and_then(|claim| claim.pending).is_some_and(|p| p.until <= state.minute);
                let version = state.claim.map(|claim| claim.version);
                let takes = |step: &Option<Step>| matches!(step, Some(Step::Put { expects, .. }) if *expects == version);
                over && state.any(|worker| matches!(worker, Worker::Acting { steps, .. } if takes(&steps[0])))
            }),
        ];
        if self.setting.edits > 0 {
            // Without a person there is nothing in the way of a change.
            properties.push(Property::sometimes("a change is refused", |_, state: &State| {
                state.any(|worker| matches!(worker, Worker::Waiting { second: true, refused: Some(_), .. }))
            }));
        }
        properties
    }
}
