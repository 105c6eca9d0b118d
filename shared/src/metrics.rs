//! Metrics: what is counted and measured, and the lines in which CloudWatch finds it.
//!
//! A function prints them with its logs, in CloudWatch's [embedded metric format], when an invocation ends: no call
//! is made for them, and nobody waits. Decisions never read them. docs/METRICS.md says what each means.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::limits::Limit;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "zonelink";

/// A metric, under its name in CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// From the event's own time to the confirmed change of a record.
    TimeToRecord,
    /// Changes of a name in a zone, confirmed.
    RecordChanges,
    /// Those of which no event told, for each message of a scheduled sweep.
    ChangesFoundBySweep,
    /// Those whose record was found other than it had been confirmed.
    DriftRepaired,
    /// Connections that AWS accepted for us.
    ConnectionsAccepted,
    /// Connections that AWS rejected for us.
    ConnectionsRejected,
    /// Holds that are new or have another reason.
    HoldsPlaced,
    /// Holds that stand when a whole sweep has done its own part.
    HoldsStanding,
    /// How long ago the oldest change was announced that is not confirmed.
    PendingAge,
    /// How long ago the last complete sweep ended when the next one begins.
    SweepAge,
    /// Whole sweeps that began.
    SweepsStarted,
    /// Whole sweeps that ended, and failed in nothing.
    SweepsCompleted,
    /// Definitions in the table that are refused.
    RefusedDefinitions,
    /// Answers of AWS that ask for patience.
    Throttles,
    /// Looks and changes that were put off for want of room in an account's bucket.
    BucketWaits,
    /// For how long each of them was put off.
    BucketWaitTime,
    /// Claims that another worker changed first.
    Races,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 17] = [
        Metric::TimeToRecord,
        Metric::RecordChanges,
        Metric::ChangesFoundBySweep,
        Metric::DriftRepaired,
        Metric::ConnectionsAccepted,
        Metric::ConnectionsRejected,
        Metric::HoldsPlaced,
        Metric::HoldsStanding,
        Metric::PendingAge,
        Metric::SweepAge,
        Metric::SweepsStarted,
        Metric::SweepsCompleted,
        Metric::RefusedDefinitions,
        Metric::Throttles,
        Metric::BucketWaits,
        Metric::BucketWaitTime,
        Metric::Races,
    ];

    /// Its unit, as CloudWatch spells it.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Metric::TimeToRecord | Metric::BucketWaitTime => "Milliseconds",
            Metric::PendingAge | Metric::SweepAge => "Seconds",
            _ => "Count",
        }
    }

    /// The dimension that it has besides the stack, if it has one.
    #[must_use]
    pub fn dimension(self) -> Option<&'static str> {
        match self {
            Metric::RecordChanges => Some("Action"),
            Metric::HoldsPlaced | Metric::HoldsStanding => Some("Reason"),
            Metric::Throttles => Some("Service"),
            _ => None,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What an invocation has counted and measured so far.
#[derive(Debug, Default)]
pub struct Metrics {
    kept: Mutex<Kept>,
}

/// Values by metric; those of the stack, and those of each value of a metric's own dimension.
#[derive(Debug, Default)]
struct Kept {
    of_stack: Values,
    of_dimension: BTreeMap<(&'static str, String), Values>,
}

type Values = BTreeMap<Metric, Vec<u64>>;

/// Where and when lines are printed.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The stack.
    pub stack: &'a str,
    /// The invocation.
    pub request_id: &'a str,
    /// Its trace, as X-Ray's header has it.
    pub xray_trace_id: Option<&'a str>,
    /// A level that Lambda lets pass: it treats a line without one as INFO, and drops it where only worse is kept.
    pub level: &'a str,
    /// Now.
    pub at: Timestamp,
}

impl Metrics {
    /// Adds to a count. Adding 0 makes the count known.
    pub fn count(&self, metric: Metric, times: usize) {
        add(&mut self.kept().of_stack, metric, times);
    }

    /// Adds to a count, and to that of one value of the metric's own dimension.
    pub fn count_as(&self, metric: Metric, value: &str, times: usize) {
        let mut kept = self.kept();
        add(&mut kept.of_stack, metric, times);
        if let Some(dimension) = metric.dimension() {
            add(kept.of_dimension.entry((dimension, value.to_owned())).or_default(), metric, times);
        }
    }

    /// Notes one value beside those that are known already.
    pub fn measure(&self, metric: Metric, value: u64) {
        self.kept().of_stack.entry(metric).or_default().push(value);
    }

    /// All that is known, as lines to print; afterwards nothing is known any more.
    #[must_use]
    pub fn take_lines(&self, stamp: &Stamp) -> Vec<String> {
        let Kept { of_stack, of_dimension } = std::mem::take(&mut *self.kept());
        let mut lines = documents(stamp, None, &of_stack);
        for ((dimension, value), values) in &of_dimension {
            lines.extend(documents(stamp, Some((dimension, value)), values));
        }
        lines
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked meanwhile has added a number or has not.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(values: &mut Values, metric: Metric, times: usize) {
    let times = u64::try_from(times).unwrap_or(u64::MAX);
    match values.entry(metric).or_default().as_mut_slice() {
        [sum, ..] => *sum = sum.saturating_add(times),
        [] => _ = values.insert(metric, vec![times]),
    }
}

/// The lines for one set of dimensions: one, unless a metric has more values than a line may hold.
fn documents(stamp: &Stamp, second: Option<(&str, &str)>, values: &Values) -> Vec<String> {
    let most = values.values().map(Vec::len).max().unwrap_or_default();
    (0..most.div_ceil(Limit::MetricValues.most()))
        .map(|number| document(stamp, second, values, number).to_string())
        .collect()
}

fn document(stamp: &Stamp, second: Option<(&str, &str)>, values: &Values, number: usize) -> Value {
    let mut document = Map::new();
    let mut metrics = Vec::new();
    for (metric, values) in values {
        let Some(values) = Limit::MetricValues.split(values).nth(number) else { continue };
        metrics.push(json!({"Name": metric.to_string(), "Unit": metric.unit()}));
        document.insert(metric.to_string(), if let [one] = values { json!(one) } else { json!(values) });
    }
    let dimensions: Vec<_> = ["Stack"].into_iter().chain(second.map(|(name, _)| name)).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics});
    let aws = json!({"Timestamp": stamp.at.as_millisecond(), "CloudWatchMetrics": [directive]});
    let mut span = json!({"requestId": stamp.request_id});
    if let Some(trace) = stamp.xray_trace_id {
        span["xrayTraceId"] = json!(trace);
    }
    let rest = [
        ("_aws", aws),
        ("Stack", json!(stamp.stack)),
        // As in the lines of the log, so that one query finds both.
        ("timestamp", json!(format!("{:.6}", stamp.at))),
        ("level", json!(stamp.level)),
        ("message", json!("metrics")),
        ("spans", json!([span])),
    ];
    document.extend(rest.map(|(name, value)| (name.to_owned(), value)));
    document.extend(second.map(|(name, value)| (name.to_owned(), json!(value))));
    Value::Object(document)
}

#[cfg(test)]
mod tests;
