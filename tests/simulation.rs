//! The deterministic simulation: the product's own plans, carried out step by step by several workers in a
//! world in memory, over thousands of schedules of everything that can go wrong.
//!
//! A seed is a schedule. One that fails prints its history and the command that runs it again:
//! `ZONELINK_SEED=4711 cargo test -p zonelink-tests --test simulation one_seed -- --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use simulation::faults::Broken;
use simulation::schedule::{Report, run};
use simulation::world::Tally;

mod simulation {
    pub(crate) mod api;
    pub(crate) mod apply;
    pub(crate) mod ec2;
    pub(crate) mod faults;
    pub(crate) mod life;
    pub(crate) mod observe;
    pub(crate) mod orchestrate;
    pub(crate) mod people;
    pub(crate) mod queue;
    pub(crate) mod random;
    pub(crate) mod reads;
    pub(crate) mod route53;
    pub(crate) mod safety;
    pub(crate) mod schedule;
    pub(crate) mod setting;
    pub(crate) mod table;
    pub(crate) mod truth;
    pub(crate) mod world;
}

/// How many schedules `cargo test` runs, unless `ZONELINK_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 10_000;

fn variable(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the simulation is told what to run")]
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Runs seeds from `first` on, on all processors, until `enough` have failed; gives what happened in all of
/// them, and the failing seeds, each with its first violation. With a broken protocol only those count that
/// do not fail with the sound one.
fn search(first: u64, count: u64, enough: usize, broken: Option<Broken>) -> (Tally, BTreeMap<u64, String>) {
    let next = AtomicU64::new(first);
    let found = Mutex::new((Tally::default(), BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let mut report = (seed < first + count).then(|| run(seed, broken, false));
                    if let Some(report) = report.as_mut().filter(|report| !report.violations.is_empty())
                        && broken.is_some()
                        && !run(seed, None, false).violations.is_empty()
                    {
                        report.violations.clear();
                    }
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    let Some(report) = report.filter(|_| found.1.len() < enough) else { break };
                    found.0.count("schedules");
                    found.0.add(&report.tally);
                    let violation = report.violations.into_iter().next();
                    found.1.extend(violation.map(|violation| (seed, violation)));
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What somebody needs who wants to know why a seed fails.
fn explain(seed: u64) -> String {
    let Report { violations, history, .. } = run(seed, None, true);
    format!(
        "{}\n\nseed {seed} violates:\n  {}\n\nrun it again:\n  ZONELINK_SEED={seed} cargo test -p zonelink-tests --test \
         simulation one_seed -- --nocapture\n",
        history.join("\n"),
        violations.join("\n  "),
    )
}

#[test]
fn no_schedule_breaks_a_rule_and_all_end_in_order() {
    let count = variable("ZONELINK_SCHEDULES").unwrap_or(SCHEDULES);
    let enough = variable("ZONELINK_FAILURES").unwrap_or(1);
    let enough = usize::try_from(enough).unwrap_or(1);
    let (tally, failing) = search(variable("ZONELINK_FIRST").unwrap_or(0), count, enough, None);
    if let Some(seed) = failing.keys().next() {
        let all: Vec<_> =
            failing.iter().map(|(seed, violation)| format!("seed {seed}: {violation}")).collect();
        panic!("{}\n{}", explain(*seed), all.join("\n"));
    }
    for what in [
        "answers lost",
        "batches done",
        "batches refused",
        "calls denied",
        "connections accepted",
        "connections rejected",
        "crashes",
        "definitions lost",
        "definitions removed",
        "events lost",
        "late copies",
        "late landings",
        "memories lost",
        "races lost",
        "records touched by people",
        "removals by sweeps",
        "removals held",
        "right after 1 sweep",
        "workers out of time",
        "writes sent twice",
    ] {
        assert!(tally.0.get(what).is_some_and(|times| *times > 30), "hardly any {what}: {tally:?}");
    }
    #[expect(clippy::print_stdout, reason = "shown on request: -- --nocapture")]
    for (what, times) in &tally.0 {
        println!("{times:>10}  {what}");
    }
}

#[test]
fn what_people_take_back_stays_theirs() {
    let (tally, failing) = search(simulation::world::World::TAKING_BACK, 1_000, 1, None);
    assert!(failing.is_empty(), "{}", failing.keys().next().map(|seed| explain(*seed)).unwrap_or_default());
    let times = tally.0.get("records taken back").copied().unwrap_or_default();
    assert!(times > 30, "hardly any record is taken back: {tally:?}");
}

#[test]
fn one_seed_always_has_one_history() {
    let seed = variable("ZONELINK_SEED").unwrap_or(1);
    let (first, second) = (run(seed, None, true), run(seed, None, true));
    assert!(!first.history.is_empty());
    assert_eq!(first.history, second.history);
    if variable("ZONELINK_SEED").is_some() {
        #[expect(clippy::print_stdout, reason = "somebody asked for this one seed")]
        {
            println!("{}", first.history.join("\n"));
        }
        assert!(first.violations.is_empty(), "{}", explain(seed));
    }
}

/// Within how many schedules each way of breaking the protocol is found.
const FOUND_WITHIN: u64 = 2_000;

/// Breaks the protocol: some schedule must go wrong that goes well as it is. The rules that such a break
/// offends by itself are not asked then; what comes of it must be seen.
fn is_found(broken: Broken) {
    let (_, failing) = search(0, FOUND_WITHIN, 1, Some(broken));
    let Some((seed, violation)) = failing.first_key_value() else {
        panic!("{FOUND_WITHIN} schedules do not show that {broken:?} is wrong");
    };
    #[expect(clippy::print_stdout, reason = "shown on request: -- --nocapture")]
    {
        println!("{broken:?} is found by seed {seed}: {violation}");
    }
}

#[test]
fn a_change_that_is_not_announced_is_found() {
    is_found(Broken::NoPending);
}

#[test]
fn a_claim_released_before_its_record_is_deleted_is_found() {
    is_found(Broken::ReleaseBeforeDelete);
}

#[test]
fn a_claim_written_over_another_version_is_found() {
    is_found(Broken::NoVersionCondition);
}

#[test]
fn a_request_that_outlives_its_claim_is_found() {
    is_found(Broken::OutlivesUntil);
}
