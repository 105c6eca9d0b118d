//! What a dry run would do, as the function answers it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::answer::Answer;
use crate::columns::table;
use crate::terminal::count;
use anyhow::Context;

/// So many holds of one reason are shown one by one.
const FEW: usize = 3;

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
pub(super) fn answer(said: &Value, is_wide: bool) -> anyhow::Result<Answer> {
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
        parts.push(format!("Held:\n{}", held_text(&held, is_wide)));
    }
    Ok(Answer::new(said, parts.join("\n\n"))?.held_if(!held.is_empty()))
}

/// What would be held, the most frequent reason first. Many holds of one reason are said together, unless each is asked
/// for.
fn held_text(held: &[&Held], is_wide: bool) -> String {
    let mut by_reason: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for one in held {
        let word = one.reason.split(':').next().unwrap_or_default();
        by_reason.entry(word).or_default().push(one);
    }
    let mut groups: Vec<_> = by_reason.into_iter().collect();
    groups.sort_by_key(|(_, held)| Reverse(held.len()));
    let texts = groups.into_iter().map(|(word, held)| {
        if is_wide || held.len() <= FEW {
            let each = held.iter().map(|Held { subject, reason, remedy }| {
                format!("  {subject}: {reason}\n    remedy: {remedy}")
            });
            return each.collect::<Vec<_>>().join("\n");
        }
        let named: Vec<_> = held.iter().take(FEW).map(|one| one.subject.as_str()).collect();
        let (first, others) = (held[0], held.len() - FEW);
        format!(
            "  {word}: {}; -o wide shows each\n    {} and {others} more\n    {}: {}\n    remedy: {}",
            count(held.len(), "hold"),
            named.join(", "),
            first.subject,
            first.reason,
            first.remedy
        )
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_one_reason_are_said_together_and_the_most_frequent_comes_first() {
        let held = |number: usize, word: &str| Held {
            subject: format!("vpce-svc-1/vpce-{number}"),
            reason: format!("{word}: for account {number}"),
            remedy: "allow it".into(),
        };
        let all: Vec<_> = (0..301)
            .map(|number| held(number, if number == 0 { "AllowListEmpty" } else { "NotAllowed" }))
            .collect();
        let all: Vec<_> = all.iter().collect();
        let said = held_text(&all, false);
        assert!(
            said.starts_with("  NotAllowed: 300 holds; -o wide shows each\n    vpce-svc-1/vpce-1, "),
            "{said}"
        );
        assert!(said.contains(" and 297 more\n    vpce-svc-1/vpce-1: NotAllowed: for account 1\n"), "{said}");
        assert!(
            said.ends_with("vpce-svc-1/vpce-0: AllowListEmpty: for account 0\n    remedy: allow it"),
            "{said}"
        );
        assert_eq!(held_text(&all, true).matches("remedy: ").count(), 301);
    }
}
