//! How status reads.

use shared::inspect::Waiting;

use super::Report;
use crate::colour::{Colour, paint};
use crate::columns::fitting;
use crate::fleet::{EndpointView, Status as Word, held_text};
use crate::installation::Named;
use crate::terminal::{age, count, moment};

const HEADER: [&str; 9] =
    ["endpoint", "account", "vpc", "state", "status", "zones", "addresses", "known for", "service"];

/// What a narrow terminal does without, in this order.
const DISPENSABLE: [&str; 6] = ["service", "zones", "addresses", "known for", "vpc", "state"];

/// So many held endpoints are still shown in rows of their own.
const HELD_ROWS: usize = 20;

impl Report<'_> {
    /// For people, in so many columns; `whole` shows every endpoint, column and hold.
    pub(super) fn text(&self, whole: bool, width: Option<usize>) -> String {
        let mut parts = self.endpoints(whole, width);
        parts.push(self.totals());
        if !self.holds.is_empty() {
            let endpoints = self.endpoints.iter().copied();
            let held = held_text(self.holds.iter().copied(), endpoints, self.read_at, whole);
            parts.push(format!("Held:\n{held}"));
        }
        if !self.unreadable.is_empty() {
            parts.push(format!("Not readable by this version:\n  {}", self.unreadable.join("\n  ")));
        }
        if !self.endpoints.is_empty() {
            parts.push(
                "state: EC2 now · vpc, known for: table · zones, addresses: claims in the table, Route 53 is not read · held: table".into(),
            );
        }
        parts.join("\n\n")
    }

    /// A row for each endpoint, but for those of which so many are held that their reasons say more.
    fn endpoints(&self, whole: bool, width: Option<usize>) -> Vec<String> {
        let is_held = |endpoint: &&&EndpointView| endpoint.status == Word::Held;
        let held = self.endpoints.iter().filter(is_held).count();
        let is_summed = !whole && held > HELD_ROWS;
        let shown = self.endpoints.iter().filter(|endpoint| !is_summed || !is_held(endpoint));
        let rows: Vec<_> = shown.map(|endpoint| self.row(endpoint).to_vec()).collect();
        let (table, left_out) = fitting(&HEADER, &rows, &DISPENSABLE, width.filter(|_| !whole));
        let mut parts = Vec::new();
        if !rows.is_empty() {
            parts.push(table);
        }
        if is_summed {
            parts.push(format!(
                "{} held: see below by their reasons, -o wide shows each",
                count(held, "endpoint")
            ));
        }
        if !left_out.is_empty() && !rows.is_empty() {
            parts.push(format!("not shown for want of room: {}; -o wide shows all", left_out.join(", ")));
        }
        parts
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
        let colour = match endpoint.status {
            Word::Active => Colour::Green,
            Word::Held | Word::Failed | Word::Rejected => Colour::Red,
            _ => Colour::Yellow,
        };
        paint(self.words(endpoint), colour)
    }

    fn words(&self, endpoint: &EndpointView) -> String {
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
