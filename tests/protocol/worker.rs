//! A worker of the model, step by step, in the order of the library's `reconcile`, `observe` and `apply`.

use std::fmt;

use crate::model::{Broken, Protocol, State};
use crate::planner::{MINUTE, Planned, View};
use crate::world::{Claim, Letters, NOTHING, Record, Set, Step};

/// At most this many workers.
pub(crate) const WORKERS: usize = 4;
/// In every minute, the first observation is made that many milliseconds after its begin.
const SOONEST: u32 = 1_000;
/// From one observation to the next, in milliseconds: more than a claim is written in between.
const APART: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    /// Before its first or second look.
    Waiting { vpc: u8, second: bool, refused: Option<Record> },
    /// Has its time, the endpoints, and the claim if there is one for its VPC.
    Looked { run: Run, claim: Option<Claim> },
    /// Has the record, and no claim yet: reads it by its key. If there is one, reads the record anew.
    Saw { run: Run, seen: Record },
    /// Has steps left, and until the change what undoes its announcement.
    Acting {
        vpc: u8,
        second: bool,
        seen: Record,
        steps: [Option<Step>; 3],
        put_back: Option<Step>,
        may_change: bool,
    },
    /// Its change was certainly not made. It undoes the announcement, and looks once more if it may.
    PuttingBack { vpc: u8, again: Option<Record>, step: Step },
    /// Done, or it failed and its message goes back.
    Over,
}

/// What a worker keeps while it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Run {
    vpc: u8,
    second: bool,
    refused: Option<Record>,
    now: u32,
    endpoints: [Set; 2],
}

impl Run {
    fn view(&self, seen: Record, claim: Option<Claim>) -> View {
        let Run { vpc, refused, now, endpoints, .. } = *self;
        View { vpc, now, endpoints, seen, claim, refused, any_ttl: false }
    }
}

impl Protocol {
    /// A worker's next read or step, done.
    pub(crate) fn work(&self, state: &mut State, n: usize) {
        state.workers[n] = match state.workers[n] {
            Worker::Waiting { vpc, second, refused } => self.look(state, vpc, second, refused),
            Worker::Looked { run, claim: None } => Worker::Saw { run, seen: state.record },
            Worker::Looked { run, claim } => self.begin(run.second, run.view(state.record, claim)),
            Worker::Saw { run, seen } => match state.claim {
                claim if claim.is_none() || self.is(Broken::RecordFirst) => {
                    self.begin(run.second, run.view(seen, claim))
                }
                claim => Worker::Looked { run, claim },
            },
            Worker::Acting { .. } => self.act(state, n),
            Worker::PuttingBack { vpc, again, step } => {
                self.take(state, step);
                state.are_told_apart_again();
                again.map_or(Worker::Over, |seen| Worker::Waiting { vpc, second: true, refused: Some(seen) })
            }
            Worker::Over => Worker::Over,
        };
    }

    /// Reads the clock, the claim that the VPC has a reference to, and the endpoints. A change of endpoints
    /// commutes with everything but this, so that they need no read of their own.
    fn look(&self, state: &mut State, vpc: u8, second: bool, refused: Option<Record>) -> Worker {
        let endpoints = self.endpoints_of(vpc, state);
        let claim = state.claim.filter(|_| state.references & 1 << vpc != 0);
        if claim.is_none() && !self.planner.lists_zones(vpc, endpoints) {
            return Worker::Over;
        }
        let now = u32::from(state.minute) * MINUTE + SOONEST + u32::from(state.looks) * APART;
        state.looks += u8::from(!self.is(Broken::SameVersion));
        Worker::Looked { run: Run { vpc, second, refused, now, endpoints }, claim }
    }

    /// The endpoints as they are seen from a VPC.
    pub(crate) fn endpoints_of(&self, vpc: u8, state: &State) -> [Set; 2] {
        let mut endpoints = state.endpoints;
        for (set, of) in endpoints.iter_mut().zip(self.setting.vpc_of) {
            *set = if of == vpc { *set } else { NOTHING };
        }
        endpoints
    }

