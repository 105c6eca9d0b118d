//! The page: what it says in words, and its template.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::model::ids::AccountId;

use super::distribution::{Bin, Distribution, words};
use super::drawing::Drawing;
use super::tally::{ServiceRow, Share, Tally};
use super::times::Times;
use crate::fleet::{Fleet, HoldView, SOURCES};
use crate::installation::Named;
use crate::terminal::{age, count, moment};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The page. Every text is escaped by the template; the style, the script and the data are not HTML.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(crate) struct Page<'a> {
    allowed: String,
    version: &'static str,
    style: &'static str,
    script: &'static str,
    named: &'a Named,
    read_at: String,
    /// The same for people.
    made: String,
    headline: Headline,
    shares: Vec<Share>,
    services: Vec<ServiceRow>,
    held: usize,
    held_endpoints: String,
    groups: Vec<Group<'a>>,
    times: TimesView<'a>,
    sources: Vec<(String, &'static str)>,
    unreadable: Vec<&'a str>,
    drawing: Drawing<'a>,
}

/// What the page shows, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// How many endpoints.
    pub(crate) endpoints: usize,
    /// How many holds.
    pub(crate) holds: usize,
    /// How many records' times to DNS.
    pub(crate) times: usize,
    /// What could not be read.
    pub(crate) unread: usize,
}

/// The one sentence, and what belongs to it.
#[derive(Debug)]
struct Headline {
    lead: String,
    rest: String,
}

/// What is held for one reason.
#[derive(Debug)]
struct Group<'a> {
    reason: &'a str,
    remedy: &'a str,
    rows: Vec<Row<'a>>,
}

#[derive(Debug)]
struct Row<'a> {
    index: usize,
    subject: String,
    age: String,
    message: &'a str,
    account: Option<&'a AccountId>,
}

/// Time to DNS, in words.
#[derive(Debug)]
struct TimesView<'a> {
    records: String,
    unread: &'a [String],
    figures: Option<Figures>,
}

#[derive(Debug)]
struct Figures {
    samples: String,
    days: String,
    quantiles: Vec<Quantile>,
    bins: Vec<Bin>,
    late: String,
}

#[derive(Debug)]
struct Quantile {
    name: &'static str,
    value: String,
}

impl<'a> Page<'a> {
    /// The page of a fleet.
    pub(crate) fn new(named: &'a Named, fleet: &'a Fleet, times: &'a Times) -> Self {
        let tally = Tally::new(fleet);
        let source = "table: the journal of each claimed record, from the event to the confirmed record";
        let sources = SOURCES.into_iter().chain([("time to DNS", source)]);
        // Here people read what programs know as the name of a field.
        let sources = sources.map(|(what, source)| (what.replace('_', " "), source));
        Page {
            allowed: allowed(),
            version: env!("CARGO_PKG_VERSION"),
            style: STYLE,
            script: SCRIPT,
            named,
            read_at: moment(fleet.read_at),
            made: fleet.read_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            headline: headline(&tally),
            shares: tally.shares(),
            services: tally.services(fleet),
            held: fleet.holds.len(),
            held_endpoints: held_endpoints(fleet),
            groups: groups(fleet),
            times: times_view(times),
            sources: sources.collect(),
            unreadable: fleet.unreadable.iter().chain(&times.unreadable).map(String::as_str).collect(),
            drawing: Drawing::new(fleet),
        }
    }

    /// How much the page shows.
    pub(crate) fn shown(&self, fleet: &Fleet, times: &Times) -> Shown {
        Shown {
            endpoints: fleet.endpoints.len(),
            holds: self.held,
            times: times.samples.len(),
            unread: self.unreadable.len() + times.unread.len(),
        }
    }
}

/// What the browser may load and run: this style and this script, and nothing from anywhere.
fn allowed() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

fn headline(tally: &Tally) -> Headline {
    let (endpoints, active) = (tally.endpoints, tally.active());
    let lead = match (endpoints, active) {
        (0, _) => "No endpoint is known".to_owned(),
        (1, 1) => "The one endpoint is active".to_owned(),
        (all, active) if all == active => format!("All {} endpoints are active", grouped(all)),
        (all, active) => {
            format!("{} of {} {} active", grouped(active), count_grouped(all, "endpoint"), verb(active))
        }
    };
    let parts = [
        count_grouped(tally.services.len(), "service"),
        count_grouped(tally.accounts, "account"),
        count_grouped(tally.vpcs, "VPC"),
        count_grouped(tally.zones, "zone"),
    ];
    let rest = "Active means: available now in EC2, and each record of it is written.";
    Headline { lead, rest: format!("{}. {rest}", parts.join(", ")) }
}

fn verb(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn count_grouped(number: usize, noun: &str) -> String {
    count(number, noun).replacen(&number.to_string(), &grouped(number), 1)
}

/// A hold may concern many endpoints, or none: on an account, on a definition.
fn held_endpoints(fleet: &Fleet) -> String {
    let held = fleet.endpoints.iter().filter(|endpoint| !endpoint.holds.is_empty()).count();
    match held {
        0 => "No endpoint is concerned.".to_owned(),
        1 => "1 endpoint is concerned.".to_owned(),
        _ => format!("{} endpoints are concerned.", grouped(held)),
    }
}

/// The holds by reason, the most frequent first.
fn groups(fleet: &Fleet) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, hold) in fleet.holds.iter().enumerate() {
        let HoldView { subject, reason, message, remedy, account, since, .. } = hold;
        let since = age(*since, fleet.read_at);
        let row = Row { index, subject: subject.to_string(), age: since, message, account: account.as_ref() };
        match groups.iter_mut().find(|group| group.reason == reason && group.remedy == remedy) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { reason, remedy, rows: vec![row] }),
        }
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.rows.len()), group.reason));
    groups
}

fn times_view(times: &Times) -> TimesView<'_> {
    let records = format!("{} that zonelink claims now", count_grouped(times.records, "record"));
    let distribution = Distribution::new(times.samples.iter().map(|sample| sample.milliseconds));
    let [half, nine_tenths, most, all] =
        [50, 90, 99, 100].map(|percent| distribution.quantile(percent).map(words));
    let named =
        [("half within", half), ("90 % within", nine_tenths), ("99 % within", most), ("slowest", all)];
    let quantiles =
        named.into_iter().filter_map(|(name, value)| Some(Quantile { name, value: value? })).collect();
    let late = match (times.samples.len(), distribution.late()) {
        (_, 0) => "None took longer than a minute.".to_owned(),
        (all, late) => format!("{} of {} took longer than a minute.", grouped(late), grouped(all)),
    };
    let samples = count_grouped(times.samples.len(), "record");
    let figures =
        days(times).map(|days| Figures { samples, days, quantiles, bins: distribution.bins(), late });
    TimesView { records, unread: &times.unread, figures }
}

/// Over which days the times are spread; none without any.
fn days(times: &Times) -> Option<String> {
    let day = |at: jiff::Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = day(times.samples.iter().map(|sample| sample.at).min()?);
    let last = day(times.samples.iter().map(|sample| sample.at).max()?);
    Some(if first == last { format!("all on {first}") } else { format!("from {first} to {last}") })
}

#[cfg(test)]
mod tests;
