//! How much is going to be looked at, and how long Route 53's quota makes it take.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use shared::model::ids::{AccountId, VpcEndpointId};
use shared::model::policy::Policy;
use shared::model::rate::Rate;

use crate::fleet::Fleet;
use crate::pace::by_quota;
use crate::terminal::{count, span};

/// How many VPCs each account has.
#[derive(Debug)]
pub(super) struct Outlook {
    vpcs: BTreeMap<AccountId, usize>,
}

impl Outlook {
    /// The VPCs of these endpoints, and at least one of each account that is looked at as a whole. An endpoint that no
    /// function has seen counts as one in a VPC of its own.
    pub(super) fn new<'a>(
        fleet: &Fleet,
        endpoints: &BTreeMap<AccountId, BTreeSet<VpcEndpointId>>,
        whole: impl IntoIterator<Item = &'a AccountId>,
    ) -> Self {
        let known: BTreeMap<_, _> =
            fleet.endpoints.iter().map(|one| (&one.vpc_endpoint, one.vpc.as_ref())).collect();
        let vpcs = |ids: &BTreeSet<VpcEndpointId>| {
            let of = |id| known.get(id).copied().flatten();
            let seen: BTreeSet<_> = ids.iter().filter_map(of).collect();
            seen.len() + ids.iter().filter(|id| of(id).is_none()).count()
        };
        let mut vpcs: BTreeMap<_, _> =
            endpoints.iter().map(|(account, ids)| (account.clone(), vpcs(ids))).collect();
        for account in whole {
            vpcs.entry(account.clone()).or_insert(1);
        }
        Self { vpcs }
    }

    /// In a line. Accounts are planned one after the other, and a VPC takes a list of its zones and a read for each
    /// name, as a sweep reserves them.
    pub(super) fn text(&self, policy: &Policy, rate: Rate) -> String {
        let names = policy.services.values().map(|service| service.names.len()).max().unwrap_or_default();
        let requests = |vpcs: usize| u32::try_from(vpcs * (1 + names)).unwrap_or(u32::MAX);
        let takes =
            self.vpcs.iter().map(|(account, vpcs)| by_quota(&[(account, requests(*vpcs))].into(), rate));
        format!(
            "looking at {} in {}: about {}, at {} Route 53 requests a second in each account",
            count(self.vpcs.values().sum(), "VPC"),
            count(self.vpcs.len(), "account"),
            span(takes.fold(SignedDuration::ZERO, SignedDuration::saturating_add)),
            rate.per_second
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_planned_one_after_the_other_each_with_half_a_bucket_to_begin_with() {
        let vpcs = ["111111111111", "222222222222"].map(|id| (id.parse().unwrap(), 106)).into();
        let json = r#"{"service":"vpce-svc-0123456789abcdef0","names":["*.x.example.com"]}"#;
        let definition: shared::model::policy::ServiceDefinition = serde_json::from_str(json).unwrap();
        let services = [(definition.service.clone(), definition)].into();
        let policy = Policy { region: "us-west-2".parse().unwrap(), services };
        let said = Outlook { vpcs }.text(&policy, Rate { per_second: 4, burst: 24 });
        assert_eq!(
            said,
            "looking at 212 VPCs in 2 accounts: about 100 s, at 4 Route 53 requests a second in each account"
        );
    }
}
