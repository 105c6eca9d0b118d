//! Whether something else answers in the record's place, and whom the zone silences.

use std::collections::BTreeSet;

use shared::model::dns::DnsName;
use shared::model::remedy::commands;

use super::check::{Check, paste};
use super::facts::{Facts, NameFacts, Page};
use super::firewall::firewall;
use super::silenced::silenced;
use crate::observed::HostedZone;

pub(super) const EXACT: &str = "names beside the record";
pub(super) const ENDPOINT_DNS: &str = "endpoint private DNS";
pub(super) const PROFILE: &str = "Route 53 Profile";
pub(super) const FORWARDING: &str = "resolver forwarding";
pub(super) const PUBLIC: &str = "public names";

/// How many names are shown.
const SHOWN: usize = 5;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let of_name = |name| {
        [
            exact(facts, name),
            silenced(facts, name),
            endpoint_dns(facts, name),
            profile(facts, name),
            forwarding(facts, name),
            firewall(facts, name),
            public(facts, name),
        ]
    };
    facts.names.iter().flat_map(of_name).collect()
}

/// A zone or record set below the wildcard answers its names itself.
fn exact(facts: &Facts, name: &NameFacts) -> Check {
    let domain = name.name.own_domain();
    let zones = match &facts.network.zones {
        Ok(zones) => zones,
        Err(why) => return Check::not_read(EXACT, facts, why),
    };
    let below = |zone: &DnsName| *zone != domain && *zone != name.name && domain.is_zone_of(zone);
    let zones: Vec<_> = zones.iter().filter(|zone| name.name.is_wildcard() && below(&zone.name)).collect();
    let remedy = leave(facts, &zones);
    let zones: Vec<_> = zones.iter().map(|zone| format!("zone {} ({})", zone.name, zone.id)).collect();
    let page = match &name.beside {
        Ok(page) => page,
        Err(why) if zones.is_empty() => return Check::not_read(EXACT, facts, why),
        Err(_) => &Page::default(),
    };
    let records = page.records.iter().filter(|(other, _)| name.name.is_wildcard() && below(other));
    let records: BTreeSet<_> = records.map(|(other, kind)| format!("{other} {kind}")).collect();
    let found: Vec<_> = zones.into_iter().chain(records).collect();
    if found.is_empty() {
        let bound = if page.is_all { "" } else { " among the first 100 record sets" };
        return Check::ok(EXACT, format!("nothing else answers below {domain}{bound}"));
    }
    Check::warn(
        EXACT,
        format!(
            "{} {} its own names, which {} does not reach",
            listed(&found),
            if found.len() == 1 { "answers" } else { "answer" },
            name.name
        ),
        remedy,
    )
}

/// Zones that are not needed leave the VPC.
fn leave(facts: &Facts, zones: &[&HostedZone]) -> String {
    let says = "if a client of such a name fails, correct or remove it";
    let (region, Some(vpc)) = (&facts.installation.region, &facts.vpc) else { return says.into() };
    if zones.is_empty() {
        return says.into();
    }
    let leave = zones.iter().map(|zone| commands::disassociate(&zone.id, region, vpc));
    let says = format!("{says}; a zone that is not needed leaves the VPC, in account {}", facts.account);
    paste(says, &leave.collect::<Vec<_>>())
}

/// Private DNS of an endpoint makes a zone of AWS's in the VPC. One that a closer zone shadows answers nothing.
fn endpoint_dns(facts: &Facts, name: &NameFacts) -> Check {
    if let Some(zone) = of_a_service(facts, name) {
        let service = zone.service.as_deref().unwrap_or_default();
        return Check::fail(
            ENDPOINT_DNS,
            format!(
                "zone {} ({}) of {service} answers in the VPC in place of {}",
                zone.name, zone.id, name.name
            ),
            private_dns_off(
                facts,
                "turn off the private DNS of the endpoint that made it",
                facts.vpc.as_ref().map(|vpc| commands::bringing(&zone.id, &facts.installation.region, vpc)),
            ),
        );
    }
    match &facts.endpoint {
        Ok(Some(endpoint)) if endpoint.has_private_dns => Check::warn(
            ENDPOINT_DNS,
            "it is on: names of the service's own private DNS name bypass zonelink's record",
            private_dns_off(
                facts,
                "if both are the same names, turn it off",
                Some(facts.vpc_endpoint.to_string()),
            ),
        ),
        Ok(_) => Check::ok(ENDPOINT_DNS, "it is off, and no zone of an AWS service overlaps"),
        Err(why) => Check::not_read(ENDPOINT_DNS, facts, why),
    }
}

/// The zone of an AWS service that is asked for the name, or for names below it.
fn of_a_service<'a>(facts: &'a Facts, name: &NameFacts) -> Option<&'a HostedZone> {
    let domain = name.name.own_domain();
    let zones = facts.network.zones.as_deref().unwrap_or_default();
    let could_hold = zones.iter().filter(|zone| zone.name.is_zone_of(&name.name));
    let asked = could_hold.map(|zone| zone.name.labels()).max().unwrap_or_default();
    zones.iter().find(|zone| {
        let is_asked = zone.name.is_zone_of(&name.name) && zone.name.labels() == asked;
        zone.service.is_some() && (is_asked || (domain.is_zone_of(&zone.name) && zone.name != domain))
    })
}

fn private_dns_off(facts: &Facts, says: &str, which: Option<String>) -> String {
    let says = format!("{says}, in account {}", facts.account);
    let Some(which) = which else { return says };
    paste(says, &[commands::private_dns_off(&facts.installation.region, &which)])
}

