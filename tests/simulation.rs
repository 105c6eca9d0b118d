//! The deterministic simulation: the production code, by several workers in a world in memory, over thousands of
//! schedules of everything that can go wrong.
//!
//! A seed is a schedule. One that fails prints its history and the command that runs it again:
//! `ZONELINK_SEED=4711 cargo test -p zonelink-tests --test simulation one_seed -- --nocapture`. It leaves a trace, too:
//! all choices that were made, which mean the same when a seed has come to mean something else.
//!
//! ```text
//! ZONELINK_SEED       the one seed of `one_seed_always_has_one_history`; shows its history
//! ZONELINK_TRACE      the trace that is run in its place
//! ZONELINK_SCHEDULES  how many schedules run from the fixed range
//! ZONELINK_FIRST      where that range begins
//! ZONELINK_FAILURES   after how many failures it ends
//! ZONELINK_DAY        the day that the moving range is of, in days since 1970
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use simulation::random::Random;
use simulation::schedule::{Report, run, run_with};
use simulation::world::{Tally, World};

mod simulation {
    pub(crate) mod calls;
    pub(crate) mod closing;
    pub(crate) mod cloud;
    mod conformance;
    pub(crate) mod consent;
    pub(crate) mod delivery;
    pub(crate) mod drive;
    pub(crate) mod ec2;
    pub(crate) mod ec2_calls;
    mod ends;
    pub(crate) mod errors;
    pub(crate) mod events;
    pub(crate) mod executor;
    pub(crate) mod faults;
    pub(crate) mod life;
    pub(crate) mod logs;
    pub(crate) mod observations;
    pub(crate) mod organization;
    pub(crate) mod others;
    pub(crate) mod pages;
    pub(crate) mod people;
    pub(crate) mod port;
    pub(crate) mod profiles;
    pub(crate) mod queue;
    pub(crate) mod random;
    pub(crate) mod route53;
    pub(crate) mod route53_calls;
    pub(crate) mod safety;
    pub(crate) mod schedule;
    pub(crate) mod script;
    mod scripted;
    pub(crate) mod setting;
    pub(crate) mod table;
    pub(crate) mod table_calls;
    pub(crate) mod told_once;
    pub(crate) mod truth;
    pub(crate) mod turns;
    pub(crate) mod unneeded;
    pub(crate) mod world;
    pub(crate) mod zones;
}

/// How many schedules run from the fixed range, unless `ZONELINK_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 10_000;
/// How many run in which people take records back.
const TAKING_BACK: u64 = 1_000;
/// How many run in which owners of zones consent, or do not.
const CONSENTING: u64 = 2_000;
/// How many run in which somebody else writes a record again and again.
const CONTENDING: u64 = 1_000;
/// How many run in which zones are made.
const MAKING: u64 = 2_000;
/// How many run from a range that is another one each day.
const MOVING: u64 = 2_000;
/// How far apart these ranges are. They begin behind all fixed ones.
const DAY: u64 = 1_000_000;

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where the simulation is told what to run")]
    std::env::var(name).ok()
}

fn number(name: &str) -> Option<u64> {
    variable(name).and_then(|value| value.parse().ok())
}

