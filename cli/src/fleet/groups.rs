//! What is held, for people: a few holds of one reason each with all that ends them, and many as one paragraph.
//!
//! ```text
//! holds of one reason    shown                                                     with -o wide
//! up to three            each, with its age, its words and the commands that end it    the same
//! more                   how many, on how many endpoints and accounts; the first few;   each, as above
//!                        the words and commands of the first
//! ```
//!
//! The reason that holds most endpoints comes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use shared::model::ids::{AccountId, VpcEndpointId};

use super::endpoint::EndpointView;
use super::hold::HoldView;
use crate::terminal::{age, count};

/// So many holds of one reason are still shown one by one.
const FEW: usize = 3;

/// How many subjects are named of more.
const NAMED: usize = 5;

/// The holds of one reason, and whom they concern.
struct Group<'a> {
    reason: &'a str,
    holds: Vec<&'a HoldView>,
    endpoints: BTreeSet<&'a VpcEndpointId>,
    accounts: BTreeSet<&'a AccountId>,
}

/// What is held, with what ends it: `endpoints` are those that may show these holds. `whole` shows each hold.
pub(crate) fn held_text<'a>(
    holds: impl IntoIterator<Item = &'a HoldView>,
    endpoints: impl IntoIterator<Item = &'a EndpointView>,
    now: Timestamp,
    whole: bool,
) -> String {
    let groups = groups(holds, endpoints);
    let is_cut = !whole && groups.iter().any(|group| group.holds.len() > FEW);
    let texts = groups.iter().map(|group| {
        if whole || group.holds.len() <= FEW {
            let each = group.holds.iter().map(|hold| hold.text(now));
            each.collect::<Vec<_>>().join("\n")
        } else {
            group.text(now)
        }
    });
    let mut lines: Vec<String> = texts.collect();
    if is_cut {
        lines.push("  -o wide shows each hold with the commands that end it.".to_owned());
    }
    lines.join("\n")
}

fn groups<'a>(
    holds: impl IntoIterator<Item = &'a HoldView>,
    endpoints: impl IntoIterator<Item = &'a EndpointView>,
) -> Vec<Group<'a>> {
    let mut by_reason: BTreeMap<&str, Group> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for hold in holds {
        let reason = hold.reason.as_str();
        let group = by_reason.entry(reason).or_insert_with(|| {
            order.push(reason);
            Group { reason, holds: Vec::new(), endpoints: BTreeSet::new(), accounts: BTreeSet::new() }
        });
        group.holds.push(hold);
        group.accounts.extend(&hold.account);
    }
    for endpoint in endpoints {
        for hold in &endpoint.holds {
            if let Some(group) = by_reason.get_mut(hold.reason.as_str()) {
                group.endpoints.insert(&endpoint.vpc_endpoint);
                group.accounts.insert(&endpoint.account);
            }
        }
    }
    // Where as many are held, the table's order stays.
    let mut groups: Vec<Group> = order.iter().filter_map(|reason| by_reason.remove(reason)).collect();
    groups.sort_by_key(|group| Reverse((group.endpoints.len(), group.holds.len())));
    groups
}

impl Group<'_> {
    fn text(&self, now: Timestamp) -> String {
        let first = self.holds[0];
        let named: Vec<_> = self.holds.iter().take(NAMED).map(|hold| hold.subject.to_string()).collect();
        let others = match self.holds.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let since = self.holds.iter().map(|hold| hold.since).min().unwrap_or(now);
        let advice = first.advice().replace('\n', "\n    ");
        format!(
            "  {}: {}, {} of {}, for up to {}\n    {}{others}\n    {}: {}\n    remedy: {advice}",
            self.reason,
            count(self.holds.len(), "hold"),
            count(self.endpoints.len(), "endpoint"),
            count(self.accounts.len(), "account"),
            age(since, now),
            named.join(", "),
            first.subject,
            first.message,
        )
    }
}

#[cfg(test)]
mod tests {
    use shared::model::hold::{Hold, HoldReason, Subject};

    use super::*;
    use crate::fleet::Status;

    fn no_zone() -> HoldReason {
        HoldReason::NoZone { tried: None }
    }

    fn hold(number: u32, reason: HoldReason) -> HoldView {
        let vpc = format!("vpc-{number:08x}").parse().unwrap();
        let subject = Subject::Name(vpc, "*.byoc.example.com".parse().unwrap());
        let account = format!("{:012}", 222_222_222_222_u64 + u64::from(number % 2)).parse().ok();
        HoldView::somewhere(Hold { subject, reason, since: Timestamp::UNIX_EPOCH, account, expires_at: None })
    }

    fn endpoint(number: u32, hold: &HoldView) -> EndpointView {
        EndpointView {
            service: "vpce-svc-00000001".parse().unwrap(),
            is_defined: true,
            vpc_endpoint: format!("vpce-{number:08x}").parse().unwrap(),
            account: hold.account.clone().unwrap(),
            vpc: None,
            state: None,
            first_seen: None,
            records: Vec::new(),
            waiting: None,
            status: Status::Held,
            holds: vec![hold.clone()],
        }
    }

    fn text(holds: &[HoldView], whole: bool) -> String {
        let endpoints: Vec<_> = (0..).zip(holds).map(|(number, hold)| endpoint(number, hold)).collect();
        held_text(holds, &endpoints, Timestamp::UNIX_EPOCH, whole)
    }

    #[test]
    fn many_holds_of_one_reason_are_one_paragraph_and_each_is_there_for_who_asks() {
        let holds: Vec<_> = (0..300).map(|number| hold(number, no_zone())).collect();
        let said = text(&holds, false);
        assert!(
            said.starts_with(
                "  NoZone: 300 holds, 300 endpoints of 2 accounts, for up to 0 s\n    vpc-00000000/*.byoc"
            ),
            "{said}"
        );
        assert!(said.contains(" and 295 more\n    vpc-00000000/*.byoc.example.com: no private"), "{said}");
        assert!(said.contains("associate-vpc") || said.contains("create-hosted-zone"), "{said}");
        assert!(said.ends_with("-o wide shows each hold with the commands that end it."), "{said}");
        assert!(said.lines().count() < 12, "{said}");
        assert_eq!(text(&holds, true).matches("  NoZone, for 0 s").count(), 300);
    }

    #[test]
    fn a_few_holds_are_shown_as_they_are() {
        let holds: Vec<_> = (0..3).map(|number| hold(number, no_zone())).collect();
        assert_eq!(text(&holds, false), text(&holds, true));
        assert!(!text(&holds, false).contains("-o wide"));
    }

    #[test]
    fn reason_that_holds_most_comes_first() {
        let few = hold(1, HoldReason::ProviderVpc);
        let holds: Vec<_> =
            std::iter::once(few).chain((2..8).map(|number| hold(number, no_zone()))).collect();
        let said = text(&holds, false);
        assert!(said.starts_with("  NoZone: 6 holds") && said.contains("  ProviderVpc, for"), "{said}");
    }
}
