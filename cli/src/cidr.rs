//! Ranges of addresses, as VPCs have them and security groups let them in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range in CIDR notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    text: String,
    is_v4: bool,
    first: u128,
    last: u128,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("{text:?} is no range of addresses such as 10.0.0.0/16");
        let (address, length) = text.split_once('/').ok_or_else(invalid)?;
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let (number, bits) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        let length: u32 = length.parse().ok().filter(|length| *length <= bits).ok_or_else(invalid)?;
        // A shift by all 128 bits has no result.
        let rest = 1_u128.checked_shl(bits - length).unwrap_or(0).wrapping_sub(1);
        let first = number & !rest;
        Ok(Self { text: text.to_owned(), is_v4: address.is_ipv4(), first, last: first | rest })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Range {
    /// Whether its addresses are IPv4's.
    pub(crate) fn is_v4(&self) -> bool {
        self.is_v4
    }

    /// Its first and its last address, as numbers.
    pub(crate) fn bounds(&self) -> (u128, u128) {
        (self.first, self.last)
    }

    /// Whether it has this address.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        let number = match address {
            IpAddr::V4(address) => u128::from(u32::from(address)),
            IpAddr::V6(address) => u128::from(address),
        };
        address.is_ipv4() == self.is_v4 && (self.first..=self.last).contains(&number)
    }

    /// The address so many places after its first.
    pub(crate) fn nth(&self, places: u32) -> Option<IpAddr> {
        let number = self.first.checked_add(u128::from(places)).filter(|number| *number <= self.last)?;
        if self.is_v4 {
            u32::try_from(number).ok().map(|number| Ipv4Addr::from(number).into())
        } else {
            Some(Ipv6Addr::from(number).into())
        }
    }

    /// Whether the ranges together hold all of it.
    pub(crate) fn is_covered_by(&self, ranges: &[&Range]) -> bool {
        let mut family: Vec<_> = ranges.iter().filter(|range| range.is_v4 == self.is_v4).collect();
        family.sort_by_key(|range| range.first);
        let mut next = self.first;
        for range in family {
            if range.first > next {
                return false;
            }
            if range.last >= self.last {
                return true;
            }
            next = next.max(range.last + 1);
        }
        false
    }

    /// Whether any of the ranges has an address of it.
    pub(crate) fn is_touched_by(&self, ranges: &[&Range]) -> bool {
        ranges
            .iter()
            .any(|range| range.is_v4 == self.is_v4 && range.first <= self.last && self.first <= range.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn covered(of: &str, by: &[&str]) -> bool {
        let by: Vec<_> = by.iter().map(|text| range(text)).collect();
        range(of).is_covered_by(&by.iter().collect::<Vec<_>>())
    }

    #[test]
    fn range_is_covered_by_one_that_holds_it_or_by_several_without_a_gap() {
        assert!(covered("10.0.0.0/16", &["10.0.0.0/8"]));
        assert!(covered("10.0.0.0/16", &["0.0.0.0/0"]));
        assert!(covered("10.0.0.0/16", &["10.0.128.0/17", "10.0.0.0/17"]));
        assert!(covered("2001:db8::/56", &["::/0"]));
        assert!(!covered("10.0.0.0/16", &["10.0.0.0/17", "10.0.192.0/18"]));
        assert!(!covered("10.0.0.0/16", &["::/0"]));
        assert!(!covered("10.0.0.0/16", &[]));
    }

    #[test]
    fn range_is_touched_by_a_part_of_it() {
        assert!(range("10.0.0.0/16").is_touched_by(&[&range("10.0.1.0/24")]));
        assert!(!range("10.0.0.0/16").is_touched_by(&[&range("10.1.0.0/16")]));
    }

    #[test]
    fn addresses_of_a_range_are_counted_from_its_first() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(range("10.1.0.0/16").nth(2), Some(address("10.1.0.2")));
        assert_eq!(range("2001:db8::/64").nth(2), Some(address("2001:db8::2")));
        assert_eq!(range("10.1.0.0/32").nth(2), None);
        assert!(range("10.1.0.0/16").holds(address("10.1.255.255")));
        assert!(!range("10.1.0.0/16").holds(address("10.2.0.0")));
        assert!(!range("::/0").holds(address("10.1.0.1")));
    }

    #[test]
    fn what_is_no_range_is_named() {
        for text in ["10.0.0.0", "10.0.0.0/33", "ten/8"] {
            assert!(text.parse::<Range>().is_err_and(|error| error.contains(text)));
        }
    }
}
