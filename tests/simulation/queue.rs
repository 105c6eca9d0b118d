//! What wakes workers: the work queue, and the events and schedules that Lambda hands on by itself.

use shared::event::Event;
use shared::intent::Intent;

use super::random::Random;

/// What a worker is to do.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// reconcile-records, by an event as it came from EventBridge.
    Event(Event),
    /// reconcile-records, by an intent.
    Intent(Intent),
    /// accept-connections.
    Review(Event),
    /// backfill, by the schedule, or by somebody who allows so many removals.
    Sweep { allow_deletes: Option<u32> },
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = |event: &Event| match event {
            Event::ApiCall(call) => {
                let ids: Vec<_> = call.vpc_endpoints.iter().map(ToString::to_string).collect();
                format!("{} {}", call.action, ids.join(" "))
            }
            Event::ZoneCall(call) => call.action.to_string(),
            Event::Notification(notification) => format!("notification {:?}", notification.vpc_endpoints),
            Event::Other(what) => what.clone(),
        };
        match self {
            Job::Event(event) => write!(f, "event {}", named(event)),
            Job::Intent(intent) => write!(f, "intent {intent}"),
            Job::Review(event) => write!(f, "review for {}", named(event)),
            Job::Sweep { allow_deletes: None } => f.write_str("sweep"),
            Job::Sweep { allow_deletes: Some(n) } => write!(f, "sweep that may remove {n}"),
        }
    }
}

impl Job {
    /// How often it is tried, and how long until it comes back, in milliseconds.
    fn patience(&self) -> (u32, i64) {
        match self {
            Job::Event(_) | Job::Intent(_) => (5, 360_000),
            Job::Review(_) => (3, 90_000),
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

    /// Any message that may be seen now, in no order. It comes back unless it is deleted; one that came too
    /// often goes to the dead-letter queue. A doubled delivery leaves it where it is.
    pub(crate) fn receive(&mut self, now: i64, doubled: bool, random: &mut Random) -> Option<(u64, Job)> {
        self.messages
            .retain(|message| message.visible_at > now || message.receives < message.job.patience().0);
        let visible: Vec<_> =
            (0..self.messages.len()).filter(|index| self.messages[*index].visible_at <= now).collect();
        if visible.is_empty() {
            return None;
        }
        let message = &mut self.messages[*random.pick(&visible)];
        message.receives += 1;
        if !doubled {
            message.visible_at = now + message.job.patience().1;
        }
        Some((message.number, message.job.clone()))
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
