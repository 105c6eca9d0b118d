//! What the journal says: the entries, and the rule by which a connection was accepted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use serde::Serialize;
use shared::aws::Worker;
use shared::inspect::{Inspected, JournalEntry};
use shared::model::hold::Subject;
use shared::model::ids::{ServiceId, VpcEndpointId};

use crate::terminal::{age, moment};

/// How a connection came to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Acceptance {
    /// The allowed principal that matched.
    pub(super) rule: String,
    /// When that was journalled.
    pub(super) at: Timestamp,
    /// How it ended.
    pub(super) outcome: String,
}

/// The journals of services, each read once: what was decided on their connections together.
#[derive(Debug, Default)]
pub(super) struct ServiceJournals(BTreeMap<ServiceId, Inspected<JournalEntry>>);

impl ServiceJournals {
    /// The entries of a service that name an endpoint, oldest first, and what could not be read of its journal.
    pub(super) async fn naming(
        &mut self,
        worker: &Worker,
        service: &ServiceId,
        vpc_endpoint: &VpcEndpointId,
    ) -> anyhow::Result<Inspected<JournalEntry>> {
        let journal = match self.0.entry(service.clone()) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                unread.insert(worker.inspect_journal(&Subject::Service(service.clone())).await?)
            }
        };
        let id = format!(" {vpc_endpoint} ");
        let names = |entry: &&JournalEntry| entry.steps.iter().any(|step| format!("{step} ").contains(&id));
        let items = journal.items.iter().filter(names).cloned().collect();
        Ok(Inspected { items, unreadable: journal.unreadable.clone() })
    }
}

/// The last acceptance of an endpoint's connection; none when no entry has one.
pub(super) fn last_acceptance(entries: &[JournalEntry], vpc_endpoint: &VpcEndpointId) -> Option<Acceptance> {
    let found: Vec<_> = entries.iter().rev().filter_map(|entry| acceptance(entry, vpc_endpoint)).collect();
    // Two workers may have tried at once, of whom AWS heard one.
    let done = found.iter().find(|acceptance| acceptance.outcome == "done");
    done.or(found.first()).cloned()
}

/// The rule by which an entry accepted an endpoint's connection: "… vpce-1 of 2222 (allowed by 2222) …".
fn acceptance(entry: &JournalEntry, vpc_endpoint: &VpcEndpointId) -> Option<Acceptance> {
    let step = entry.steps.iter().find(|step| step.starts_with("accept connections"))?;
    let (_, said) = step.split_once(&format!(" {vpc_endpoint} of "))?;
    let (_, rule) = said.split_once("(allowed by ")?;
    let (rule, _) = rule.split_once(')')?;
    Some(Acceptance { rule: rule.to_owned(), at: entry.at, outcome: entry.outcome.clone() })
}

/// Several journals as one, in order; and what could not be read of them.
pub(super) fn merged(journals: Vec<Inspected<JournalEntry>>) -> (Vec<JournalEntry>, Vec<String>) {
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for journal in journals {
        entries.extend(journal.items);
        unreadable.extend(journal.unreadable);
    }
    entries.sort_by(|a: &JournalEntry, b| (a.at, &a.subject).cmp(&(b.at, &b.subject)));
    // One place may have been read for several reasons.
    entries.dedup();
    unreadable.sort();
    unreadable.dedup();
    (entries, unreadable)
}

/// Entries as people read them.
pub(super) fn text(entries: &[JournalEntry], now: Timestamp) -> String {
    if entries.is_empty() {
        return "  nothing in the last 90 days".to_owned();
    }
    let lines = entries.iter().map(|entry| {
        let took = entry.milliseconds.map(|milliseconds| format!(", {milliseconds} ms after the event"));
        let mut lines = vec![
            format!("  {}  {}  ({} ago)", moment(entry.at), entry.subject, age(entry.at, now)),
            format!("    because {}", entry.reason),
        ];
        lines.extend(entry.steps.iter().map(|step| format!("    {step}")));
        let by = entry.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        lines.push(format!("    {}; from {}{by}{}", entry.outcome, entry.cause, took.unwrap_or_default()));
        lines.join("\n")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn entry(step: &str) -> JournalEntry {
        JournalEntry {
            subject: "vpce-svc-0123456789abcdef0/".into(),
            at: Timestamp::UNIX_EPOCH,
            cause: "a test".into(),
            by: None,
            reason: "their owners are allowed".into(),
            steps: vec![step.into()],
            outcome: "done".into(),
            milliseconds: None,
        }
    }

    #[test]
    fn rule_is_that_of_the_endpoint_and_of_no_other() {
        let step = "accept connections of vpce-svc-0123456789abcdef0: vpce-0123456789abcdef0 of 222222222222 (allowed by \
                    222222222222) vpce-0123456789abcdef1 of 333333333333 (allowed by o-a1b2c3d4e5)";
        let rule = |vpc_endpoint: &str| {
            acceptance(&entry(step), &id(vpc_endpoint)).map(|acceptance| acceptance.rule)
        };
        assert_eq!(rule("vpce-0123456789abcdef0").as_deref(), Some("222222222222"));
        assert_eq!(rule("vpce-0123456789abcdef1").as_deref(), Some("o-a1b2c3d4e5"));
        assert_eq!(rule("vpce-0123456789abcdef2"), None);
    }

    #[test]
    fn steps_read_as_the_plan_writes_them() {
        use shared::plan::{Accepted, Step};
        let vpc_endpoint: VpcEndpointId = id("vpce-0123456789abcdef0");
        let accepted = Accepted { owner: id("222222222222"), rule: "222222222222".into() };
        let step = Step::AcceptConnections {
            service: id("vpce-svc-0123456789abcdef0"),
            vpc_endpoints: [(vpc_endpoint.clone(), accepted)].into(),
        };
        assert!(acceptance(&entry(&step.to_string()), &vpc_endpoint).is_some());
    }
}
