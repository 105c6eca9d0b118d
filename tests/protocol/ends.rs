//! How it ends, wherever everybody stops.

use crate::model::{Broken, Protocol, State};
use crate::planner::{MINUTE, View};
use crate::worker::{WORKERS, Worker};
use crate::world::{Claim, NOTHING, Pending, Record};

/// A minute by which all that was ever announced is over.
const LATE: u8 = 100;

impl Protocol {
    /// Whether it comes right from here when nobody acts any more, every request has ended, and each VPC is
    /// visited undisturbed. Requests that would still land are in the states after they have landed.
    pub(crate) fn settles(&self, state: &State) -> bool {
        let claim = state.claim.map(|claim| Claim {
            version: 0,
            pending: claim.pending.map(|pending| Pending { until: 0, ..pending }),
            ..claim
        });
        let rest = (state.record, state.authors, claim, state.references, state.endpoints);
        if let Some(known) = self.ends.lock().unwrap().get(&rest) {
            return *known;
        }
        let settles = self.is_settled(&self.visited(&State { claim, ..*state }));
        self.ends.lock().unwrap().insert(rest, settles);
        settles
    }

    /// The state after one undisturbed run; where there are two VPCs, after two for each: what one lets go of, the
    /// other may have been held for.
    pub(crate) fn visited(&self, state: &State) -> State {
        let mut end = State { minute: LATE, looks: 0, ..*state };
        let visits: &[u8] = if self.setting.vpc_of.contains(&1) { &[0, 1, 0, 1] } else { &[0] };
        for vpc in visits {
            end.workers = [Worker::Over; WORKERS];
            end.workers[0] = Worker::Waiting { vpc: *vpc, second: false, refused: None };
            while end.workers[0] != Worker::Over {
                self.work(&mut end, 0);
            }
        }
        end
    }

    /// Nothing is left to do. Where there are endpoints, the record holds their addresses and the claim says
    /// so, or what a person wrote is in the way and that is held. Where there are none, there is no claim, and
    /// no record that we were the last to write.
    fn is_settled(&self, end: &State) -> bool {
        let mut held = false;
        for vpc in [0, 1] {
            let endpoints = self.endpoints_of(vpc, end);
            let referenced = end.claim.is_some() && end.references & 1 << vpc != 0;
            if referenced || self.planner.lists_zones(vpc, endpoints) {
                let now = u32::from(LATE + 1) * MINUTE;
                let (seen, claim, any_ttl) = (end.record, end.claim, self.is(Broken::AnyTtl));
                let view = View { vpc, now, endpoints, seen, claim, refused: None, any_ttl };
                let planned = self.planner.plan(&view);
                if planned.steps[0].is_some() || planned.look_again {
                    return false;
                }
                held |= planned.held;
            }
        }
        let desired = self.planner.desired(end.endpoints);
        if desired == NOTHING {
            return end.claim.is_none() && (end.record.set == NOTHING || end.has_of_person());
        }
        let right = Record { set: desired, ..Record::default() };
        let claimed = end.claim.is_some_and(|claim| claim.pending.is_none() && claim.confirmed == desired);
        (end.record == right && claimed) || (held && end.has_of_person())
    }
}
