//! Whether the zone that answers the VPC has the record, and the record the endpoint's addresses.

use shared::model::facts::VpcEndpointState;
use shared::model::hold::Subject;
use shared::model::ids::VpcId;
use shared::model::record::{Addresses, RecordSet, RecordType, SeenRecords};
use shared::model::remedy::commands;

use super::check::{Check, paste};
use super::facts::{Facts, NameFacts, ZoneRecord};
use crate::fleet::HoldView;
use crate::observed::NotRead;

pub(super) const ZONE: &str = "hosted zone";
pub(super) const RECORD: &str = "record";
pub(super) const ADDRESSES: &str = "addresses";
pub(super) const TTL: &str = "TTL";

/// Longer than this, clients are led to addresses that are gone.
const LONG_TTL: u32 = 300;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    facts
        .names
        .iter()
        .flat_map(|name| [zone(facts, name), record(facts, name), addresses(facts, name), ttl(facts, name)])
        .collect()
}

const NO_RECORD: NotRead = NotRead::NotAsked("the zone that answers has no such record");

/// A zone of the name or a parent of it, associated with the VPC.
fn zone(facts: &Facts, name: &NameFacts) -> Check {
    let zones = match &facts.network.zones {
        Ok(zones) => zones,
        Err(why) => return Check::not_read(ZONE, facts, why),
    };
    if let Some(first) = name.records.first() {
        let id = &first.zone.id;
        let others: Vec<_> = name.records[1..].iter().map(|record| record.zone.name.to_string()).collect();
        let over = if others.is_empty() { String::new() } else { format!(", before {}", others.join(", ")) };
        return Check::ok(ZONE, format!("{} ({id}) answers for {}{over}", first.zone.name, name.name));
    }
    match &facts.vpc {
        Some(vpc) => no_zone(facts, name, vpc, zones.len()),
        None => Check::not_read(ZONE, facts, &NotRead::NotAsked("the endpoint's VPC is not known")),
    }
}

/// What a VPC lacks of whose zones none can hold the name.
fn no_zone(facts: &Facts, name: &NameFacts, vpc: &VpcId, zones: usize) -> Check {
    let region = &facts.installation.region;
    let unassociated = name.unassociated.as_deref().unwrap_or_default();
    if let Some(there) = unassociated.iter().find(|there| there.is_for(facts)) {
        let (name, id) = (&name.name, &there.zone.id);
        let found = format!("{} ({id}) could hold {name}, and is not associated with {vpc}", there.zone.name);
        let join = commands::associate(id, region, vpc);
        return Check::fail(ZONE, found, paste(format!("in account {}", facts.account), &[join]));
    }
    // A private zone is always associated with some VPC: one that is not this VPC's own is another's.
    let others = unassociated.iter().map(|there| format!("{} ({})", there.zone.name, there.zone.id));
    let others: Vec<_> = others.collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("; {} could, and serves other VPCs, whose addresses it answers", others.join(", "))
    };
    let create = commands::create_zone(&name.name, region, vpc);
    let found = format!(
        "none of the {zones} zones of {vpc} can hold {}: names resolve publicly or not at all{others}",
        name.name
    );
    let remedy = paste(format!("give the VPC a zone of its own, in account {}", facts.account), &[create]);
    Check::fail(ZONE, found, remedy)
}

