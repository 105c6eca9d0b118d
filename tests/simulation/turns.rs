//! Turns: one step of one worker, or time's where nobody can do anything.

use super::schedule::Schedule;

impl Schedule {
    /// Whether no worker works and no message can be seen.
    pub(crate) fn rests(&self) -> bool {
        let world = self.world.borrow();
        self.executor.seats.iter().all(|seat| seat.running.is_none())
            && world.queue.next().is_none_or(|at| at > world.now)
    }

    /// One worker's turn, or time's where there is nothing to do.
    pub(crate) fn turn(&mut self) {
        self.executor.ring();
        let able = self.able();
        if able.is_empty() {
            return self.pass_time();
        }
        let index = *self.world.borrow_mut().random.pick(&able);
        self.world.borrow_mut().bury_messages();
        let Some(running) = &self.executor.seats[index].running else {
            return self.executor.receive(index, self.peace);
        };
        let late = self.world.borrow().now > running.ends_at;
        let crash = self.world.borrow().faults.crash;
        if late || self.world.borrow_mut().random.one_in(crash) {
            self.world.borrow_mut().tally.count(if late { "workers out of time" } else { "crashes" });
            return self.executor.kill(index, if late { "is out of time" } else { "crashes" });
        }
        let now = self.world.borrow().now;
        let calls = self.executor.calls.borrow().grantable(index, now);
        let call = *self.world.borrow_mut().random.pick(&calls);
        if calls.len() > 1 {
            self.world.borrow_mut().tally.count("steps with several open calls");
        }
        self.executor.grant(index, call);
    }

    /// The workers that can do something now.
    fn able(&self) -> Vec<usize> {
        let (world, calls) = (self.world.borrow(), self.executor.calls.borrow());
        let visible = world.queue.next().is_some_and(|at| at <= world.now);
        let seats = self.executor.seats.iter().enumerate();
        let able = seats.filter(|(index, seat)| match &seat.running {
            None => visible,
            Some(running) => world.now > running.ends_at || calls.can_go_on(*index, world.now),
        });
        able.map(|(index, _)| index).collect()
    }

    /// Lets time pass until something can happen.
    fn pass_time(&mut self) {
        let (calls, seats) = (self.executor.calls.borrow(), &self.executor.seats);
        let mut world = self.world.borrow_mut();
        let message = world.queue.next().filter(|_| seats.iter().any(|seat| seat.running.is_none()));
        let ends = seats.iter().filter_map(|seat| seat.running.as_ref()).map(|running| running.ends_at + 1);
        let next = ends.chain(message).chain(calls.next()).chain(world.next_by_itself()).min();
        let time = next.map_or(30_000, |at| (at - world.now).max(1));
        world.pass(time);
    }
}
