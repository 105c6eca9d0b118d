//! What is explained: an endpoint, or a name in each of its zones.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use shared::aws::Worker;
use shared::inspect::JournalEntry;
use shared::model::claim::{Claim, Origin};
use shared::model::dns::DnsName;
use shared::model::hold::Subject as Held;
use shared::model::ids::VpcEndpointId;
use shared::model::record::RecordKey;
use shared::model::repairs::{Repair, Repairs};

use super::history::{self, Acceptance, ServiceJournals, last_acceptance, merged};
use crate::columns::table;
use crate::failure::Failure;
use crate::fleet::{EndpointView, Fleet, HoldView};
use crate::terminal::moment;

/// What can be explained.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    Endpoint(VpcEndpointId),
    Record(RecordKey),
    Name(DnsName),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("vpce-svc-") {
            return Err("a service is shown by: zonelink service show".into());
        }
        if text.starts_with("vpce-") {
            return text
                .parse()
                .map(Subject::Endpoint)
                .map_err(|error: shared::model::ids::InvalidId| error.to_string());
        }
        if text.contains('/') {
            return text
                .parse()
                .map(Subject::Record)
                .map_err(|error: shared::model::ids::InvalidId| error.to_string());
        }
        text.parse().map(Subject::Name).map_err(|error: shared::model::dns::InvalidName| error.to_string())
    }
}

/// Why something is as it is.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    /// The endpoint, or zone and name.
    subject: String,
    /// The claim on the record; null for an endpoint, and for a record that nobody claims.
    claim: Option<Claim>,
    /// The endpoint itself, or those that add to the record.
    endpoints: Vec<Connected>,
    /// What is held of it.
    pub(super) holds: Vec<HoldView>,
    /// The decisions and changes, oldest first.
    journal: Vec<JournalEntry>,
    /// Entries of the journal that this version cannot read.
    unreadable: Vec<String>,
    #[serde(skip)]
    is_record: bool,
}

/// An endpoint, and how it came to be connected.
#[derive(Debug, Serialize)]
struct Connected {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// The rule that accepted the connection; null when the journal has no acceptance of it.
    accepted: Option<Acceptance>,
}

impl Subject {
    /// Explains the endpoint, or the name in each of its zones.
    ///
    /// # Errors
    /// When nothing is known of it, or the table cannot be read.
    pub(super) async fn explained(&self, worker: &Worker, fleet: &Fleet) -> anyhow::Result<Vec<Explanation>> {
        let mut services = ServiceJournals::default();
        let explanations = match self {
            Subject::Endpoint(id) => vec![endpoint(id, worker, fleet, &mut services).await?],
            Subject::Record(key) => vec![record(key, worker, fleet, &mut services).await?],
            Subject::Name(name) => {
                let mut explanations = Vec::new();
                for key in keys(name, fleet) {
                    explanations.push(record(&key, worker, fleet, &mut services).await?);
                }
                explanations.extend(without_zone(name, fleet));
                explanations
            }
        };
        let known: Vec<_> = explanations.into_iter().filter(|explanation| !explanation.is_empty()).collect();
        if known.is_empty() {
            return Err(self.unknown().into());
        }
        Ok(known)
    }

    fn unknown(&self) -> Failure {
        let (what, remedy) = match self {
            Subject::Endpoint(id) => {
                (id.to_string(), "zonelink status lists the endpoints of this installation")
            }
            Subject::Record(key) => {
                (key.to_string(), "give the name without its zone to see the zones in which it is known")
            }
            Subject::Name(name) => {
                (name.to_string(), "zonelink service list shows the names that are published")
            }
        };
        Failure::new(format!("nothing is known of {what}: no claim, no hold, no journal entry"), remedy)
    }
}

/// The zones in which a name is claimed or held.
fn keys(name: &DnsName, fleet: &Fleet) -> BTreeSet<RecordKey> {
    let claimed = fleet.claims.keys();
    let held = fleet.holds.iter().filter_map(|hold| match &hold.subject {
        Held::Record(_, key) => Some(key),
        _ => None,
    });
    claimed.chain(held).filter(|key| key.name == *name).cloned().collect()
}

/// What is held on a name that no zone can hold.
fn without_zone(name: &DnsName, fleet: &Fleet) -> Option<Explanation> {
    let of_name = |hold: &&HoldView| matches!(&hold.subject, Held::Name(_, held) if held == name);
    let holds: Vec<_> = fleet.holds.iter().filter(of_name).cloned().collect();
    (!holds.is_empty()).then(|| Explanation {
        subject: format!("{name}, in no zone"),
        claim: None,
        endpoints: Vec::new(),
        holds,
        journal: Vec::new(),
        unreadable: Vec::new(),
        is_record: true,
    })
}

async fn endpoint(
    id: &VpcEndpointId,
    worker: &Worker,
    fleet: &Fleet,
    services: &mut ServiceJournals,
) -> anyhow::Result<Explanation> {
    let mut journals = vec![worker.inspect_endpoint_journal(id).await?];
    let mut endpoints = Vec::new();
    for endpoint in fleet.endpoints.iter().filter(|endpoint| endpoint.vpc_endpoint == *id) {
        for record in &endpoint.records {
            let key = format!("{}/{}", record.zone, record.name).parse()?;
            journals.push(worker.inspect_record_journal(&key).await?);
        }
        for hold in &endpoint.holds {
            // A service's journal tells of all its connections; what names this one follows.
            if !matches!(hold.subject, Held::Service(_) | Held::AllowList(_)) {
                journals.push(worker.inspect_journal(&hold.subject).await?);
            }
        }
        let decided = services.naming(worker, &endpoint.service, id).await?;
        endpoints
            .push(Connected { endpoint: endpoint.clone(), accepted: last_acceptance(&decided.items, id) });
        journals.push(decided);
    }
    let mut holds: Vec<_> = endpoints.iter().flat_map(|one| one.endpoint.holds.clone()).collect();
    if endpoints.is_empty() {
        // Announced, and never seen.
        let of_endpoint =
            |hold: &&HoldView| matches!(&hold.subject, Held::UnknownEndpoint(_, held) if held == id);
        holds.extend(fleet.holds.iter().filter(of_endpoint).cloned());
    }
    let (journal, unreadable) = merged(journals);
    let subject = id.to_string();
    Ok(Explanation { subject, claim: None, endpoints, holds, journal, unreadable, is_record: false })
}

