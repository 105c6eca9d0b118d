//! What is wrong among many endpoints, each cause once (docs/decisions/0039).
//!
//! ```text
//! found by a check      of the same cause when                    shown
//! fail                  check and evidence are the same, without   first, most endpoints first
//! warn                  ids, addresses, names and numbers          after them, most endpoints first
//! unknown, ok           -                                          in the totals alone
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Verdict};
use super::report::{Examined, indented, painted, totals};
use crate::terminal::count;

/// How many endpoints are named of those with one cause.
const NAMED: usize = 5;

/// How many lines causes may take that are said with their remedies; the first is always said so.
const FULL_LINES: usize = 40;

/// How many further causes are said in a line each.
const IN_A_LINE: usize = 5;

/// How much of what one endpoint's check found is shown for all of them.
const EXAMPLE: usize = 300;

/// How many causes are told as they are found.
const TOLD: usize = 5;

/// What tells one cause from another: fails before warnings.
type Key = (bool, &'static str, String);

/// Tells what is found as it is found: each cause once, and no more of them than can be read meanwhile.
#[derive(Debug, Default)]
pub(crate) struct News {
    known: BTreeSet<Key>,
}

impl News {
    /// What is new in one endpoint's checks, a line each.
    pub(crate) fn of(&mut self, examined: &Examined) -> Vec<String> {
        let mut lines = Vec::new();
        for check in &examined.checks {
            let Some(key) = key(check).filter(|key| !self.known.contains(key)) else { continue };
            if self.known.len() < TOLD {
                let first = check.evidence.lines().next().unwrap_or_default();
                let (first, Check { check, verdict, .. }) = (shortened(first, EXAMPLE / 2), check);
                lines.push(format!("{check}  {verdict}, as at {}: {first}", examined.vpc_endpoint));
            }
            self.known.insert(key);
        }
        lines
    }
}

/// One cause and whom it concerns.
struct Cause<'a> {
    checks: Vec<&'static str>,
    verdict: Verdict,
    found: Vec<(&'a Examined, &'a Check)>,
}

/// What fails and what warns, for people. `whole` says every cause with its remedy, however many there are.
pub(crate) fn text_of_all(examined: &[Examined], whole: bool) -> String {
    let (mut parts, mut short, mut lines) = (Vec::new(), Vec::new(), 0);
    for cause in causes(examined) {
        let text = cause.text(whole);
        let takes = text.lines().count() + 1;
        if whole || parts.is_empty() || (short.is_empty() && lines + takes <= FULL_LINES) {
            lines += takes;
            parts.push(text);
        } else {
            short.push(cause.head());
        }
    }
    let more = short.len().saturating_sub(IN_A_LINE);
    short.truncate(IN_A_LINE);
    if more > 0 {
        short.push(format!("and {}", count(more, "more cause")));
    }
    let is_whole = short.is_empty();
    if !is_whole {
        parts.push(short.join("\n"));
    }
    parts.push(totals(examined));
    let rest = if is_whole { "" } else { ", -o wide every cause with its remedy" };
    parts
        .push(format!("zonelink doctor vpce-… has every check of one endpoint, -o json those of all{rest}."));
    parts.join("\n\n")
}

/// All causes, what fails before what warns, the most endpoints first.
fn causes(examined: &[Examined]) -> Vec<Cause<'_>> {
    let mut by_key: BTreeMap<Key, Vec<(&Examined, &Check)>> = BTreeMap::new();
    for one in examined {
        for check in &one.checks {
            if let Some(key) = key(check) {
                by_key.entry(key).or_default().push((one, check));
            }
        }
    }
    let mut causes: Vec<Cause> = Vec::new();
    for ((_, check, _), found) in by_key {
        let verdict = found[0].1.verdict;
        // Checks that say the same of the same endpoints have one cause.
        match causes.iter_mut().find(|cause| cause.is_of(&found)) {
            Some(cause) => cause.checks.push(check),
            None => causes.push(Cause { checks: vec![check], verdict, found }),
        }
    }
    causes.sort_by_key(|cause| (cause.verdict == Verdict::Warn, Reverse(cause.endpoints().len())));
    causes
}

