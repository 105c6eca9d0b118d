//! The zones that are made and deleted, checked exhaustively: every order in which two workers, Route 53, a person, an
//! endpoint that comes and goes, and the clock can act. The plans are the project's own.
//!
//! Route 53 has one zone for a VPC and a name, and refuses a second. Answers get lost, and requests land late.

use std::collections::BTreeSet;
use std::fmt;

use shared::model::policy::Policy;
use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::zone_planner::{Claim, Planner, Progress, Step, View, Zone};

/// How often one worker looks; a message brings the next one.
const LOOKS: u8 = 2;
/// One more worker than there are, who looks when all the others are done.
const LAST_LOOKS: usize = 8;
const MINUTES: u8 = 3;

pub(crate) const ONE: &str = "there is one zone of ours at most";
pub(crate) const ANNOUNCED: &str = "no zone is made or deleted that no claim announces";
pub(crate) const SETTLES: &str = "one more look makes it right";
const GOES: &str = "a zone is deleted";
const RETURNS: &str = "a zone is made after one was deleted";

/// What may be wrong with the protocol, or with Route 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Route 53 makes a second zone of the name, and of the reference.
    NotUnique,
    /// A claim on a zone is written whatever stands there.
    NoVersion,
    /// A claim says that the zone is made again though its end may still come.
    PutBackUnanswered,
}

/// A request that nobody waits for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Late {
    step: Step,
    until: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Worker {
    /// Before a look.
    Waiting { looks: u8 },
    /// Has the claim and the endpoint, and no zone yet.
    Looked { looks: u8, now: u32, needed: bool, claim: Option<Claim> },
    /// Has steps left.
    Acting { looks: u8, steps: Vec<Step> },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    minute: u8,
    /// How many looks there were: no two have one moment.
    looks: u8,
    needed: bool,
    claim: Option<Claim>,
    zones: Vec<Zone>,
    /// The references of all zones that ever were.
    references: BTreeSet<u64>,
    made: u8,
    deleted: bool,
    late: BTreeSet<Late>,
    workers: Vec<Worker>,
    comings: u8,
    edits: u8,
    wrong: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Work(usize),
    /// The worker's request is done, and its answer is lost.
    Unheard(usize),
    /// It is not done, or not yet, and there is no answer.
    Lost(usize),
    Lands(Late),
    /// An endpoint comes, or goes.
    Endpoint,
    /// A person puts a record into the zone, or takes it out.
    Person,
    Minute,
}

pub(crate) struct Zones {
    planner: Planner,
    broken: Option<Broken>,
}

impl Zones {
    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// The next thing that a worker does, with its answer.
    fn work(&self, state: &mut State, n: usize) {
        let worker = state.workers[n].clone();
        state.workers[n] = match worker {
            Worker::Waiting { looks: 0 } => return,
            Worker::Waiting { looks } => {
                state.looks += 1;
                let now = u32::from(state.minute) * 60 + u32::from(state.looks);
                Worker::Looked { looks: looks - 1, now, needed: state.needed, claim: state.claim }
            }
            Worker::Looked { looks, now, needed, claim } => {
                let zones = state.zones.clone();
                let steps = self.planner.plan(&View { now, needed, claim, zones });
                if steps.is_empty() { Worker::Waiting { looks: 0 } } else { Worker::Acting { looks, steps } }
            }
            Worker::Acting { looks, steps } => self.act(state, looks, steps),
        };
    }

    /// Takes a step. What fails is looked at once more.
    fn act(&self, state: &mut State, looks: u8, mut steps: Vec<Step>) -> Worker {
        let step = steps.remove(0);
        let done = self.take(state, step);
        if !done && let Some(put_back) = step.put_back() {
            // It was refused, or could not be sent: the claim says again what it said before.
            return Worker::Acting { looks, steps: vec![put_back] };
        }
        if done && !steps.is_empty() { Worker::Acting { looks, steps } } else { Worker::Waiting { looks } }
    }

    /// Whether a step is done.
    fn take(&self, state: &mut State, step: Step) -> bool {
        match step {
            Step::Put { claim, expects } => {
                let fits = self.is(Broken::NoVersion) || state.claim.map(|one| one.version) == expects;
                if fits {
                    state.claim = Some(claim);
                }
                fits
            }
            Step::Release { expects } => {
                let fits =
                    self.is(Broken::NoVersion) || state.claim.is_some_and(|one| one.version == expects);
                if fits {
                    state.claim = None;
                }
                fits
            }
            Step::Create { reference, until, .. } => {
                let taken = !state.zones.is_empty() || state.references.contains(&reference);
                if state.minute >= until || (taken && !self.is(Broken::NotUnique)) {
                    return false;
                }
                let announced = state.claim.is_some_and(|claim| {
                    claim.reference == reference && matches!(claim.progress, Progress::Making { .. })
                });
                state.wrong |= !announced;
                state.made += 1;
                state.references.insert(reference);
                state.zones.push(Zone { id: state.made, reference, filled: false });
                true
            }
            Step::Delete { zone, until, .. } => {
                let stands = state.zones.iter().position(|one| one.id == zone && !one.filled);
                let Some(place) = stands.filter(|_| state.minute < until) else { return false };
                let announced = state.claim.is_some_and(
                    |claim| matches!(claim.progress, Progress::Removing { zone: of, .. } if of == zone),
                );
                state.wrong |= !announced;
                state.deleted = true;
                state.zones.remove(place);
                true
            }
        }
    }

