//! Sending on what an intent has left: each to be looked at when it is due.

use std::collections::BTreeSet;
use std::mem::take;

use super::unfinished::Unfinished;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::ids::VpcId;
use crate::model::rate::delay_seconds_apart;
use crate::observe::Deferred;
use crate::trigger::intent::Intent;
use crate::worker::Worker;

/// Sends what was deferred, and one intent for each VPC that has to wait: for quota, or for another worker.
///
/// # Errors
/// When the queue cannot be written.
pub(super) async fn requeue<C: Cloud>(
    worker: &Worker<C>,
    intent: &Intent,
    unfinished: &mut Unfinished,
) -> Result<(), Error> {
    let deferred = take(&mut unfinished.deferred);
    let mut messages: Vec<_> =
        deferred.into_iter().flat_map(|deferred| deferred_intents(intent, deferred)).collect();
    let not_yet = take(&mut unfinished.not_yet);
    for (vpc, wait) in take(&mut unfinished.waits) {
        messages.push((of_vpcs(intent, [vpc].into()), delay_seconds_apart(wait, worker.now())));
    }
    for vpc in not_yet {
        messages.push((again(intent, vpc), delay_of(intent.attempt)));
    }
    unfinished.part.sent_on += messages.len();
    for (next, delay_seconds) in messages {
        unfinished.numbered += 1;
        let run = intent.run.as_ref().map(|run| run.sent_on(unfinished.numbered));
        worker.cloud.send_message(&Intent { run, ..next }, delay_seconds).await?;
    }
    Ok(())
}

/// The intents for what was deferred, each with its delay.
fn deferred_intents(intent: &Intent, deferred: Deferred) -> Vec<(Intent, i32)> {
    let delay_seconds = deferred.delay_seconds;
    deferred.intents(intent).into_iter().map(|intent| (intent, delay_seconds)).collect()
}

/// A change that Route 53 was not ready for, once more.
fn again(intent: &Intent, vpc: VpcId) -> Intent {
    Intent { attempt: intent.attempt.saturating_add(1), ..of_vpcs(intent, [vpc].into()) }
}

/// Seconds until a change is tried again that was put off `attempt` times before: 1, 2, 4, and 60 at most.
fn delay_of(attempt: u32) -> i32 {
    const LONGEST: i32 = 60;
    1_i32.checked_shl(attempt).filter(|delay| (1..LONGEST).contains(delay)).unwrap_or(LONGEST)
}

fn of_vpcs(intent: &Intent, vpcs: BTreeSet<VpcId>) -> Intent {
    Intent { vpc_endpoints: BTreeSet::new(), vpcs, ..intent.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rate::Priority;

    #[test]
    fn change_that_is_put_off_comes_back_after_seconds_that_double_to_a_minute() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 31, 32, 900].map(delay_of), [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    fn intent() -> Intent {
        Intent {
            account: "444455556666".parse().unwrap_or_else(|error| panic!("{error}")),
            vpc_endpoints: BTreeSet::new(),
            vpcs: BTreeSet::new(),
            announced: false,
            reviewed: std::collections::BTreeMap::new(),
            gone: None,
            message: None,
            attempt: 0,
            priority: Priority::Sweep,
            edit: None,
            cause: "a test".into(),
            since: None,
            run: None,
        }
    }

    fn vpcs(count: usize) -> BTreeSet<VpcId> {
        (0..count).filter_map(|number| format!("vpc-{number:08}").parse().ok()).collect()
    }

    #[test]
    fn vpcs_that_are_left_are_sent_on_a_hundred_in_a_message() {
        let deferred = Deferred { vpcs: vpcs(250), delay_seconds: 3, ..Deferred::default() };
        let sent = deferred_intents(&intent(), deferred);
        assert_eq!(sent.iter().map(|(intent, _)| intent.vpcs.len()).collect::<Vec<_>>(), [100, 100, 50]);
        assert!(sent.iter().all(|(_, delay_seconds)| *delay_seconds == 3));
    }

    #[test]
    fn intent_for_which_nothing_was_looked_at_comes_back_whole() {
        let vpc_endpoints = ["vpce-00000001".parse().unwrap_or_else(|error| panic!("{error}"))].into();
        let named = Intent { vpc_endpoints, vpcs: vpcs(2), ..intent() };
        for intent in [named, intent()] {
            let Intent { vpc_endpoints, vpcs, .. } = intent.clone();
            let deferred = Deferred { vpc_endpoints, vpcs, delay_seconds: 5 };
            assert_eq!(deferred_intents(&intent, deferred), [(intent.clone(), 5)]);
        }
    }
}