/// Runs seeds from `first` on, on all processors, until `enough` have failed; gives what happened in all of
/// them, and the failing seeds, each with its first violation.
fn search(first: u64, count: u64, enough: usize) -> (Tally, BTreeMap<u64, String>) {
    let next = AtomicU64::new(first);
    let found = Mutex::new((Tally::default(), BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let report = (seed < first + count).then(|| run(seed, false));
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

/// A schedule as it is kept: its seed, and then all its choices.
fn trace_of(seed: u64) -> String {
    let (_, choices) = run_with(seed, Random::new(seed).keep(), false);
    let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
    format!("{seed}\n{}\n", choices.join(" "))
}

/// Runs the schedule of a trace.
fn follow(trace: &str, with_history: bool) -> Report {
    let mut numbers = trace.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    let seed = numbers.next().unwrap_or_default();
    let choices = numbers.map(|choice| usize::try_from(choice).unwrap_or_default());
    run_with(seed, Random::new(seed).follow(choices), with_history).0
}

/// What happened, without what the product has logged: other threads, which log nothing, may keep a line from us.
fn happened(report: &Report) -> Vec<&String> {
    report.history.iter().filter(|line| !line.contains(" logs ")).collect()
}

/// What somebody needs who wants to know why a seed fails.
fn explain(seed: u64) -> String {
    let Report { violations, history, .. } = run(seed, true);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{seed}.trace"));
    std::fs::write(&file, trace_of(seed)).unwrap();
    format!(
        "{}\n\nseed {seed} violates:\n  {}\n\nrun it again:\n  ZONELINK_SEED={seed} cargo test -p zonelink-tests \
         --test simulation one_seed -- --nocapture\nits choices are in {}: ZONELINK_TRACE in place of ZONELINK_SEED\n",
        history.join("\n"),
        violations.join("\n  "),
        file.display(),
    )
}

fn assert_none_fails(failing: &BTreeMap<u64, String>) {
    if let Some(seed) = failing.keys().next() {
        let all: Vec<_> =
            failing.iter().map(|(seed, violation)| format!("seed {seed}: {violation}")).collect();
        panic!("{}\n{}", explain(*seed), all.join("\n"));
    }
}

/// What must happen often, or the schedules show nothing about it.
const MUST_HAPPEN: [&str; 31] = [
    "answers lost",
    "answers that are late",
    "batches done",
    "batches of several messages",
    "batches refused",
    "batches with unprocessed keys",
    "buckets that others use",
    "calls denied",
    "changes after one that is not done",
    "connections accepted",
    "connections rejected",
    "crashes",
    "deadlines reached",
    "definitions lost",
    "definitions removed",
    "dropped calls that land",
    "empty pages",
    "events lost",
    "Profiles associated",
    "late copies",
    "late landings",
    "memories lost",
    "pages that are not the last",
    "races lost",
    "reads throttled",
    "records touched by people",
    "removals by sweeps",
    "removals held",
    "Route 53 throttles",
    "turns taken",
    "writes sent twice",
];

#[test]
fn no_schedule_breaks_a_rule_and_all_end_in_order() {
    let count = number("ZONELINK_SCHEDULES").unwrap_or(SCHEDULES);
    let enough = number("ZONELINK_FAILURES").and_then(|enough| usize::try_from(enough).ok()).unwrap_or(1);
    let (tally, failing) = search(number("ZONELINK_FIRST").unwrap_or(0), count, enough);
    assert_none_fails(&failing);
    for what in MUST_HAPPEN {
        let times = tally.0.get(what).copied().unwrap_or_default();
        // In as many schedules as there are unless said otherwise, 30 times.
        assert!(times * SCHEDULES >= 30 * count, "hardly any {what}: {tally:?}");
    }
    #[expect(clippy::print_stdout, reason = "shown on request: -- --nocapture")]
    for (what, times) in &tally.0 {
        println!("{times:>10}  {what}");
    }
}

#[test]
fn what_people_take_back_stays_theirs() {
    let (tally, failing) = search(World::TAKING_BACK, TAKING_BACK, 1);
    assert_none_fails(&failing);
    let times = tally.0.get("records taken back").copied().unwrap_or_default();
    assert!(times > 30, "hardly any record is taken back: {tally:?}");
}

#[test]
fn nothing_of_a_guest_is_written_without_the_zone_owners_consent() {
    let count = number("ZONELINK_SCHEDULES").unwrap_or(CONSENTING);
    let (tally, failing) = search(World::CONSENTING, count, 1);
    assert_none_fails(&failing);
    for what in [
        "consents given",
        "consents refused",
        "consents taken back",
        "accounts that closed",
        "guests that closed",
        "withdrawn by a list",
    ] {
        let times = tally.0.get(what).copied().unwrap_or_default();
        assert!(times * CONSENTING >= 30 * count, "hardly any {what}: {tally:?}");
    }
}

#[test]
fn what_somebody_else_writes_again_and_again_is_left_and_made_right_when_that_ends() {
    let (tally, failing) = search(World::CONTENDING, CONTENDING, 1);
    assert_none_fails(&failing);
    for what in
        ["records left as contended", "records left for their mark", "rests that ended", "marks removed"]
    {
        let times = tally.0.get(what).copied().unwrap_or_default();
        assert!(times > 30, "hardly any {what}: {tally:?}");
    }
}

#[test]
fn zone_is_made_once_for_whom_it_is_needed_and_never_without_a_claim() {
    let count = number("ZONELINK_SCHEDULES").unwrap_or(MAKING);
    let (tally, failing) = search(number("ZONELINK_FIRST").unwrap_or(World::MAKING), count, 1);
    assert_none_fails(&failing);
    for what in [
        "zones made",
        "zones refused",
        "zones made by people",
        "made zones touched by people",
        "zone claims released",
        "zones deleted",
        "zones used while they go",
    ] {
        let times = tally.0.get(what).copied().unwrap_or_default();
        assert!(times * MAKING >= 5 * count, "hardly any {what}: {tally:?}");
    }
}

#[test]
fn schedules_that_nobody_has_run_before_break_no_rule() {
    #[expect(clippy::disallowed_methods, reason = "each day has schedules of its own")]
    let today = jiff::Timestamp::now().as_second() / (24 * 60 * 60);
    let today = u64::try_from(today).unwrap_or_default();
    let day = number("ZONELINK_DAY").unwrap_or(today);
    let (_, failing) = search(day * DAY, MOVING, 1);
    assert_none_fails(&failing);
}

#[test]
fn what_failed_once_holds() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/kept");
    let seeds = std::fs::read_to_string(kept.join("seeds.txt")).unwrap();
    let seeds = seeds.lines().filter_map(|line| line.split('#').next()?.trim().parse::<u64>().ok());
    for seed in seeds {
        assert!(run(seed, false).violations.is_empty(), "{}", explain(seed));
    }
    let files = std::fs::read_dir(&kept).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file: &PathBuf| file.extension().is_some_and(|of| of == "trace")) {
        let report = follow(&std::fs::read_to_string(&file).unwrap(), false);
        assert!(report.violations.is_empty(), "{}: {:?}", file.display(), report.violations);
    }
}

#[test]
fn one_seed_always_has_one_history() {
    let seed = number("ZONELINK_SEED").unwrap_or(1);
    let trace = variable("ZONELINK_TRACE").map(|file| std::fs::read_to_string(file).unwrap());
    let again = || trace.as_ref().map_or_else(|| run(seed, true), |trace| follow(trace, true));
    let (first, second) = (again(), again());
    assert!(!first.history.is_empty());
    assert_eq!(happened(&first), happened(&second));
    if trace.is_some() || number("ZONELINK_SEED").is_some() {
        #[expect(clippy::print_stdout, reason = "somebody asked for this one")]
        {
            println!("{}", first.history.join("\n"));
        }
        assert!(first.violations.is_empty(), "{}", first.violations.join("\n"));
    }
}

#[test]
fn a_trace_is_the_schedule_of_its_seed() {
    let of_seed = run(2, true);
    assert_eq!(happened(&follow(&trace_of(2), true)), happened(&of_seed));
    // One from which the same follows: what people and AWS may do at all goes by the number.
    let other = trace_of(2).replacen('2', "18", 1);
    assert_eq!(happened(&follow(&other, true)), happened(&of_seed), "the choices count, and not the seed");
}
