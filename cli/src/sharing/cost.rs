//! What zones cost a month.

use std::collections::BTreeMap;

use shared::model::ids::AccountId;

/// Where the prices are from: 0.50 USD for each of the first 25 hosted zones of an account, 0.10 for each further one.
/// Associations cost nothing.
pub(crate) const PRICE_SOURCE: &str = "https://aws.amazon.com/route53/pricing/";

const FIRST: usize = 25;
const CENTS_OF_FIRST: u32 = 50;
const CENTS_OF_MORE: u32 = 10;

/// The cents a month of each zone, by the account of each: what they cost at most, for an account may have others that
/// are counted first.
pub(crate) fn monthly_cents<'a>(accounts: impl Iterator<Item = &'a AccountId>) -> Vec<u32> {
    let mut seen: BTreeMap<&AccountId, usize> = BTreeMap::new();
    let cents = |account| {
        let before = seen.entry(account).or_default();
        *before += 1;
        if *before <= FIRST { CENTS_OF_FIRST } else { CENTS_OF_MORE }
    };
    accounts.map(cents).collect()
}

/// Cents as dollars: `$0.50`.
pub(crate) fn dollars(cents: u32) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_25_zones_of_an_account_cost_half_a_dollar_and_the_others_a_tenth() {
        let id = |text: &str| text.parse::<AccountId>().unwrap();
        let (one, other) = (id("111122223333"), id("444455556666"));
        let accounts = std::iter::repeat_n(&one, 26).chain([&other]);
        let cents = monthly_cents(accounts);
        assert_eq!(cents[..25], [50; 25]);
        assert_eq!(cents[25..], [10, 50], "the other account counts for itself");
        assert_eq!(dollars(cents.iter().sum()), "$13.10");
        assert_eq!(dollars(5), "$0.05");
    }
}
