//! `zonelink zone list`: the zones that zonelink has made or shares.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use shared::aws::Worker;
use shared::model::ids::{AccountId, HostedZoneId, VpcId};
use shared::model::remedy::Way;
use shared::model::zone_claim::ZoneState;
use shared::model::zone_guest::{GuestState, ZoneGuest};

use crate::answer::Answer;
use crate::columns::table;
use crate::context::Context;
use crate::sharing::{Known, PRICE_SOURCE, advice, dollars, is_ending, monthly_cents, ways};
use crate::terminal::count;

/// Lists the zones that zonelink has made or shares: whose they are, which VPCs they answer, what they cost.
///
/// Exit codes: 0 all is well, 3 AWS refused something, or a zone cannot be read.
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

/// A zone.
#[derive(Debug, Serialize)]
struct Row {
    zone: Option<HostedZoneId>,
    name: String,
    account: AccountId,
    /// How far the zone is that zonelink makes; none for one that others made.
    made: Option<&'static str>,
    /// The VPCs that it answers now; none where that is not known.
    vpcs: Option<BTreeSet<VpcId>>,
    /// Why that is not known.
    unread: Option<String>,
    cents_a_month: u32,
    guests: Vec<Guest>,
}

/// A VPC that zonelink shares it with.
#[derive(Debug, Serialize)]
struct Guest {
    vpc: VpcId,
    account: AccountId,
    state: &'static str,
    by: String,
    is_associated: Option<bool>,
    refused: Option<Refusal>,
}

/// What AWS refused, and what ends it.
#[derive(Debug, Serialize)]
struct Refusal {
    reason: &'static str,
    code: String,
    message: Option<String>,
    ways: Vec<Way>,
}

impl List {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let installation = context.installation().await?;
        let known = Known::read(&installation.worker).await?;
        let mut rows = rows(&known, &installation.worker);
        for row in &mut rows {
            look(row, &installation.worker).await;
        }
        let there = |row: &&mut Row| row.zone.is_some() && (row.vpcs.is_some() || row.unread.is_some());
        let mut there: Vec<_> = rows.iter_mut().filter(there).collect();
        let cents = monthly_cents(there.iter().map(|row| &row.account));
        for (row, cents) in there.iter_mut().zip(cents) {
            row.cents_a_month = cents;
        }
        let total = rows.iter().map(|row| row.cents_a_month).sum();
        let held = rows
            .iter()
            .any(|row| row.unread.is_some() || row.guests.iter().any(|guest| guest.refused.is_some()))
            || !known.unreadable.is_empty();
        let report = json!({"zones": rows, "cents_a_month": total, "prices": PRICE_SOURCE, "unreadable": known.unreadable});
        Ok(Answer::new(&report, text(&rows, total, &known.unreadable))?.held_if(held))
    }
}

/// The zones, made ones first, each with its guests.
fn rows(known: &Known, worker: &Worker) -> Vec<Row> {
    let mut guests: BTreeMap<&HostedZoneId, Vec<&ZoneGuest>> = BTreeMap::new();
    for guest in &known.guests {
        guests.entry(&guest.zone).or_default().push(guest);
    }
    let mut rows = Vec::new();
    for claim in &known.claims {
        let made = match claim.state {
            ZoneState::Making { .. } => "making",
            ZoneState::Made { .. } => "made",
            ZoneState::Removing { .. } => "removing",
        };
        let of = claim.zone().and_then(|zone| guests.remove(zone)).unwrap_or_default();
        rows.push(row(claim.zone(), claim.domain.to_string(), &claim.account, Some(made), &of, worker));
    }
    for (zone, of) in guests {
        let Some(first) = of.first() else { continue };
        rows.push(row(Some(zone), first.domain.to_string(), &first.zone_account, None, &of, worker));
    }
    rows
}

