//! Whether DNS Firewall blocks a name before any zone is asked.
//!
//! Groups and their rules are asked in turn, and the first whose list has the name decides:
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html>. A list that begins with
//! `*.` means the names below that domain, `*` alone means all.
//!
//! | the first rule whose list has the name | verdict |
//! |---|---|
//! | there is none, or it lets the name pass | ok; lists that cannot be read are named |
//! | it blocks | fail |
//! | it blocks a part of the wildcard's names | warn |

use shared::model::dns::DnsName;

use super::check::{Check, paste};
use super::facts::{Facts, NameFacts};
use crate::observed::{FirewallRule, RuleGroup};

pub(super) const FIREWALL: &str = "DNS Firewall";

/// How much of a name's questions an entry of a list means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    Part,
    None,
}

/// A rule that blocks, with the entry of its list that does.
struct Block<'a> {
    group: &'a str,
    list: &'a str,
    entry: &'a str,
}

pub(super) fn firewall(facts: &Facts, name: &NameFacts) -> Check {
    let groups = match &facts.network.firewall {
        Ok(groups) => groups,
        Err(why) => return Check::not_read(FIREWALL, facts, why),
    };
    if groups.is_empty() {
        return Check::ok(FIREWALL, "no rule group filters the VPC's questions");
    }
    match first_block(groups, &name.name) {
        Some((block, Reach::All)) => Check::fail(
            FIREWALL,
            format!("rule group {} blocks {}: {} in {}", block.group, name.name, block.entry, block.list),
            unblock(facts, &block),
        ),
        Some((block, _)) => Check::warn(
            FIREWALL,
            format!(
                "rule group {} blocks a part of {}: {} in {}",
                block.group, name.name, block.entry, block.list
            ),
            unblock(facts, &block),
        ),
        None => Check::ok(FIREWALL, passes(groups)),
    }
}

/// The first rule that blocks the name or a part of it; none once a rule has let all of it pass.
fn first_block<'a>(groups: &'a [RuleGroup], name: &DnsName) -> Option<(Block<'a>, Reach)> {
    let mut part = None;
    for group in groups {
        for rule in group.rules.as_deref().unwrap_or_default() {
            let entries = rule.domains.as_deref().unwrap_or_default().iter();
            let reached = entries.map(|entry| (entry, reach(entry, name)));
            let reached: Vec<_> = reached.filter(|(_, reach)| *reach != Reach::None).collect();
            let whole = reached.iter().find(|(_, reach)| *reach == Reach::All);
            let Some((entry, reach)) = whole.or(reached.first()) else { continue };
            let list = rule.list.as_deref().unwrap_or("a list");
            let block = Block { group: &group.id, list, entry };
            match (rule.blocks, reach) {
                // What was blocked of it before stays so.
                (true, Reach::All) => return Some((block, Reach::All)),
                (true, _) => part = part.or(Some((block, Reach::Part))),
                (false, Reach::All) => return part,
                (false, _) => {}
            }
        }
    }
    part
}

/// What an entry of a list means of a name's questions: of a wildcard's, those below its domain.
fn reach(entry: &str, name: &DnsName) -> Reach {
    let entry = entry.trim_end_matches('.');
    let domain = name.own_domain();
    if entry == "*" {
        return Reach::All;
    }
    let (below, entry) = match entry.strip_prefix("*.") {
        Some(parent) => (true, parent.parse::<DnsName>()),
        None => (false, entry.parse()),
    };
    let Ok(entry) = entry else { return Reach::None };
    let is_all = match (name.is_wildcard(), below) {
        (true, true) => entry.is_zone_of(&domain),
        (true, false) => false,
        (false, true) => entry != *name && entry.is_zone_of(name),
        (false, false) => entry == *name,
    };
    let is_part = name.is_wildcard() && entry != domain && domain.is_zone_of(&entry);
    if is_all {
        Reach::All
    } else if is_part {
        Reach::Part
    } else {
        Reach::None
    }
}

fn unblock(facts: &Facts, block: &Block) -> String {
    let says = format!(
        "give {} a rule before it that allows the name; or take the entry from the list, in account {}",
        block.group, facts.account
    );
    let remove = format!(
        "aws route53resolver update-firewall-domains --region {} --firewall-domain-list-id {} --operation REMOVE --domains '{}'",
        facts.installation.region, block.list, block.entry
    );
    paste(says, &[remove])
}

/// Who filters, and what of it nobody can see from here.
fn passes(groups: &[RuleGroup]) -> String {
    let ids: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
    let is_unseen = |rule: &&FirewallRule| rule.blocks && rule.domains.is_err();
    let mut unseen: Vec<_> = Vec::new();
    for group in groups {
        match &group.rules {
            Ok(rules) => unseen.extend(
                rules.iter().filter(is_unseen).map(|rule| rule.list.as_deref().unwrap_or(group.id.as_str())),
            ),
            Err(_) => unseen.push(group.id.as_str()),
        }
    }
    let unseen = if unseen.is_empty() {
        String::new()
    } else {
        format!("; what {} blocks cannot be read", unseen.join(", "))
    };
    format!(
        "{} filters the VPC's questions, and no list of it that can be read blocks the name{unseen}",
        ids.join(", ")
    )
}