impl Cause<'_> {
    fn is_of(&self, found: &[(&Examined, &Check)]) -> bool {
        let same = |a: &(&Examined, &Check), b: &(&Examined, &Check)| {
            a.0.vpc_endpoint == b.0.vpc_endpoint && a.1.evidence == b.1.evidence && a.1.remedy == b.1.remedy
        };
        let is_of_verdict = found.iter().all(|(_, check)| check.verdict == self.verdict);
        is_of_verdict
            && self.found.len() == found.len()
            && self.found.iter().zip(found).all(|(a, b)| same(a, b))
    }

    fn endpoints(&self) -> BTreeSet<&str> {
        self.found.iter().map(|(one, _)| one.vpc_endpoint.as_str()).collect()
    }

    /// Which checks, and how many endpoints of how many accounts.
    fn head(&self) -> String {
        let accounts: BTreeSet<_> = self.found.iter().map(|(one, _)| &one.account).collect();
        format!(
            "{}  {}: {} of {}",
            self.checks.join(", "),
            painted(self.verdict),
            count(self.endpoints().len(), "endpoint"),
            count(accounts.len(), "account")
        )
    }

    fn text(&self, whole: bool) -> String {
        let endpoints = self.endpoints();
        let named: Vec<_> = endpoints.iter().copied().take(NAMED).collect();
        let others = match endpoints.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let (first, Check { evidence, remedy, .. }) = self.found[0];
        let evidence = if whole { evidence.clone() } else { shortened(evidence, EXAMPLE) };
        let example = if endpoints.len() > 1 { format!("{}: ", first.vpc_endpoint) } else { String::new() };
        format!(
            "{}\n  {}{others}\n    {example}{evidence}\n    remedy: {}",
            self.head(),
            named.join(", "),
            indented(remedy.as_deref())
        )
    }
}

fn key(check: &Check) -> Option<Key> {
    match check.verdict {
        Verdict::Fail | Verdict::Warn => {
            Some((check.verdict == Verdict::Warn, check.check, cause(&check.evidence)))
        }
        Verdict::Ok | Verdict::Unknown => None,
    }
}

/// The first so many letters, whole words.
fn shortened(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{} …", &text[..end])
}

