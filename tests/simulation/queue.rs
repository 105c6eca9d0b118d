//! What wakes workers: the work queue, and the events and schedules that Lambda hands on by itself.

use shared::trigger::event::Event;

use super::random::Random;

/// What a worker is to do.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// reconcile-records: a message of the work queue, and the run for which it was sent.
    Message { body: String, run: Option<String>, words: String },
    /// accept-connections.
    Review { event: Box<Event>, words: String },
    /// backfill, by the schedule, or by somebody who allows so many removals.
    Sweep { allow_deletes: Option<u32> },
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Job::Message { words, .. } => f.write_str(words),
            Job::Review { words, .. } => write!(f, "review for {words}"),
            Job::Sweep { allow_deletes: None } => f.write_str("sweep"),
            Job::Sweep { allow_deletes: Some(n) } => write!(f, "sweep that may remove {n}"),
        }
    }
}

/// The work queue hands out at most so many messages together; the template allows more.
const MOST: usize = 3;

impl Job {
    /// How often it is tried, and how long until it comes back, in milliseconds.
    fn patience(&self) -> (u32, i64) {
        match self {
            Job::Message { .. } => (5, 360_000),
            Job::Review { .. } => (3, 90_000),
            Job::Sweep { .. } => (1, 360_000),
        }
    }
}

#[derive(Debug)]
struct Message {
    number: u64,
    job: Job,
    visible_at: i64,
    receives: u32,
}

#[derive(Default)]
pub(crate) struct Queue {
    messages: Vec<Message>,
    sent: u64,
}

impl Queue {
    pub(crate) fn send(&mut self, job: Job, visible_at: i64) {
        self.sent += 1;
        self.messages.push(Message { number: self.sent, job, visible_at, receives: 0 });
    }

    /// The bodies of all messages of the work queue that may be seen now.
    pub(crate) fn visible(&self, now: i64) -> Vec<String> {
        let seen = self.messages.iter().filter(|message| message.visible_at <= now);
        let body = |message: &Message| {
            if let Job::Message { body, .. } = &message.job { Some(body.clone()) } else { None }
        };
        seen.filter_map(body).collect()
    }

    /// Some messages that may be seen now, in no order: several of the work queue, or one other. They come back
    /// unless they are deleted; one that came too often goes to the dead-letter queue. A doubled delivery leaves a
    /// message where it is. Gives how many were doubled, too.
    pub(crate) fn receive(
        &mut self,
        now: i64,
        doubled: usize,
        random: &mut Random,
    ) -> (Vec<(u64, Job)>, u64) {
        let mut taken: Vec<(u64, Job)> = Vec::new();
        let mut twice = 0;
        let most = if random.one_in(2) { 1 } else { 1 + random.below(MOST) };
        while taken.len() < most {
            let fits = |message: &Message| {
                let is_message = matches!(message.job, Job::Message { .. });
                message.visible_at <= now
                    && (taken.is_empty() || is_message)
                    && taken.iter().all(|(number, _)| *number != message.number)
            };
            let visible: Vec<_> =
                (0..self.messages.len()).filter(|index| fits(&self.messages[*index])).collect();
            if visible.is_empty() {
                break;
            }
            let message = &mut self.messages[*random.pick(&visible)];
            message.receives += 1;
            if random.one_in(doubled) {
                twice += 1;
            } else {
                message.visible_at = now + message.job.patience().1;
            }
            taken.push((message.number, message.job.clone()));
            if !matches!(message.job, Job::Message { .. }) {
                break;
            }
        }
        (taken, twice)
    }

    /// The first message that may be seen now, alone. It comes back unless it is deleted.
    pub(crate) fn first(&mut self, now: i64) -> Option<(u64, Job)> {
        let message = self.messages.iter_mut().find(|message| message.visible_at <= now)?;
        message.receives += 1;
        message.visible_at = now + message.job.patience().1;
        Some((message.number, message.job.clone()))
    }

    /// A message that was received may be seen again from then on.
    pub(crate) fn comes_back(&mut self, number: u64, visible_at: i64) {
        if let Some(message) = self.messages.iter_mut().find(|message| message.number == number) {
            message.visible_at = visible_at;
        }
    }

    /// How often a message was received.
    pub(crate) fn receives(&self, number: u64) -> u32 {
        let message = self.messages.iter().find(|message| message.number == number);
        message.map_or(1, |message| message.receives)
    }

    /// Moves what came too often to the dead-letter queue.
    pub(crate) fn bury(&mut self, now: i64) {
        self.messages
            .retain(|message| message.visible_at > now || message.receives < message.job.patience().0);
    }

    pub(crate) fn delete(&mut self, number: u64) {
        self.messages.retain(|message| message.number != number);
    }

    /// When the next message may be seen.
    pub(crate) fn next(&self) -> Option<i64> {
        self.messages.iter().map(|message| message.visible_at).min()
    }

    /// Loses everything.
    pub(crate) fn lose_all(&mut self) {
        self.messages.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}
