//! Totals: how many of everything, in all and of each service.

use std::collections::{BTreeMap, BTreeSet};

use shared::model::ids::ServiceId;

use crate::fleet::{EndpointView, Fleet, Status};

/// The least part of the ribbon's width, in thousandths, that a status gets: what is there is seen.
const LEAST: usize = 8;

/// How many of everything.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) endpoints: usize,
    pub(super) accounts: usize,
    pub(super) vpcs: usize,
    pub(super) zones: usize,
    pub(super) services: BTreeSet<ServiceId>,
    by_status: BTreeMap<Status, usize>,
}

/// One status, and its part of the ribbon.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) slug: String,
    pub(super) word: String,
    pub(super) number: usize,
    /// Where it begins, and how long it is, in per cent.
    pub(super) from: String,
    pub(super) width: String,
}

/// The totals of one service.
#[derive(Debug)]
pub(super) struct ServiceRow {
    pub(super) name: String,
    pub(super) accounts: usize,
    pub(super) vpcs: usize,
    pub(super) zones: usize,
    pub(super) endpoints: usize,
    /// In the order of the shares.
    pub(super) by_status: Vec<usize>,
}

impl Tally {
    pub(super) fn new(fleet: &Fleet) -> Self {
        let endpoints = || fleet.endpoints.iter();
        let defined = fleet.policy.services.keys();
        let named = endpoints().map(|endpoint| &endpoint.service);
        Tally {
            endpoints: fleet.endpoints.len(),
            accounts: distinct(endpoints().map(|endpoint| &endpoint.account)),
            vpcs: distinct(endpoints().filter_map(|endpoint| endpoint.vpc.as_ref())),
            zones: distinct(fleet.claims.keys().map(|key| &key.zone)),
            services: defined.chain(named).cloned().collect(),
            by_status: by_status(endpoints()),
        }
    }

    /// How many endpoints are active.
    pub(super) fn active(&self) -> usize {
        self.by_status.get(&Status::Active).copied().unwrap_or_default()
    }

    /// The statuses that there are, the most urgent first, with their parts of the whole.
    pub(super) fn shares(&self) -> Vec<Share> {
        let there = |status: &Status| self.by_status.get(status).map(|number| (*status, *number));
        let there: Vec<_> = Status::ALL.iter().filter_map(there).collect();
        let part = |number: usize| (number * 1_000 / self.endpoints.max(1)).max(LEAST);
        let whole: usize = there.iter().map(|(_, number)| part(*number)).sum();
        let mut from = 0;
        let share = |(status, number): (Status, usize)| {
            let width = part(number) * 100_000 / whole.max(1);
            let begin = from;
            from += width;
            let word = status.to_string();
            Share {
                slug: word.replace(' ', "_"),
                word,
                number,
                from: per_cent(begin),
                width: per_cent(width),
            }
        };
        there.into_iter().map(share).collect()
    }

    /// The totals of each service, defined or not.
    pub(super) fn services(&self, fleet: &Fleet) -> Vec<ServiceRow> {
        let row = |service: &ServiceId| {
            let endpoints = || fleet.endpoints.iter().filter(|endpoint| endpoint.service == *service);
            let claims = fleet.claims.values().filter(|claim| claim.service == *service);
            let of_service = by_status(endpoints());
            ServiceRow {
                name: service.to_string(),
                accounts: distinct(endpoints().map(|endpoint| &endpoint.account)),
                vpcs: distinct(endpoints().filter_map(|endpoint| endpoint.vpc.as_ref())),
                zones: distinct(claims.map(|claim| &claim.key.zone)),
                endpoints: endpoints().count(),
                by_status: Status::ALL
                    .iter()
                    .filter(|status| self.by_status.contains_key(status))
                    .map(|status| of_service.get(status).copied().unwrap_or_default())
                    .collect(),
            }
        };
        self.services.iter().map(row).collect()
    }
}

fn by_status<'a>(endpoints: impl Iterator<Item = &'a EndpointView>) -> BTreeMap<Status, usize> {
    let mut by_status = BTreeMap::new();
    for endpoint in endpoints {
        *by_status.entry(endpoint.status).or_default() += 1;
    }
    by_status
}

fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> usize {
    all.collect::<BTreeSet<_>>().len()
}

/// Thousandths of a per cent as SVG writes them.
fn per_cent(thousandths: usize) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(by_status: &[(Status, usize)]) -> Vec<Share> {
        let endpoints = by_status.iter().map(|(_, number)| number).sum();
        let by_status = by_status.iter().copied().collect();
        let services = BTreeSet::new();
        Tally { endpoints, accounts: 0, vpcs: 0, zones: 0, services, by_status }.shares()
    }

    #[test]
    fn one_held_among_a_thousand_is_still_seen_and_comes_first() {
        let shares = shares(&[(Status::Active, 999), (Status::Held, 1)]);
        let words: Vec<_> = shares.iter().map(|share| share.word.as_str()).collect();
        assert_eq!(words, ["held", "active"]);
        let widths: Vec<f64> = shares.iter().filter_map(|share| share.width.parse().ok()).collect();
        assert!(widths[0] > 0.5 && widths[1] < 99.5, "{widths:?}");
        assert_eq!(shares[0].width, shares[1].from, "they touch");
    }

    #[test]
    fn fleet_without_endpoints_has_no_shares() {
        assert_eq!(shares(&[]), []);
    }
}
