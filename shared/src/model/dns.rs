//! DNS names as Route 53 writes them, in one form.
//!
//! Route 53 gives names back in lower case, with a trailing dot, and with every byte but
//! `a-z 0-9 - _ .` as a three-digit **octal** escape, so that `*` reads `\052`
//! ([Route 53 DNS name format](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html)).
//! Two names that mean the same must compare equal, or a record of ours looks foreign.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

/// A fully qualified name in lower case; shown without its trailing dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsName(Name);

/// A text that is not a DNS name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a DNS name: {why}")]
pub struct InvalidName {
    /// The text that was found.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

impl DnsName {
    /// Whether `self` is `name` or one of its parents on a label border: only then can a zone of
    /// this name hold a record set of that name.
    #[must_use]
    pub fn is_zone_of(&self, name: &DnsName) -> bool {
        self.0.zone_of(&name.0)
    }

    /// Whether the leftmost label is `*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.is_wildcard()
    }

    /// The name of the zone that is made for this one: without its wildcard.
    #[must_use]
    pub fn own_domain(&self) -> DnsName {
        if self.is_wildcard() { Self(self.0.base_name()) } else { self.clone() }
    }

    /// How many labels the name has, a leftmost `*` included.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.0.iter().count()
    }

    /// Whether this is a name that a definition may publish: two labels and more below the root, of
    /// letters, digits, hyphens and underscores, with `*` at most as the whole leftmost label.
    ///
    /// # Errors
    /// When it is not, with the reason.
    pub fn check_publishable(&self) -> Result<(), InvalidName> {
        let invalid = |why: &str| Err(InvalidName { name: self.to_string(), why: why.into() });
        if self.labels() - usize::from(self.is_wildcard()) < 2 {
            return invalid("a record name needs at least two labels besides a wildcard");
        }
        for (position, label) in self.0.iter().enumerate() {
            let plain = label
                .iter()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
            if !plain && (position > 0 || label != b"*") {
                return invalid(
                    "labels are letters, digits, '-' and '_'; '*' may only be the whole leftmost label",
                );
            }
        }
        Ok(())
    }
}

impl FromStr for DnsName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |why: String| InvalidName { name: text.to_owned(), why };
        let plain = text.trim();
        if plain.trim_end_matches('.').is_empty() {
            return Err(invalid("it is empty".into()));
        }
        let mut labels = Vec::new();
        for label in plain.strip_suffix('.').unwrap_or(plain).split('.') {
            if label.is_empty() {
                return Err(invalid("it has an empty label".into()));
            }
            labels.push(unescape(label).ok_or_else(|| invalid("it has a malformed \\ooo escape".into()))?);
        }
        let mut name = Name::from_labels(labels.iter().map(Vec::as_slice))
            .map_err(|error| invalid(error.to_string()))?
            .to_lowercase();
        name.set_fqdn(true);
        Ok(Self(name))
    }
}

/// Octal escapes to bytes: `\052` is `*`. (In DNS master files the same digits would be decimal.)
fn unescape(label: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(label.len());
    let mut rest = label.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'\\' {
            let digits = std::str::from_utf8(tail.get(..3)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 8).ok()?);
            rest = &tail[3..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    Some(bytes)
}

impl TryFrom<String> for DnsName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<DnsName> for String {
    fn from(name: DnsName) -> String {
        name.to_string()
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for label in &self.0 {
            if !text.is_empty() {
                text.push('.');
            }
            for &byte in label {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'*') {
                    text.push(char::from(byte));
                } else {
                    write!(text, "\\{byte:03o}")?;
                }
            }
        }
        f.pad(&text)
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DnsName {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn case_trailing_dot_and_octal_star_make_no_difference() {
        assert_eq!(name("\\052.AWS-us-west-2.Example.COM."), name("*.aws-us-west-2.example.com"));
        assert_eq!(name("\\052.example.com.").to_string(), "*.example.com");
    }

    #[test]
    fn a_zone_holds_names_below_it_on_a_label_border_only() {
        let record = name("*.aws.byoc.example.com");
        assert!(name("byoc.example.com").is_zone_of(&record));
        assert!(name("aws.byoc.example.com.").is_zone_of(&record));
        assert!(!name("oc.example.com").is_zone_of(&record));
        assert!(!name("in01.aws.byoc.example.com").is_zone_of(&record));
    }

    #[test]
    fn other_bytes_go_back_as_octal() {
        assert_eq!(name("a\\057b.example.com").to_string(), "a\\057b.example.com");
    }

    #[test]
    fn broken_names_say_what_is_wrong() {
        for (text, why) in [
            ("", "it is empty"),
            ("a..b", "it has an empty label"),
            ("\\9.example.com", "it has a malformed \\ooo escape"),
        ] {
            assert_eq!(text.parse::<DnsName>().map_err(|e| e.why), Err(why.into()), "{text}");
        }
        assert!(format!("{}.com", "a".repeat(64)).parse::<DnsName>().is_err());
    }

    #[test]
    fn only_a_whole_leftmost_star_may_be_published() {
        assert!(name("*.byoc.example.com").check_publishable().is_ok());
        assert!(name("in01.byoc.example.com").check_publishable().is_ok());
        for text in ["a.*.example.com", "a*.example.com", "*.com", "a b.example.com"] {
            assert!(name(text).check_publishable().is_err(), "{text}");
        }
    }
}