/// The resolver asks the most specific zone, and no other.
fn record(facts: &Facts, name: &NameFacts) -> Check {
    let Some(first) = name.records.first() else {
        return Check::not_read(RECORD, facts, &facts.network.no_zone());
    };
    let zone = format!("{} ({})", first.zone.name, first.zone.id);
    if let Some(service) = &first.zone.service {
        return Check::fail(
            RECORD,
            format!("{zone} answers, and belongs to {service}, where zonelink cannot write"),
            "see `endpoint private DNS`; or remove that zone by the service that owns it",
        );
    }
    let seen = match &first.seen {
        Ok(Some(seen)) => seen,
        Ok(None) => return Check::fail(RECORD, format!("{zone} is gone"), "ask again in a minute"),
        Err(why) => return Check::not_read(RECORD, facts, why),
    };
    let held = hold_on(facts, first, name);
    if !seen.incompatible.is_empty() {
        let kinds: Vec<_> = seen.incompatible.iter().map(String::as_str).collect();
        return Check::fail(
            RECORD,
            format!("{zone} has {} at {}, which excludes zonelink's record", kinds.join(", "), name.name),
            remedy_of(held).unwrap_or_else(|| "remove it, or publish another name".into()),
        );
    }
    if answers(seen).is_empty() {
        return no_record(facts, name, &zone, held);
    }
    claimed(facts, name, first, held)
}

fn no_record(facts: &Facts, name: &NameFacts, zone: &str, held: Option<&HoldView>) -> Check {
    let sweep = paste(
        "a sweep writes it within 15 minutes once all above is ok, at once",
        &[format!("zonelink sweep --account {}", facts.account)],
    );
    let held = held.or_else(|| facts.holds.first());
    let why = held.map(|hold| format!("; held: {}: {}", hold.reason, hold.message)).unwrap_or_default();
    let found = format!("{zone} answers, and has no {}{why}", name.name);
    Check::fail(RECORD, found, remedy_of(held).unwrap_or(sweep))
}

/// Whose the record is that answers.
fn claimed(facts: &Facts, name: &NameFacts, first: &ZoneRecord, held: Option<&HoldView>) -> Check {
    let zone = format!("{} ({})", first.zone.name, first.zone.id);
    match (&first.claim, held) {
        (_, Some(because)) => Check::fail(
            RECORD,
            format!("{zone} has {} and it is held: {}: {}", name.name, because.reason, because.message),
            because.advice(),
        ),
        (Err(why), None) => Check::not_read(RECORD, facts, why),
        (Ok(Some(claim)), None) if claim.service != facts.service.service => Check::fail(
            RECORD,
            format!("{} in {zone} leads to {}", name.name, claim.service),
            "give the services names of their own",
        ),
        (Ok(Some(_)), None) => Check::ok(RECORD, format!("{zone} has {}, and it is zonelink's", name.name)),
        (Ok(None), None) => Check::warn(
            RECORD,
            format!("{zone} has {}, and it is not zonelink's: nothing keeps it right", name.name),
            paste(
                "the next sweep adopts it if its values are right; else remove it, or hand it over to zonelink",
                &[format!("zonelink adopt '{}/{}' --yes", first.zone.id, name.name)],
            ),
        ),
    }
}

fn hold_on<'a>(facts: &'a Facts, record: &ZoneRecord, name: &NameFacts) -> Option<&'a HoldView> {
    let of = |hold: &&HoldView| matches!(&hold.subject, Subject::Record(_, key) if key.zone == record.zone.id && key.name == name.name);
    facts.holds.iter().find(of)
}

fn remedy_of(hold: Option<&HoldView>) -> Option<String> {
    hold.map(HoldView::advice)
}