/// A Profile brings zones that no list of the VPC's zones shows.
fn profile(facts: &Facts, name: &NameFacts) -> Check {
    let zones = match &facts.network.profiles {
        Ok(zones) => zones,
        Err(why) => return Check::not_read(PROFILE, facts, why),
    };
    let domain = name.name.own_domain();
    let concerns = |zone: &DnsName| zone.is_zone_of(&name.name) || domain.is_zone_of(zone);
    let shadows: Vec<_> = zones
        .iter()
        .filter(|zone| zone.name.as_ref().is_some_and(concerns))
        .map(|zone| format!("{} of Profile {}", zone.zone, zone.profile))
        .collect();
    let unnamed: Vec<_> = zones
        .iter()
        .filter(|zone| zone.name.is_none())
        .map(|zone| format!("{} of Profile {}", zone.zone, zone.profile))
        .collect();
    if !shadows.is_empty() {
        return Check::warn(
            PROFILE,
            format!(
                "{} can answer for {}; zonelink does not see and does not write it",
                listed(&shadows),
                name.name
            ),
            "remove the zone from the Profile (aws route53profiles disassociate-resource-from-profile), or keep the record there yourself",
        );
    }
    if !unnamed.is_empty() {
        return Check::unknown(
            PROFILE,
            format!("the name of {} cannot be read", listed(&unnamed)),
            "in the Profile's account: aws route53 get-hosted-zone --id ZONE",
        );
    }
    let evidence =
        if zones.is_empty() { "no Profile brings a zone" } else { "no Profile's zone can hold the name" };
    Check::ok(PROFILE, evidence)
}

/// A forwarding rule of the same or a more specific domain comes before the zone.
fn forwarding(facts: &Facts, name: &NameFacts) -> Check {
    let rules = match &facts.network.forwarding {
        Ok(rules) => rules,
        Err(why) => return Check::not_read(FORWARDING, facts, why),
    };
    let domain = name.name.own_domain();
    let zone = name.records.first().map(|record| &record.zone.name);
    // Of overlapping zones and rules the most specific counts, and at the same name the rule.
    let comes_first = |rule: &DnsName| zone.is_none_or(|zone| zone.is_zone_of(rule));
    let found: Vec<_> = rules
        .iter()
        .filter(|rule| {
            let overlaps = rule.domain.is_zone_of(&name.name) || domain.is_zone_of(&rule.domain);
            overlaps && comes_first(&rule.domain)
        })
        .collect();
    let Some(first) = found.first() else {
        return Check::ok(FORWARDING, "no rule of the VPC forwards the name");
    };
    let targets = if first.targets.is_empty() { "elsewhere".into() } else { first.targets.join(", ") };
    let evidence =
        format!("rule {} forwards {} to {targets}, before any private zone", first.id, first.domain);
    let vpc = facts.vpc.as_ref().map_or("VPC", |vpc| vpc.as_str());
    Check::fail(
        FORWARDING,
        evidence,
        paste(
            format!(
                "give {domain} a rule of type SYSTEM, or take this rule from the VPC, in account {}",
                facts.account
            ),
            &[format!(
                "aws route53resolver disassociate-resolver-rule --region {} --resolver-rule-id {} --vpc-id {vpc}",
                facts.installation.region, first.id
            )],
        ),
    )
}

/// A private zone answers for its whole name: what stands there only publicly does not resolve in the VPC any more.
fn public(facts: &Facts, name: &NameFacts) -> Check {
    let Some(first) = name.records.first() else {
        return Check::not_read(PUBLIC, facts, &facts.network.no_zone());
    };
    let page = match &name.public {
        Ok(page) => page,
        Err(why) => return Check::not_read(PUBLIC, facts, why),
    };
    let zone = &first.zone.name;
    let domain = name.name.own_domain();
    let beside = name.beside.as_ref().map(|page| page.records.clone()).unwrap_or_default();
    let private: BTreeSet<_> = beside.iter().map(|(name, _)| name).collect();
    let published = |other: &DnsName| facts.names.iter().any(|name| name.name == *other);
    let (mut led, mut silent) = (Vec::new(), Vec::new());
    for (other, kind) in &page.records {
        if published(other) || private.contains(other) || !zone.is_zone_of(other) {
            continue;
        }
        let words = format!("{other} {kind}");
        let reached = name.name.is_wildcard() && *other != domain && domain.is_zone_of(other);
        if reached { led.push(words) } else { silent.push(words) }
    }
    let narrow = format!(
        "give {zone} the same record sets as the public zone has, or use a private zone named {domain} alone"
    );
    if led.is_empty() && silent.is_empty() {
        return nothing_hidden(page, zone, &domain, &narrow);
    }
    let mut parts = Vec::new();
    if !silent.is_empty() {
        parts.push(format!("public names that do not resolve in this VPC any more: {}", listed(&silent)));
    }
    if !led.is_empty() {
        parts.push(format!("public names that now lead to the endpoint: {}", listed(&led)));
    }
    Check::warn(PUBLIC, parts.join("; "), narrow)
}

/// What there is to say where no public record is known to be hidden.
fn nothing_hidden(page: &Page, zone: &DnsName, domain: &DnsName, narrow: &str) -> Check {
    if !page.zones.is_empty() {
        let bound = if page.is_all { "" } else { " among the first 100 record sets of each" };
        return Check::ok(
            PUBLIC,
            format!("public {} has nothing that {zone} hides{bound}", page.zones.join(", ")),
        );
    }
    if domain.is_zone_of(zone) {
        return Check::ok(
            PUBLIC,
            format!("{zone} answers for the published names alone; no public zone of it is known"),
        );
    }
    Check::warn(
        PUBLIC,
        format!(
            "{zone} is wider than {domain}: in this VPC each other name of {zone} resolves from this zone or not at all"
        ),
        format!(
            "compare public and private answers (dig +short NAME, inside and outside of the VPC); {narrow}"
        ),
    )
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