    /// The state after all that is on its way is over, and somebody has looked until nothing is left to do.
    fn visited(&self, state: &State) -> State {
        let mut state = state.clone();
        state.late.clear();
        state.minute += 2;
        for _ in 0..LAST_LOOKS {
            state.workers = vec![Worker::Waiting { looks: 1 }];
            for _ in 0..6 {
                self.work(&mut state, 0);
            }
        }
        state
    }

    fn is_right(&self, state: &State) -> bool {
        let ends = self.visited(state);
        let ours = ends.claim.and_then(|claim| match claim.progress {
            Progress::Made { zone } => Some(zone),
            _ => None,
        });
        let stands: Vec<u8> = ends.zones.iter().map(|zone| zone.id).collect();
        match (ends.needed, ends.claim) {
            // A zone that was left to the client is served as any other.
            (true, None) => stands.len() == 1,
            (true, Some(_)) => ours.is_some_and(|zone| stands.contains(&zone)),
            (false, Some(_)) => false,
            (false, None) => true,
        }
    }
}

impl Model for Zones {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            minute: 0,
            looks: 0,
            needed: true,
            claim: None,
            zones: Vec::new(),
            references: BTreeSet::new(),
            made: 0,
            deleted: false,
            late: BTreeSet::new(),
            workers: vec![Worker::Waiting { looks: LOOKS }, Worker::Waiting { looks: LOOKS + 1 }],
            comings: 2,
            edits: 1,
            wrong: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (n, worker) in state.workers.iter().enumerate() {
            if *worker == (Worker::Waiting { looks: 0 }) {
                continue;
            }
            actions.push(Action::Work(n));
            if let Worker::Acting { steps, .. } = worker
                && steps[0].until().is_some()
            {
                actions.extend([Action::Unheard(n), Action::Lost(n)]);
            }
        }
        actions.extend(
            state.late.iter().filter(|late| state.minute < late.until).map(|late| Action::Lands(*late)),
        );
        if state.comings > 0 {
            actions.push(Action::Endpoint);
        }
        if state.edits > 0 && !state.zones.is_empty() {
            actions.push(Action::Person);
        }
        if state.minute < MINUTES {
            actions.push(Action::Minute);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Work(n) => self.work(&mut state, n),
            Action::Unheard(n) | Action::Lost(n) => {
                let Worker::Acting { looks, steps } = state.workers[n].clone() else { return None };
                if let (Action::Unheard(_), step) = (action, steps[0]) {
                    self.take(&mut state, step);
                } else if let Some(until) = steps[0].until() {
                    state.late.insert(Late { step: steps[0], until });
                }
                let put_back = steps[0].put_back().filter(|_| self.is(Broken::PutBackUnanswered));
                state.workers[n] = match put_back {
                    Some(step) => Worker::Acting { looks, steps: vec![step] },
                    None => Worker::Waiting { looks },
                };
            }
            Action::Lands(late) => {
                state.late.remove(&late);
                self.take(&mut state, late.step);
            }
            Action::Endpoint => {
                state.comings -= 1;
                state.needed = !state.needed;
            }
            Action::Person => {
                state.edits -= 1;
                state.zones.iter_mut().for_each(|zone| zone.filled = !zone.filled);
            }
            Action::Minute => {
                state.minute += 1;
                state.late.retain(|late| state.minute < late.until);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE, |_, state: &State| state.zones.len() <= 1),
            Property::always(ANNOUNCED, |_, state: &State| !state.wrong),
            Property::always(SETTLES, |model: &Zones, state: &State| model.is_right(state)),
            Property::sometimes(GOES, |_, state: &State| state.deleted),
            Property::sometimes(RETURNS, |_, state: &State| state.deleted && !state.zones.is_empty()),
        ]
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "needed {}, claim {:?}, zones {:?}", self.needed, self.claim, self.zones)
    }
}

/// What does not hold, each with the shortest way there.
pub(crate) fn wrong(
    policy: Policy,
    broken: Option<Broken>,
    until: Option<&'static str>,
) -> Vec<(&'static str, String)> {
    let model = Zones { planner: Planner::new(policy), broken };
    let finish_when = until.map_or(HasDiscoveries::All, |one| HasDiscoveries::AnyOf([one].into()));
    let checker = model.checker().finish_when(finish_when).spawn_bfs().join();
    println!("zones {broken:?}: {} states, {} deep", checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries();
    let told = |path: &stateright::Path<State, Action>| {
        let steps = path.clone().into_vec();
        steps.iter().map(|(state, action)| format!("{state}\n  {action:?}")).collect::<Vec<_>>().join("\n  ")
    };
    let always = [ONE, ANNOUNCED, SETTLES];
    let broken = always.into_iter().filter_map(|name| Some((name, told(found.get(name)?))));
    let never = [GOES, RETURNS].into_iter().filter(|name| until.is_none() && !found.contains_key(name));
    broken.chain(never.map(|name| (name, "never happens".to_owned()))).collect()
}