    fn begin(&self, second: bool, mut view: View) -> Worker {
        if let Some(claim) = &mut view.claim
            && self.is(Broken::TrustedEarly)
            && let Some(pending) = claim.pending.take_if(|pending| view.seen.set == pending.to)
        {
            claim.confirmed = pending.to;
        }
        view.any_ttl = self.is(Broken::AnyTtl);
        let Planned { mut steps, put_back, .. } = self.planner.plan(&view);
        if let Some(Step::Put { claim, .. }) = &mut steps[0] {
            if self.is(Broken::NoPending)
                && let Some(pending) = claim.pending.take()
            {
                claim.confirmed = pending.to;
            }
            claim.adopted &= !self.is(Broken::OriginEarly) || claim.pending.is_none();
        }
        if self.is(Broken::ReleasedFirst) && matches!(steps[2], Some(Step::Release { .. })) {
            steps.swap(1, 2);
        }
        // What was seen matters once more should the change be refused.
        let seen = if second { Record::default() } else { view.seen };
        match steps {
            [None, ..] => Worker::Over,
            _ => Worker::Acting { vpc: view.vpc, second, seen, steps, put_back, may_change: false },
        }
    }

    /// Takes a step. The first that fails ends the plan: after a lost race or a refused change, all is looked
    /// at once more.
    fn act(&self, state: &mut State, n: usize) -> Worker {
        let Worker::Acting { vpc, second, seen, steps, put_back, mut may_change } = state.workers[n] else {
            return Worker::Over;
        };
        let [step, rest @ ..] = steps;
        let done = match step {
            Some(Step::Change(batch)) => state.land(batch, may_change),
            Some(step) => {
                let change = rest.iter().flatten().find_map(Step::batch);
                may_change = change.is_some_and(|change| self.may_change(state.claim.as_ref(), change));
                self.take(state, step)
            }
            None => false,
        };
        let is_change = step.is_some_and(|step| step.batch().is_some());
        match (done, rest) {
            (true, [None, ..]) => Worker::Over,
            (true, [next, last]) => {
                // Kept as long as a change is to come.
                let changes = rest.iter().flatten().any(|step| step.batch().is_some());
                let (seen, put_back) = if changes { (seen, put_back) } else { (Record::default(), None) };
                let may_change = may_change && changes;
                Worker::Acting { vpc, second, seen, steps: [next, last, None], put_back, may_change }
            }
            (false, _) if is_change => Worker::put_back(vpc, (!second).then_some(seen), put_back),
            (false, _) if second => Worker::Over,
            (false, _) => Worker::Waiting { vpc, second: true, refused: None },
        }
    }

    /// A write to the table. Gives whether its condition held.
    fn take(&self, state: &mut State, step: Step) -> bool {
        let fits = |expects| self.is(Broken::NoVersion) || state.claim.map(|claim| claim.version) == expects;
        match step {
            Step::Put { claim, expects, joins, leaves } if fits(expects) => {
                state.claim = Some(claim);
                state.references = (state.references | joins) & !leaves;
                state.liken();
                true
            }
            Step::Release { expects, leaves } if fits(Some(expects)) => {
                state.claim = None;
                state.references &= !leaves;
                true
            }
            _ => false,
        }
    }
}

impl Worker {
    /// One whose change was certainly not made, and that looks `again` at what it had seen.
    pub(crate) fn put_back(vpc: u8, again: Option<Record>, step: Option<Step>) -> Worker {
        step.map_or(Worker::Over, |step| Worker::PuttingBack { vpc, again, step })
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Worker::Waiting { vpc, .. } => write!(f, "looks at VPC {vpc}"),
            Worker::Looked { run: Run { now, endpoints: [one, two], .. }, .. } => {
                write!(
                    f,
                    "[{now}] with endpoints {:?} and {:?}, reads the record",
                    Letters(*one),
                    Letters(*two)
                )
            }
            Worker::Saw { run, seen } => write!(f, "[{}] saw {seen:?}, reads the claim by its key", run.now),
            Worker::Acting { steps: [Some(step), ..], .. } => write!(f, "{step:?}"),
            Worker::PuttingBack { step, .. } => write!(f, "puts back: {step:?}"),
            Worker::Acting { .. } | Worker::Over => f.write_str("over"),
        }
    }
}
