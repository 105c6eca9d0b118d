//! Names that the zone leaves without an answer, though the wildcard seems to mean them.
//!
//! A wildcard answers no name that exists, and a name exists as soon as anything stands at it or below it (RFC 4592,
//! sections 2.2 and 3.3.1): `x.y.D` silences `y.D` and all other names below `y.D`. What the zone delegates it does not
//! answer either.
//!
//! | in the zone that answers | verdict |
//! |---|---|
//! | NS at the name's domain, or between it and the zone | fail |
//! | NS below the domain | warn |
//! | a record below the domain, at whose name or above it no address stands | warn |
//! | anything else | ok |

use std::collections::{BTreeMap, BTreeSet};

use shared::model::dns::DnsName;
use shared::model::remedy::commands;

use super::check::{Check, paste};
use super::facts::{Facts, NameFacts, Page, ZoneRecord};

pub(super) const SILENCED: &str = "silenced names";

/// How many names are shown, and commands printed.
const SHOWN: usize = 5;

pub(super) fn silenced(facts: &Facts, name: &NameFacts) -> Check {
    let (page, above, first) = match (&name.beside, &name.above, name.records.first()) {
        (Ok(page), Ok(above), Some(first)) => (page, above, first),
        (Err(why), ..) | (_, Err(why), _) => return Check::not_read(SILENCED, facts, why),
        (.., None) => return Check::not_read(SILENCED, facts, &facts.network.no_zone()),
    };
    let domain = name.name.own_domain();
    let is_cut = |cut: &&DnsName| **cut == domain && **cut != first.zone.name;
    if let Some(cut) = above.iter().chain(page.delegated.iter().filter(is_cut)).next() {
        let found = format!(
            "{} ({}) delegates {cut} elsewhere, and with it {}",
            first.zone.name, first.zone.id, name.name
        );
        return Check::fail(SILENCED, found, remove(first, &[(cut, vec!["NS"])]));
    }
    if !name.name.is_wildcard() {
        return Check::ok(SILENCED, "the zone delegates the name to nobody");
    }
    let silenced = silences(facts, page, &domain, &name.name);
    if silenced.is_empty() {
        let bound = if page.is_all { "" } else { " among the first 100 record sets" };
        return Check::ok(SILENCED, format!("each name below {domain} has an answer{bound}"));
    }
    let said = silenced.iter().take(SHOWN).map(|(silent, causes)| {
        let (cause, kind) = causes.iter().next().map_or((silent, "NS"), |(cause, kind)| (cause, *kind));
        format!("{silent} ({cause} {kind})")
    });
    let more = silenced.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let found = format!(
        "{} does not reach these names and what is below them, because of what stands there: {}{more}",
        name.name,
        said.collect::<Vec<_>>().join(", ")
    );
    Check::warn(SILENCED, found, mend(facts, first, &silenced))
}

/// Each name that nothing answers, with the record sets that make it exist.
type Silenced<'a> = BTreeMap<DnsName, BTreeSet<(DnsName, &'a str)>>;

fn silences<'a>(facts: &Facts, page: &'a Page, domain: &DnsName, published: &DnsName) -> Silenced<'a> {
    let has_address = |name: &DnsName| {
        let is_address = |kind: &str| matches!(kind, "A" | "AAAA" | "CNAME");
        page.records.iter().any(|(other, kind)| other == name && is_address(kind))
    };
    let is_below = |name: &DnsName| name != domain && domain.is_zone_of(name);
    let mut silenced = Silenced::new();
    let delegated = page.delegated.iter().map(|name| (name, "NS"));
    let records = page.records.iter().map(|(name, kind)| (name, kind.as_str()));
    for (name, kind) in delegated.chain(records).filter(|(name, _)| *name != published && is_below(name)) {
        let is_delegated = kind == "NS";
        let mut candidate = Some(name.own_domain());
        while let Some(exists) = candidate.filter(is_below) {
            // Nobody asks for the address of `_acme-challenge` and its like.
            let is_host = !exists.to_string().starts_with('_');
            // The domain of a wildcard that is published itself is as it was defined.
            let is_defined = name.is_wildcard() && exists == name.own_domain() && is_published(facts, name);
            if is_host && !is_defined && (is_delegated && exists == *name || !has_address(&exists)) {
                silenced.entry(exists.clone()).or_default().insert((name.clone(), kind));
            }
            candidate = exists.to_string().split_once('.').and_then(|(_, parent)| parent.parse().ok());
        }
    }
    silenced
}

fn is_published(facts: &Facts, name: &DnsName) -> bool {
    facts.names.iter().any(|published| published.name == *name)
}

/// What ends the silence: the record sets go, unless they are published as well.
fn mend(facts: &Facts, first: &ZoneRecord, silenced: &Silenced) -> String {
    let mut causes: BTreeMap<&DnsName, Vec<&str>> = BTreeMap::new();
    for (cause, kind) in silenced.values().flatten() {
        let kinds = causes.entry(cause).or_default();
        if !kinds.contains(kind) {
            kinds.push(kind);
        }
    }
    let foreign: Vec<_> =
        causes.into_iter().filter(|(cause, _)| !is_published(facts, cause)).take(SHOWN).collect();
    if foreign.is_empty() {
        return "publish the names that clients ask for as well: `names` of the definition".into();
    }
    remove(first, &foreign)
}

fn remove(first: &ZoneRecord, causes: &[(&DnsName, Vec<&str>)]) -> String {
    let owner = first.zone.account.as_ref().map(|owner| format!(" in account {owner}")).unwrap_or_default();
    let delete = causes.iter().map(|(cause, kinds)| {
        let kinds: Vec<_> = kinds.iter().map(|kind| format!("Type=='{kind}'")).collect();
        commands::delete(
            &first.zone.id,
            &format!("Name=='{}' && ({})", commands::wire(cause), kinds.join(" || ")),
        )
    });
    let says =
        format!("if clients ask for such names, give these an address, or remove what stands there,{owner}");
    paste(says, &delete.collect::<Vec<_>>())
}
