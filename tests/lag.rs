//! How late a record is: a model of the schedule by which an endpoint is looked at, from the moment at which it is
//! available to the moment at which Route 53 accepts its record.
//!
//! The schedule is the product's own code. What lies between is a number each, below. There is no chance in it: a
//! distribution stands as so many moments of equal probability, so the figures are the same each time.
//!
//! What the clock does not count: until Route 53 has brought the record everywhere (`INSYNC`, a minute at most as a
//! rule), and for how long a resolver of the VPC keeps the answer that there is none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "how late a record is, is a result of its own")]

use jiff::SignedDuration;
use shared::plan::vpc::{WAIT_AT_MOST, chain_delay};

/// From the moment at which a message may be seen until a function has it, in seconds: SQS's pollers and a queue that
/// is not empty.
const DELIVERY: f64 = 0.05;
/// One look that finds nothing, until the next message is sent.
const LOOK: f64 = 0.15;
/// From the look that finds an endpoint available until Route 53 has accepted its record.
const PASS: f64 = 0.3;
/// What a cold start adds, and of how many looks one is cold.
const COLD: (f64, usize) = (0.4, 20);
/// From the acceptance of an endpoint until it is looked at first.
const FIRST_LOOK: f64 = 1.0;
/// How many moments stand for a distribution.
const MOMENTS: usize = 20_000;

/// When endpoints become available, in seconds after they were accepted.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Uniform(f64, f64),
    /// Of a median and a sigma.
    Lognormal(f64, f64),
}

/// Each draw, with the mean, the 90th and the 99th percentile that are held, in seconds.
const GOALS: [(Draw, f64, f64, f64); 4] = [
    (Draw::Uniform(30.0, 180.0), 6.0, 10.0, 11.0),
    (Draw::Uniform(38.0, 48.0), 7.0, 10.0, 11.0),
    (Draw::Lognormal(90.0, 0.5), 7.0, 11.0, 20.0),
    (Draw::Lognormal(150.0, 0.6), 9.0, 19.0, 32.0),
];

impl Draw {
    /// The moment before which so many of all endpoints are available.
    fn quantile(self, share: f64) -> f64 {
        match self {
            Draw::Uniform(from, to) => from + (to - from) * share,
            Draw::Lognormal(median, sigma) => median * (sigma * normal(share)).exp(),
        }
    }

    /// The moments that stand for it, each with whether its look is cold. Those that are so late that nobody waits any
    /// more are left to the sweep.
    fn moments(self) -> impl Iterator<Item = (f64, bool)> {
        let share = |place: usize| (as_float(place) + 0.5) / as_float(MOMENTS);
        let all = (0..MOMENTS).map(move |place| (self.quantile(share(place)), place % COLD.1 == 0));
        all.filter(|(at, _)| *at < WAIT_AT_MOST.as_secs_f64() - 60.0)
    }
}

fn as_float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// The quantile of the standard normal distribution, by halving. The distribution itself is a series of its own.
fn normal(share: f64) -> f64 {
    let (mut low, mut high) = (-8.0_f64, 8.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if distribution(middle) < share { low = middle } else { high = middle }
    }
    low
}

/// How much of the standard normal distribution lies below (Marsaglia's series).
fn distribution(at: f64) -> f64 {
    let (mut sum, mut term, mut odd) = (at, at, 1.0);
    while term.abs() > 1e-12 {
        odd += 2.0;
        term *= at * at / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * at * at).exp() / std::f64::consts::TAU.sqrt()
}

/// When the chain of an endpoint looks, from its first look on.
fn looks_of_the_chain() -> Vec<f64> {
    let mut at = FIRST_LOOK;
    let mut looks = vec![at];
    while at < FIRST_LOOK + WAIT_AT_MOST.as_secs_f64() {
        let waited = SignedDuration::try_from_secs_f64(at - FIRST_LOOK).unwrap();
        at += LOOK + f64::from(chain_delay(waited)) + DELIVERY;
        looks.push(at);
    }
    looks
}

/// What a draw comes to, in seconds.
#[derive(Debug, Clone, Copy)]
struct Lag {
    mean: f64,
    p90: f64,
    p99: f64,
}

impl Lag {
    fn of(draw: Draw, accepted: impl Fn(f64) -> f64) -> Lag {
        let cold = |is_cold: bool| if is_cold { COLD.0 } else { 0.0 };
        let mut lags: Vec<f64> =
            draw.moments().map(|(at, is_cold)| accepted(at) + PASS + cold(is_cold) - at).collect();
        lags.sort_by(f64::total_cmp);
        let share = |hundredths: usize| lags[(lags.len() * hundredths / 100).min(lags.len() - 1)];
        Lag { mean: lags.iter().sum::<f64>() / as_float(lags.len()), p90: share(90), p99: share(99) }
    }

    fn print(self, draw: Draw) {
        let Lag { mean, p90, p99 } = self;
        println!("{draw:?}: mean {mean:.1} s, p90 {p90:.1} s, p99 {p99:.1} s");
    }
}

/// The look of the chain that finds an endpoint available.
fn found_by_the_chain(looks: &[f64], at: f64) -> f64 {
    looks.iter().copied().find(|look| *look >= at).unwrap()
}

#[test]
fn a_record_is_six_to_nine_seconds_late_and_half_a_minute_in_one_case_of_a_hundred() {
    let looks = looks_of_the_chain();
    for (draw, mean, p90, p99) in GOALS {
        let lag = Lag::of(draw, |at| found_by_the_chain(&looks, at));
        lag.print(draw);
        assert!(lag.mean <= mean && lag.p90 <= p90 && lag.p99 <= p99, "{draw:?}: {lag:?}");
    }
}

#[test]
fn an_endpoint_is_looked_at_no_more_than_sixty_times() {
    let looks = looks_of_the_chain();
    assert!(looks.len() <= 60, "{}", looks.len());
    assert!(looks.windows(2).all(|pair| pair[1] - pair[0] >= 5.0), "one call each five seconds");
}

#[test]
fn a_normal_quantile_is_one() {
    for (share, at) in [(0.5, 0.0), (0.841_344_746, 1.0), (0.022_750_132, -2.0), (0.99, 2.326_347_874)] {
        assert!((normal(share) - at).abs() < 1e-6, "{share}: {}", normal(share));
    }
}