async fn record(
    key: &RecordKey,
    worker: &Worker,
    fleet: &Fleet,
    services: &mut ServiceJournals,
) -> anyhow::Result<Explanation> {
    let claim = fleet.claims.get(key).cloned();
    let mut endpoints = Vec::new();
    let mut decisions = Vec::new();
    if let Some(claim) = &claim {
        for id in claim.contributions.keys() {
            let adds = |one: &&EndpointView| one.vpc_endpoint == *id && one.service == claim.service;
            if let Some(endpoint) = fleet.endpoints.iter().find(adds) {
                let decided = services.naming(worker, &endpoint.service, id).await?;
                let accepted = last_acceptance(&decided.items, id);
                endpoints.push(Connected { endpoint: endpoint.clone(), accepted });
                decisions.push(decided);
            }
        }
    }
    let of_record = |hold: &&HoldView| matches!(&hold.subject, Held::Record(_, held) if held == key);
    let holds = fleet.holds.iter().filter(of_record).cloned().collect();
    decisions.push(worker.inspect_record_journal(key).await?);
    let (journal, unreadable) = merged(decisions);
    let subject = key.to_string();
    Ok(Explanation { subject, claim, endpoints, holds, journal, unreadable, is_record: true })
}

impl Explanation {
    fn is_empty(&self) -> bool {
        self.claim.is_none() && self.endpoints.is_empty() && self.holds.is_empty() && self.journal.is_empty()
    }

    /// For people.
    pub(super) fn text(&self, now: Timestamp) -> String {
        let mut parts = vec![self.subject.clone()];
        if self.is_record {
            parts.push(format!("Claim (table):\n{}", claimed(self.claim.as_ref())));
        }
        parts.push(format!("Endpoints (state: EC2 now; all else: table):\n{}", self.connected()));
        let holds: Vec<_> = self.holds.iter().map(|hold| hold.text(now)).collect();
        let holds = if holds.is_empty() { "  nothing".to_owned() } else { holds.join("\n") };
        parts.push(format!("Held (table):\n{holds}"));
        parts.push(format!("Journal (table), oldest first:\n{}", history::text(&self.journal, now)));
        if !self.unreadable.is_empty() {
            parts.push(format!("Not readable by this version:\n  {}", self.unreadable.join("\n  ")));
        }
        parts.join("\n")
    }

    fn connected(&self) -> String {
        if self.endpoints.is_empty() {
            return "  none".to_owned();
        }
        let rows = self.endpoints.iter().map(|Connected { endpoint, accepted }| {
            let absent = || "-".to_owned();
            let addresses = endpoint.records.first().map(|record| record.addresses.to_string());
            let rule = accepted.as_ref().map(|acceptance| {
                let done = if acceptance.outcome == "done" { "" } else { ", not done" };
                format!("rule {} ({}{done})", acceptance.rule, moment(acceptance.at))
            });
            [
                format!("  {}", endpoint.vpc_endpoint),
                endpoint.account.to_string(),
                endpoint.vpc.as_ref().map_or_else(absent, ToString::to_string),
                endpoint.state.as_ref().map_or_else(|| "not listed".to_owned(), ToString::to_string),
                endpoint.status.to_string(),
                addresses.unwrap_or_else(absent),
                rule.unwrap_or_else(|| "not in the journal".to_owned()),
            ]
        });
        table(&["  endpoint", "account", "vpc", "state", "status", "addresses", "accepted by"], rows)
    }
}

/// When a record was put right last, and who had written it; nothing when that was not lately.
fn repaired(repairs: &Repairs) -> Option<String> {
    let line = |Repair { at, by }: &Repair| {
        let by = by.as_deref().unwrap_or("somebody whom no event named");
        format!("put right at {}, after {by} had written it", moment(*at))
    };
    let lines: Vec<_> = repairs.iter().map(line).collect();
    (!lines.is_empty()).then(|| format!("\n  repairs  {}", lines.join("\n           ")))
}

/// The claim on a record.
fn claimed(claim: Option<&Claim>) -> String {
    let Some(claim) = claim else {
        return "  none: the record, if one stands there, is not zonelink's".to_owned();
    };
    if let Some(released) = &claim.released {
        return format!(
            "  released by {} at {:.0}: zonelink leaves it alone until zonelink adopt",
            released.by, released.at
        );
    }
    let origin = match claim.origin {
        Origin::Created => "zonelink made it",
        Origin::Adopted => "it stood there before, and zonelink took it over",
    };
    let pending = claim.pending.as_ref().map(|pending| {
        format!("a change from {} to {}, over by {}", pending.from, pending.to, pending.until)
    });
    [
        format!("  for      {}", claim.service),
        format!("  answers  {} (as last confirmed; Route 53 is not read)", claim.confirmed),
        format!("  pending  {}", pending.unwrap_or_else(|| "nothing".to_owned())),
        format!("  origin   {origin}"),
        format!("  zone of  account {}", claim.zone_account),
    ]
    .join("\n")
        + &repaired(&claim.repairs).unwrap_or_default()
}
