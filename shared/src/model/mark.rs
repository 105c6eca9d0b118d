//! Marks: how another controller says that a record is its own.
//!
//! external-dns keeps the owner of a record in a TXT record set beside it, its TXT registry: `heritage=external-dns`,
//! `external-dns/owner=<id>` and more, joined by commas. Until version 0.17 it wrote that at the record's own name,
//! unless told otherwise; since 0.18 at a name made from it (`a-<name>`). One that it encrypts is not readable here
//! ([The TXT registry](https://kubernetes-sigs.github.io/external-dns/latest/docs/registry/txt/)).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::dns::DnsName;
use crate::quoted::quoted;

const EXTERNAL_DNS: &str = "external-dns";

/// What another controller has written beside a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which controller.
    pub controller: String,
    /// Which of its installations, by the name that it gives itself (`--txt-owner-id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Mark {
    /// Where external-dns writes its mark of a record, besides the record's own name: since version 0.12, unless its
    /// flags say otherwise, the record's type stands before the name, and an alias counts as `cname`
    /// ([mapper.go](https://github.com/kubernetes-sigs/external-dns/blob/master/registry/mapper/mapper.go)).
    /// What Route 53 makes of the `*` of a wildcard there is believed: a letter as any other, `a-\052.example.com`.
    #[must_use]
    pub fn stands_at(name: &DnsName, record: &DnsName) -> bool {
        let record = record.to_string();
        ["a-", "aaaa-", "cname-"]
            .into_iter()
            .any(|before| format!("{before}{record}").parse().as_ref() == Ok(name))
    }

    /// The mark in the values of a TXT record set, as Route 53 spells them, quotes included; none in most.
    #[must_use]
    pub fn of(values: &BTreeSet<String>) -> Option<Self> {
        values.iter().find_map(|value| {
            let words: Vec<_> = value.split(',').map(|word| word.trim_matches(['"', ' '])).collect();
            let owner = || words.iter().find_map(|word| word.strip_prefix("external-dns/owner="));
            words
                .contains(&"heritage=external-dns")
                .then(|| Mark { controller: EXTERNAL_DNS.to_owned(), owner: owner().map(quoted) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Mark> {
        Mark::of(&values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn external_dns_is_known_by_its_heritage_and_says_whose_it_is() {
        let mark = of(&[
            "\"v=spf1 -all\"",
            "\"heritage=external-dns,external-dns/owner=blue,external-dns/resource=ingress/default/web\"",
        ]);
        let expected = Mark { controller: "external-dns".into(), owner: Some("blue".into()) };
        assert_eq!(mark, Some(expected));
        let nameless = Mark { controller: "external-dns".into(), owner: None };
        assert_eq!(of(&["\"heritage=external-dns\""]), Some(nameless));
    }

    #[test]
    fn mark_of_a_record_stands_at_the_name_with_its_type_before_it() {
        let name = |text: &str| text.parse::<DnsName>().unwrap_or_else(|error| panic!("{error}"));
        let wildcard = name("*.aws.example.com");
        for marked in ["a-\\052.aws.example.com.", "aaaa-*.aws.example.com", "cname-*.aws.example.com"] {
            assert!(Mark::stands_at(&name(marked), &wildcard), "{marked}");
        }
        for other in ["a-x.aws.example.com", "*.aws.example.com", "a-*.example.com", "txt-*.aws.example.com"]
        {
            assert!(!Mark::stands_at(&name(other), &wildcard), "{other}");
        }
        assert!(Mark::stands_at(&name("a-in02.example.com"), &name("in02.example.com")));
    }

    #[test]
    fn other_texts_are_no_mark() {
        for text in ["\"v=spf1 -all\"", "\"heritage=external-dns-like,external-dns/owner=x\"", "", "\"\""] {
            assert_eq!(of(&[text]), None, "{text}");
        }
    }

    #[test]
    fn owner_that_somebody_else_chose_is_cut_and_escaped() {
        let mark =
            of(&[&format!("\"heritage=external-dns,external-dns/owner=a\u{1b}{}\"", "b".repeat(4000))]);
        let owner = mark.and_then(|mark| mark.owner).unwrap_or_default();
        assert!(owner.starts_with(r"a\u{1b}b") && owner.chars().count() <= 300, "{owner}");
    }
}
