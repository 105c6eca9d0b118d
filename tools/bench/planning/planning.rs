//! Planning alone: a VPC with 50 endpoints and 20 zones, once new and once in sync.
//!
//! `cargo bench -p planning-bench` measures the time. With `--plan new|in-sync TIMES` the same
//! plans are made that many times and nothing is measured: for a tool that counts instructions.

#![expect(clippy::unwrap_used, reason = "a measure that cannot go on fails")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group};
use serde_json::{Value, json};
use shared::model::facts::Facts;
use shared::model::policy::{Policy, ServiceDefinition};
use shared::plan::vpc::plan;
use shared::trigger::intent::Intent;

const ENDPOINTS: usize = 50;
const ZONES: usize = 20;

const ACCOUNT: &str = "444455556666";
const SERVICE: &str = "vpce-svc-0a1b2c3d4e5f60718";
const VPC: &str = "vpc-00000001";
const NOW: &str = "2026-03-02T09:15:00Z";

/// The labels of the most specific zone; each further zone lacks one more of them.
fn labels() -> Vec<String> {
    (1..ZONES).map(|number| format!("level{number}")).chain(["example".into(), "com".into()]).collect()
}

fn name() -> String {
    format!("*.{}", labels().join("."))
}

fn endpoint(number: usize) -> String {
    format!("vpce-{number:017x}")
}

fn addresses(number: usize) -> Value {
    json!({ "a": [format!("10.0.{}.{}", number / 100, number % 100 + 4)], "aaaa": [] })
}

fn policy() -> Policy {
    let definition = json!({ "service": SERVICE, "names": [name()], "allowed_principals": [ACCOUNT] });
    let definition: ServiceDefinition = serde_json::from_value(definition).unwrap();
    Policy {
        region: "us-west-2".parse().unwrap(),
        services: [(definition.service.clone(), definition)].into(),
    }
}

fn intent() -> Intent {
    serde_json::from_value(json!({ "account": ACCOUNT, "vpcs": [VPC], "cause": "a measure" })).unwrap()
}

/// One object of a member for each number.
fn each(count: usize, member: impl Fn(usize) -> (String, Value)) -> Value {
    Value::Object((0..count).map(member).collect())
}

fn facts(in_sync: bool) -> Facts {
    let labels = labels();
    let zone = |number: usize| format!("Z{number:020}");
    let interface = |number| json!({ "subnet": "subnet-00000001", "addresses": addresses(number) });
    let endpoints = each(ENDPOINTS, |number| {
        let seen = json!({
            "service": SERVICE, "state": "available", "ip_address_type": "ipv4",
            "subnets": ["subnet-00000001"],
            "interfaces": { format!("eni-{number:017x}"): interface(number) },
        });
        (endpoint(number), seen)
    });
    let stored = each(if in_sync { ENDPOINTS } else { 0 }, |number| {
        let remembered = json!({
            "service": SERVICE, "vpc_endpoint": endpoint(number), "account": ACCOUNT, "vpc": VPC,
            "state": "available", "addresses": addresses(number), "first_seen": NOW,
        });
        (endpoint(number), remembered)
    });
    let zones = each(ZONES, |number| {
        (zone(number), json!({ "name": labels[number..].join("."), "account": ACCOUNT }))
    });
    let values: Vec<Value> = (0..ENDPOINTS).map(|number| addresses(number)["a"][0].clone()).collect();
    let record = |number: usize| {
        let key = json!({ "zone": zone(number), "name": name() });
        let claim = json!({
            "key": key, "zone_account": ACCOUNT, "service": SERVICE, "origin": "created", "version": 2,
            "contributions": each(ENDPOINTS, |number| {
                let added = json!({ "vpc": VPC, "account": ACCOUNT, "addresses": addresses(number) });
                (endpoint(number), added)
            }),
            "confirmed": { "a": values, "aaaa": [] },
        });
        let seen = json!({ "a": { "ttl": 60, "values": values } });
        json!({
            "key": key, "zone_account": ACCOUNT, "association": "Associated",
            "seen": { "Ok": if in_sync { seen } else { json!({}) } },
            "claim": if in_sync { claim } else { Value::Null },
        })
    };
    let records: Vec<Value> = (0..ZONES).map(record).collect();
    let vpc = json!({
        "vpc": VPC, "endpoints": endpoints, "stored": stored, "zones": { "Ok": zones },
        "records": records, "holds": {},
    });
    let facts = json!({
        "account": ACCOUNT, "now": NOW, "holds": {}, "vpcs": [vpc], "unknown": [], "waits": {},
    });
    serde_json::from_value(facts).unwrap()
}

/// Makes the plan, and looks that it is the one that is meant to be measured.
fn checked(in_sync: bool) -> (Intent, Facts, Policy) {
    let (intent, facts, policy) = (intent(), facts(in_sync), policy());
    let changes =
        plan(&intent, &facts, &policy, &[]).groups.iter().filter(|group| group.steps.len() > 2).count();
    assert_eq!(changes, if in_sync { 0 } else { ZONES }, "{}", plan(&intent, &facts, &policy, &[]));
    assert_eq!(plan(&intent, &facts, &policy, &[]).is_empty(), in_sync);
    (intent, facts, policy)
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("planning");
    group.throughput(Throughput::Elements(1)).warm_up_time(Duration::from_secs(1));
    group.measurement_time(Duration::from_secs(4)).sample_size(50);
    for (name, in_sync) in [("new", false), ("in-sync", true)] {
        let (intent, facts, policy) = checked(in_sync);
        group.bench_function(name, |bencher| {
            bencher.iter(|| plan(black_box(&intent), black_box(&facts), black_box(&policy), &[]));
        });
    }
    group.finish();
}

criterion_group!(benches, planning);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let Some(place) = arguments.iter().position(|argument| argument == "--plan") else {
        benches();
        Criterion::default().configure_from_args().final_summary();
        return;
    };
    let (intent, facts, policy) = checked(arguments[place + 1] == "in-sync");
    for _ in 0..arguments[place + 2].parse().unwrap() {
        black_box(plan(black_box(&intent), black_box(&facts), black_box(&policy), &[]));
    }
}
