//! What a dry run would do, as the function answers it.

use serde::Deserialize;
use serde_json::Value;

use crate::answer::Answer;
use crate::terminal::{count, table};
use anyhow::Context;

/// As much of the function's answer as people are told; programs get all of it.
#[derive(Debug, Deserialize)]
struct Summary {
    services: Vec<Service>,
    #[serde(default)]
    claimed_vpcs: usize,
    #[serde(default)]
    refused_definitions: Vec<Held>,
    #[serde(default)]
    held_records: Vec<Held>,
}

#[derive(Debug, Deserialize)]
struct Service {
    #[serde(rename = "service")]
    id: String,
    accepted: usize,
    #[serde(default)]
    rejected: usize,
    endpoints: usize,
    held: Vec<Held>,
}

#[derive(Debug, Deserialize)]
struct Held {
    subject: String,
    reason: String,
    remedy: String,
}

/// The answer of a dry run.
pub(super) fn answer(said: &Value) -> anyhow::Result<Answer> {
    let summary = Summary::deserialize(said).context("the function's answer cannot be read")?;
    let services = || summary.services.iter();
    let held: Vec<&Held> = services()
        .flat_map(|service| &service.held)
        .chain(&summary.refused_definitions)
        .chain(&summary.held_records)
        .collect();
    let header = ["service", "accepted", "rejected", "held", "endpoints sent on"];
    let rows = services().map(|service| {
        let numbers = [service.accepted, service.rejected, service.held.len(), service.endpoints];
        [service.id.clone()].into_iter().chain(numbers.map(|number| number.to_string()))
    });
    let mut parts = vec!["A dry run: nothing was done. It would be:".to_owned(), table(&header, rows)];
    if summary.claimed_vpcs > 0 {
        parts.push(format!("{} to which only claims or holds lead", count(summary.claimed_vpcs, "VPC")));
    }
    if !held.is_empty() {
        let lines = held
            .iter()
            .map(|held| format!("  {}: {}\n    remedy: {}", held.subject, held.reason, held.remedy));
        parts.push(format!("Held:\n{}", lines.collect::<Vec<_>>().join("\n")));
    }
    Ok(Answer::new(said, parts.join("\n\n"))?.held_if(!held.is_empty()))
}