/// What a check found without what is one endpoint's own: ids, addresses, numbers, and names of zones and records.
fn cause(evidence: &str) -> String {
    let has_digit = |word: &str| word.contains(|letter: char| letter.is_ascii_digit());
    let is_name =
        |word: &str| word.starts_with("*.") || word.trim_matches(['.', ',', ':', ';']).contains('.');
    // Of the ids only those of zones may be letters alone.
    let is_zone = |word: &str| {
        let id = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        id.len() >= 8 && id.starts_with('Z') && id.chars().all(|letter| letter.is_ascii_uppercase())
    };
    let words = evidence.split_whitespace();
    let mut words: Vec<_> = words
        .map(|word| if has_digit(word) || is_name(word) || is_zone(word) { "…" } else { word })
        .collect();
    // However many they are.
    words.dedup();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(number: u32, checks: Vec<Check>) -> Examined {
        Examined {
            vpc_endpoint: format!("vpce-{number:08x}").parse().unwrap(),
            account: format!("{:012}", 444_455_556_666_u64 + u64::from(number % 3)).parse().unwrap(),
            vpc: None,
            service: "vpce-svc-00000001".parse().unwrap(),
            state: None,
            names: Vec::new(),
            checks,
        }
    }

    fn failing(number: u32, evidence: &str) -> Examined {
        examined(number, vec![Check::ok("state", "available"), Check::fail("record", evidence, "wait")])
    }

    fn heads(said: &str) -> Vec<&str> {
        said.lines().filter(|line| line.contains("  fail: ") || line.contains("  warn: ")).collect()
    }

    #[test]
    fn many_endpoints_with_one_cause_are_one_paragraph_that_names_a_few_and_counts_all() {
        let many: Vec<_> =
            (0..300).map(|number| failing(number, &format!("zone Z{number} has no record"))).collect();
        let said = text_of_all(&many, false);
        assert!(said.lines().count() < 12, "{said}");
        assert!(said.starts_with("record  fail: 300 endpoints of 3 accounts\n  vpce-00000000, "), "{said}");
        let rest = " and 295 more\n    vpce-00000000: zone Z0 has no record\n    remedy: wait";
        assert!(said.contains(rest), "{said}");
        assert!(said.contains("300 endpoints, 600 checks: 300 fail, 300 ok"), "{said}");
    }

    #[test]
    fn another_cause_is_another_paragraph_and_the_most_frequent_comes_first() {
        let said = text_of_all(
            &[
                failing(1, "the zone is not associated"),
                failing(2, "10.0.0.1, 10.0.0.2 answer, not 10.0.0.3"),
                failing(5, "10.0.0.4 answer, not 10.0.0.5"),
            ],
            false,
        );
        let expected = ["record  fail: 2 endpoints of 1 account", "record  fail: 1 endpoint of 1 account"];
        assert_eq!(heads(&said), expected);
    }

    #[test]
    fn names_of_zones_and_records_make_no_cause_of_their_own() {
        assert_eq!(cause("byoc.example.com (Z1) answers for *.byoc.example.com."), "… answers for …");
        assert_eq!(cause("the VPC has no zone."), "the VPC has no zone.");
        assert_eq!(
            cause("zone (ZABCDEFGHIJ) has none"),
            cause("zone (Z0123456789) has none"),
            "letters alone"
        );
    }

    #[test]
    fn what_fails_stands_before_what_more_endpoints_warn_of_and_what_is_unknown_is_only_counted() {
        let warns = || Check::warn("TTL", "900 s", "wait");
        let said = text_of_all(
            &[
                examined(1, vec![warns(), Check::unknown("targets", "not asked", "ask")]),
                examined(2, vec![warns(), Check::fail("record", "none", "wait")]),
            ],
            false,
        );
        let expected = ["record  fail: 1 endpoint of 1 account", "TTL  warn: 2 endpoints of 2 accounts"];
        assert_eq!(heads(&said), expected);
        assert!(!said.contains("targets") && said.contains("1 fail, 2 warn, 1 unknown"), "{said}");
    }

    #[test]
    fn checks_that_say_the_same_of_the_same_endpoints_are_said_together() {
        let both = |check| Check::fail(check, "the role is gone", "deploy it");
        let many: Vec<_> =
            (0..4).map(|number| examined(number, vec![both("account"), both("vpc")])).collect();
        assert_eq!(heads(&text_of_all(&many, false)), ["account, vpc  fail: 4 endpoints of 3 accounts"]);
    }

    #[test]
    fn five_causes_of_three_hundred_endpoints_are_said_whole_in_sixty_lines() {
        let words = ["no zone", "no record", "no group", "no target", "no role"];
        let many: Vec<_> = (0..300)
            .map(|number| {
                let remedy = format!("mend it:\n  aws ec2 describe-vpcs {number}\n  aws route53 list");
                let word = words[number as usize % 5];
                examined(number, vec![Check::fail("record", format!("{word} at vpc-{number}"), remedy)])
            })
            .collect();
        let said = text_of_all(&many, false);
        assert!(said.lines().count() <= 60, "{} lines", said.lines().count());
        assert_eq!((heads(&said).len(), said.matches("remedy: ").count()), (5, 5), "{said}");
    }

    #[test]
    fn however_many_causes_there_are_sixty_lines_are_enough_and_the_whole_is_there_for_who_asks() {
        let words = |number: u32| "x".repeat(number as usize + 1);
        let many: Vec<_> = (0..50).map(|number| failing(number, &words(number))).collect();
        let said = text_of_all(&many, false);
        assert!(said.lines().count() <= 60, "{} lines", said.lines().count());
        assert!(said.contains("and 37 more causes") && said.contains("-o wide every cause"), "{said}");
        assert_eq!(text_of_all(&many, true).matches("remedy: ").count(), 50);
    }

    #[test]
    fn example_is_shortened_between_words_and_whole_for_who_asks() {
        let evidence = "zone Z1, ".repeat(100);
        let said = text_of_all(&[failing(1, &evidence)], false);
        assert!(said.contains(&format!("    {} …\n", "zone Z1, ".repeat(33).trim_end())), "{said}");
        assert!(text_of_all(&[failing(1, &evidence)], true).contains(&evidence));
    }

    #[test]
    fn each_cause_is_news_once_and_only_the_first_few_are_told() {
        let mut news = News::default();
        let told = news.of(&failing(1, "zone Z1 has no record"));
        assert_eq!(told, ["record  fail, as at vpce-00000001: zone Z1 has no record"]);
        assert_eq!(news.of(&failing(2, "zone Z2 has no record")), [""; 0]);
        let told = (0..20).map(|number| news.of(&failing(number, &"x".repeat(number as usize + 1))).len());
        assert_eq!(told.sum::<usize>(), TOLD - 1);
    }
}