/// The record answers this endpoint's addresses, and others only where other endpoints gave them.
fn addresses(facts: &Facts, name: &NameFacts) -> Check {
    let seen = match seen(facts, name) {
        Ok(seen) => seen,
        Err(why) => return Check::not_read(ADDRESSES, facts, &why),
    };
    let endpoint = match &facts.endpoint {
        Ok(Some(endpoint)) if endpoint.state == VpcEndpointState::Available => endpoint,
        Ok(_) => {
            let why =
                NotRead::NotAsked("the endpoint is not available, so its addresses are not to be published");
            return Check::not_read(ADDRESSES, facts, &why);
        }
        Err(why) => return Check::not_read(ADDRESSES, facts, why),
    };
    let own = match &endpoint.addresses {
        Ok((addresses, _)) => addresses,
        Err(why) => return Check::not_read(ADDRESSES, facts, why),
    };
    let answers = answers(seen);
    let claim = name.records.first().and_then(|record| record.claim.as_ref().ok()?.as_ref());
    let mut expected = own.clone();
    for (id, contribution) in claim.iter().flat_map(|claim| &claim.contributions) {
        if *id != facts.vpc_endpoint {
            expected.merge(&contribution.addresses);
        }
    }
    let missing = without(own, &answers);
    let stray = without(&answers, &expected);
    let mend = &mended(facts, name);
    if !missing.is_empty() {
        return Check::fail(ADDRESSES, format!("it answers {answers}, and lacks {missing}"), mend);
    }
    if !stray.is_empty() {
        return Check::fail(
            ADDRESSES,
            format!(
                "it answers {answers}, of which {stray} is no endpoint's: part of the clients is led astray"
            ),
            mend,
        );
    }
    Check::ok(ADDRESSES, format!("{answers}, as the network interfaces have them"))
}

/// What makes the record right: a sweep mends zonelink's own, unless it is held.
fn mended(facts: &Facts, name: &NameFacts) -> String {
    let first = name.records.first();
    if let Some(held) = first.and_then(|first| hold_on(facts, first, name)) {
        return held.advice();
    }
    match first.map(|first| (&first.zone.id, &first.claim)) {
        Some((zone, Ok(None))) => paste(
            "it is not zonelink's: who wrote it mends it, or hands it over to zonelink",
            &[format!("zonelink adopt '{zone}/{}' --yes", name.name)],
        ),
        _ => paste(
            "a sweep repairs it within 15 minutes, at once",
            &[format!("zonelink sweep --account {}", facts.account)],
        ),
    }
}

fn ttl(facts: &Facts, name: &NameFacts) -> Check {
    let seen = match seen(facts, name) {
        Ok(seen) => seen,
        Err(why) => return Check::not_read(TTL, facts, &why),
    };
    let found = RecordType::BOTH.into_iter().filter_map(|kind| seen.of(kind)).map(|set| set.ttl).max();
    let found = found.unwrap_or_default();
    let Some(definition) = &facts.service.definition else {
        let why = NotRead::NotAsked("the service has no definition, so no TTL is wanted");
        return Check::not_read(TTL, facts, &why);
    };
    let wanted = definition.ttl.seconds();
    if found != wanted {
        return Check::warn(TTL, format!("{found} s, defined are {wanted} s"), mended(facts, name));
    }
    if wanted > LONG_TTL {
        return Check::warn(
            TTL,
            format!("{wanted} s: so long clients are led to an address that is gone"),
            "define a TTL of 60: the stack's parameter RecordTtl, or `ttl` of the definition",
        );
    }
    Check::ok(TTL, format!("{found} s"))
}

/// What stands in the zone that answers.
fn seen<'a>(facts: &Facts, name: &'a NameFacts) -> Result<&'a SeenRecords, NotRead> {
    let first = name.records.first().ok_or_else(|| facts.network.no_zone())?;
    match &first.seen {
        Ok(Some(seen)) if !answers(seen).is_empty() => Ok(seen),
        Ok(_) => Err(NO_RECORD),
        Err(why) => Err(why.clone()),
    }
}

/// The addresses that record sets answer. What is no address answers nobody.
fn answers(seen: &SeenRecords) -> Addresses {
    let values =
        |set: Option<&RecordSet>| set.into_iter().flat_map(|set| set.values.clone()).collect::<Vec<_>>();
    Addresses {
        a: values(seen.a.as_ref()).iter().filter_map(|value| value.parse().ok()).collect(),
        aaaa: values(seen.aaaa.as_ref()).iter().filter_map(|value| value.parse().ok()).collect(),
    }
}

fn without(these: &Addresses, others: &Addresses) -> Addresses {
    Addresses {
        a: these.a.difference(&others.a).copied().collect(),
        aaaa: these.aaaa.difference(&others.aaaa).copied().collect(),
    }
}