fn row(
    zone: Option<&HostedZoneId>,
    name: String,
    account: &AccountId,
    made: Option<&'static str>,
    guests: &[&ZoneGuest],
    worker: &Worker,
) -> Row {
    let guests = guests.iter().map(|guest| shown(guest, worker)).collect();
    let (zone, account) = (zone.cloned(), account.clone());
    Row { zone, name, account, made, vpcs: None, unread: None, cents_a_month: 0, guests }
}

fn shown(guest: &ZoneGuest, worker: &Worker) -> Guest {
    let refused = guest.refused.as_ref().map(|refused| Refusal {
        reason: refused.reason.code(),
        code: refused.code.clone(),
        message: refused.message.clone(),
        ways: ways(guest, refused, is_ending(guest, refused), &worker.config.place()),
    });
    let state = match guest.state {
        GuestState::Authorizing => "authorizing",
        GuestState::Associating { .. } => "associating",
        GuestState::Revoking => "revoking",
        GuestState::Shared => "shared",
        GuestState::Removing => "removing",
    };
    let (vpc, account, by) = (guest.vpc.clone(), guest.vpc_account.clone(), guest.by.clone());
    Guest { vpc, account, state, by, is_associated: None, refused }
}

/// Asks Route 53 which VPCs the zone answers.
async fn look(row: &mut Row, worker: &Worker) {
    let Some(zone) = &row.zone else { return };
    match worker.inspect_zone(&row.account, zone).await {
        Ok(contents) => row.vpcs = contents.map(|contents| contents.vpcs),
        Err(error) => row.unread = Some(error.chain()),
    }
    for guest in &mut row.guests {
        guest.is_associated = row.vpcs.as_ref().map(|vpcs| vpcs.contains(&guest.vpc));
    }
}

fn text(rows: &[Row], total: u32, unreadable: &[String]) -> String {
    let zones = rows.iter().map(|row| {
        let vpcs = match (&row.vpcs, &row.unread, &row.zone) {
            (Some(vpcs), ..) => vpcs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            (_, Some(_), _) => "cannot be read".into(),
            (_, _, None) => "not there yet".into(),
            _ => "the zone is gone".into(),
        };
        let zone = row.zone.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let made = row.made.map_or_else(|| "others".to_owned(), |state| format!("zonelink, {state}"));
        [zone, row.name.clone(), row.account.to_string(), made, dollars(row.cents_a_month), vpcs]
    });
    let mut parts = vec![table(&["zone", "name", "account", "made by", "a month", "vpcs"], zones)];
    let guests: Vec<_> =
        rows.iter().flat_map(|row| row.guests.iter().map(move |guest| (row, guest))).collect();
    if !guests.is_empty() {
        let shared = guests.iter().map(|(row, guest)| {
            let zone = row.zone.as_ref().map(ToString::to_string).unwrap_or_default();
            [zone, guest.vpc.to_string(), guest.account.to_string(), words(guest), guest.by.clone()]
        });
        parts.push(table(&["zone", "shared with", "of account", "state", "asked for by"], shared));
    }
    for (row, refusal) in guests.iter().filter_map(|(row, guest)| Some((row, guest.refused.as_ref()?))) {
        let zone = row.zone.as_ref().map(ToString::to_string).unwrap_or_default();
        parts.push(format!("{zone}  {}: {}\n  {}", refusal.reason, refusal.code, advice(&refusal.ways)));
    }
    parts.extend(rows.iter().filter_map(|row| row.unread.clone()));
    parts.extend(unreadable.iter().cloned());
    let counted = count(rows.len(), "zone");
    parts.push(format!("{counted}, at most {} a month for their owners ({PRICE_SOURCE})", dollars(total)));
    parts.join("\n\n")
}

fn words(guest: &Guest) -> String {
    match (guest.state, guest.is_associated, &guest.refused) {
        (state, _, Some(refused)) => format!("{state}: {}", refused.reason),
        ("shared", Some(false), _) => "shared, but somebody took it out".into(),
        (state, ..) => state.into(),
    }
}
