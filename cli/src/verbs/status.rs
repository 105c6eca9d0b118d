//! `zonelink status`: how every endpoint is, and what is held.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use shared::inspect::Waiting;

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::fleet::{EndpointView, Fleet, HoldView, SOURCES, Selection, Status as Word};
use crate::installation::Named;
use crate::terminal::{age, count, moment, table};

/// Shows how every endpoint is, and what is held.
///
/// The state is what EC2 says now; all else is what the table says, and each answer names the source of each column.
/// Route 53 is not read: the addresses are those that zonelink last wrote.
///
/// Status: not configured (available, and no record has it), pending, active, deleting, deleted, failed, rejected, held
/// (something of it is held, whatever else is true), unknown.
///
/// Exit codes: 0 nothing is held, 1 it could not be read, 3 something is held.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    selection: Selection,
    /// Only what is held
    #[arg(long)]
    held: bool,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct Report<'a> {
    installation: Named,
    /// When it was read.
    read_at: Timestamp,
    /// Where each field of an endpoint comes from.
    sources: BTreeMap<&'static str, &'static str>,
    /// How many endpoints have each status.
    totals: BTreeMap<Word, usize>,
    endpoints: Vec<&'a EndpointView>,
    holds: Vec<&'a HoldView>,
    /// Items of the table that this version cannot read.
    unreadable: &'a [String],
}

impl Status {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let fleet = Fleet::read(&installation.worker).await?;
        self.refuse_unknown(&fleet)?;
        let wanted = |endpoint: &&EndpointView| !self.held || endpoint.status == Word::Held;
        let endpoints: Vec<_> = fleet.selected(&self.selection).filter(wanted).collect();
        let mut totals = BTreeMap::new();
        for endpoint in &endpoints {
            *totals.entry(endpoint.status).or_default() += 1;
        }
        let report = Report {
            installation: installation.named(),
            read_at: fleet.read_at,
            sources: SOURCES.into(),
            totals,
            endpoints,
            holds: fleet.selected_holds(&self.selection),
            unreadable: &fleet.unreadable,
        };
        let held = !report.holds.is_empty();
        Ok(Answer::new(&report, report.text())?.held_if(held))
    }

    /// A service that nothing knows is a slip of the pen, not one without endpoints.
    fn refuse_unknown(&self, fleet: &Fleet) -> Result<(), Failure> {
        let Some(service) = &self.selection.service else { return Ok(()) };
        let of_service = |endpoint: &EndpointView| endpoint.service == *service;
        if fleet.policy.services.contains_key(service) || fleet.endpoints.iter().any(of_service) {
            return Ok(());
        }
        let defined: Vec<_> = fleet.policy.services.keys().map(ToString::to_string).collect();
        let what = format!("{service} is not defined here, and no claim is for it");
        Err(Failure::new(what, format!("defined are: {}", defined.join(", "))))
    }
}

impl Report<'_> {
    fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.endpoints.is_empty() {
            let header = [
                "endpoint",
                "account",
                "vpc",
                "state",
                "status",
                "zones",
                "addresses",
                "known for",
                "service",
            ];
            parts.push(table(&header, self.endpoints.iter().map(|endpoint| self.row(endpoint))));
        }
        parts.push(self.totals());
        if !self.holds.is_empty() {
            let holds = self.holds.iter().map(|hold| hold.text(self.read_at));
            parts.push(format!("Held:\n{}", holds.collect::<Vec<_>>().join("\n")));
        }
        if !self.unreadable.is_empty() {
            parts.push(format!("Not readable by this version:\n  {}", self.unreadable.join("\n  ")));
        }
        if self.endpoints.is_empty() {
            return parts.join("\n\n");
        }
        parts.push(
            "state: EC2 now · vpc, known for: table · zones, addresses: claims in the table, Route 53 is not read · held: table".into(),
        );
        parts.join("\n\n")
    }

    fn row(&self, endpoint: &EndpointView) -> [String; 9] {
        let absent = || "-".to_owned();
        let zones: Vec<_> = endpoint.records.iter().map(|record| record.zone.to_string()).collect();
        let mut addresses: Vec<_> =
            endpoint.records.iter().map(|record| record.addresses.to_string()).collect();
        addresses.dedup();
        let joined = |parts: Vec<String>| if parts.is_empty() { absent() } else { parts.join(", ") };
        let mut zones = zones;
        zones.dedup();
        [
            endpoint.vpc_endpoint.to_string(),
            endpoint.account.to_string(),
            endpoint.vpc.as_ref().map_or_else(absent, ToString::to_string),
            endpoint.state.as_ref().map_or_else(|| "not listed".to_owned(), ToString::to_string),
            self.status(endpoint),
            joined(zones),
            joined(addresses),
            endpoint.first_seen.map_or_else(absent, |seen| age(seen, self.read_at)),
            endpoint.service.to_string(),
        ]
    }

    /// The status, with what it waits for or is held by.
    fn status(&self, endpoint: &EndpointView) -> String {
        let mut reasons: Vec<&str> = endpoint.holds.iter().map(|hold| hold.reason.as_str()).collect();
        reasons.dedup();
        match (&endpoint.waiting, endpoint.status) {
            (_, Word::Held) => format!("held: {}", reasons.join(", ")),
            (Some(Waiting { due, .. }), Word::Pending) if *due > self.read_at => {
                format!("pending, next look in {}", age(self.read_at, *due))
            }
            (_, Word::Active | Word::NotConfigured) if !endpoint.is_defined => {
                format!("{}, service not defined", endpoint.status)
            }
            (_, status) => status.to_string(),
        }
    }

    fn totals(&self) -> String {
        let parts: Vec<_> = Word::ALL
            .iter()
            .filter_map(|word| self.totals.get(word).map(|number| format!("{number} {word}")))
            .collect();
        let endpoints = count(self.endpoints.len(), "endpoint");
        let endpoints =
            if parts.is_empty() { endpoints } else { format!("{endpoints}: {}", parts.join(", ")) };
        let Named { stack, account, region, .. } = &self.installation;
        format!(
            "{endpoints}; {} in all; stack {stack} in {account} {region}, read {}",
            count(self.holds.len(), "hold"),
            moment(self.read_at)
        )
    }
}
