//! What is to be planned: one VPC, one endpoint, an account, or everything.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use shared::aws::Worker;
use shared::limits::Limit;
use shared::model::ids::{AccountId, InvalidId, VpcEndpointId, VpcId};
use shared::model::policy::Policy;
use shared::model::rate::Priority;
use shared::trigger::intent::Intent;

use super::outlook::Outlook;
use super::planned::Planned;
use super::services;
use super::unread::Unread;
use crate::failure::Failure;
use crate::fleet::Fleet;

/// For how long no VPC may find room among an account's Route 53 requests. Shorter than from one sweep to the next.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);

/// Where to look.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Selection {
    /// A VPC, `vpc-…`, or an endpoint, `vpce-…`, whose VPC is meant
    #[arg(value_name = "VPC|ENDPOINT", conflicts_with = "all")]
    place: Option<Place>,
    /// Everything: the connections of all services, and every VPC that is known
    #[arg(long, conflicts_with = "account")]
    all: bool,
    /// The account of the VPC or the endpoint; alone: all its connections and VPCs
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Give an account up that has had no room for Route 53 requests for so long; ten minutes when left out
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Vpc(VpcId),
    VpcEndpoint(VpcEndpointId),
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with("vpc-") {
            return text.parse().map(Place::Vpc);
        }
        text.parse().map(Place::VpcEndpoint).map_err(|error: InvalidId| InvalidId {
            kind: "a VPC or an endpoint",
            expected: "vpc-… or vpce-…",
            ..error
        })
    }
}

/// What is to be looked at, and what was planned on the way to know it.
pub(super) struct Targets {
    pub(super) policy: Policy,
    pub(super) reviews: Vec<Planned>,
    pub(super) intents: Vec<Intent>,
    /// How much that is, where it is more than one VPC.
    pub(super) outlook: Option<Outlook>,
    /// Services of which nothing is known.
    pub(super) unread: Vec<Unread>,
}

impl Selection {
    /// The same words again, for a command that is to be repeated.
    pub(crate) fn words(&self) -> String {
        let place = self.place.as_ref().map(|place| match place {
            Place::Vpc(vpc) => vpc.to_string(),
            Place::VpcEndpoint(vpc_endpoint) => vpc_endpoint.to_string(),
        });
        let all = self.all.then(|| "--all".to_owned());
        let account = self.account.as_ref().map(|account| format!("--account {account}"));
        [place, all, account].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Whether accounts are selected that have nothing to do with each other.
    pub(super) fn is_everything(&self) -> bool {
        self.all
    }

    /// For how long no VPC may find room.
    pub(super) fn patience(&self) -> Duration {
        self.timeout.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.into()))
    }

    pub(super) async fn targets(&self, worker: &Worker, cause: &str) -> anyhow::Result<Targets> {
        if self.place.is_none() && !self.all && self.account.is_none() {
            let what = "it is not said what is to be planned";
            let remedy = "give a VPC, an endpoint, --account, or --all";
            return Err(Failure::usage(what, remedy).into());
        }
        let fleet = Fleet::read(worker).await?;
        match &self.place {
            Some(place) => {
                let intents = vec![self.intent(place, &fleet, cause)?];
                let (reviews, unread) = (Vec::new(), Vec::new());
                Ok(Targets { policy: fleet.policy, reviews, intents, outlook: None, unread })
            }
            None => self.everything(worker, fleet, cause).await,
        }
    }

    fn intent(&self, place: &Place, fleet: &Fleet, cause: &str) -> Result<Intent, Failure> {
        let (known, words) = match place {
            Place::Vpc(vpc) => {
                let endpoint = fleet.endpoints.iter().find(|endpoint| endpoint.vpc.as_ref() == Some(vpc));
                let hold = fleet.holds.iter().find(|hold| hold.vpc() == Some(vpc));
                let of_endpoint = endpoint.map(|endpoint| endpoint.account.clone());
                (of_endpoint.or_else(|| hold.and_then(|hold| hold.account.clone())), vpc.to_string())
            }
            Place::VpcEndpoint(id) => {
                let endpoint = fleet.endpoints.iter().find(|endpoint| endpoint.vpc_endpoint == *id);
                (endpoint.map(|endpoint| endpoint.account.clone()), id.to_string())
            }
        };
        let account = match (&self.account, known) {
            (Some(given), Some(known)) if *given != known => {
                let what = format!("{words} is of account {known}, not of {given}");
                return Err(Failure::usage(what, "leave --account out"));
            }
            (Some(given), _) => given.clone(),
            (None, Some(known)) => known,
            (None, None) => {
                let remedy = "give the account with --account; zonelink status lists what is known";
                return Err(Failure::new(format!("nothing is known of {words}"), remedy));
            }
        };
        let (vpcs, vpc_endpoints) = match place {
            Place::Vpc(vpc) => (BTreeSet::from([vpc.clone()]), of_vpc(fleet, &account, vpc)),
            Place::VpcEndpoint(id) => (BTreeSet::new(), BTreeSet::from([id.clone()])),
        };
        Ok(intent(account, vpc_endpoints, vpcs, Priority::Event, cause))
    }

    /// What a sweep looks at, and besides it what only claims know.
    async fn everything(&self, worker: &Worker, fleet: Fleet, cause: &str) -> anyhow::Result<Targets> {
        let accounts: BTreeSet<AccountId> = self.account.iter().cloned().collect();
        let reviewed = services::review(worker, &fleet.policy, &accounts, cause).await?;
        let mut endpoints = reviewed.endpoints;
        let is_left = |account: &AccountId| accounts.is_empty() || accounts.contains(account);
        let of_claims = fleet
            .endpoints
            .iter()
            .filter(|one| (!one.is_defined || !one.records.is_empty()) && is_left(&one.account));
        for endpoint in of_claims.filter(|endpoint| endpoint.vpc.is_some()) {
            endpoints.entry(endpoint.account.clone()).or_default().insert(endpoint.vpc_endpoint.clone());
        }
        let outlook = Outlook::new(&fleet, &endpoints, &reviewed.whole);
        let mut intents = Vec::new();
        for (account, endpoints) in endpoints {
            let allowed = reviewed.allowed.get(&account).cloned().unwrap_or_default();
            let together = together(&fleet, &account, &endpoints, cause).into_iter();
            let gone = reviewed.gone.get(&account);
            let told = |intent| Intent { reviewed: allowed.clone(), gone: gone.cloned(), ..intent };
            intents.extend(together.map(told));
        }
        let whole = reviewed.whole.into_iter();
        intents.extend(
            whole.map(|account| intent(account, BTreeSet::new(), BTreeSet::new(), Priority::Sweep, cause)),
        );
        let (policy, outlook) = (fleet.policy, Some(outlook));
        Ok(Targets { policy, reviews: reviewed.parts, intents, outlook, unread: reviewed.unread })
    }
}

fn of_vpc(fleet: &Fleet, account: &AccountId, vpc: &VpcId) -> BTreeSet<VpcEndpointId> {
    let here = fleet.endpoints.iter().filter(|one| one.account == *account && one.vpc.as_ref() == Some(vpc));
    here.map(|endpoint| endpoint.vpc_endpoint.clone()).take(Intent::MOST).collect()
}

/// Intents of as many endpoints as one call serves, those of one VPC together.
fn together(
    fleet: &Fleet,
    account: &AccountId,
    endpoints: &BTreeSet<VpcEndpointId>,
    cause: &str,
) -> Vec<Intent> {
    let known = fleet.endpoints.iter().filter(|endpoint| endpoints.contains(&endpoint.vpc_endpoint));
    let vpcs: BTreeMap<_, _> =
        known.map(|endpoint| (&endpoint.vpc_endpoint, endpoint.vpc.as_ref())).collect();
    let mut by_vpc: BTreeMap<Option<&VpcId>, Vec<VpcEndpointId>> = BTreeMap::new();
    for endpoint in endpoints {
        by_vpc.entry(vpcs.get(endpoint).copied().flatten()).or_default().push(endpoint.clone());
    }
    let mut intents: Vec<Intent> = Vec::new();
    for (vpc, endpoints) in by_vpc {
        for chunk in Limit::IntentSubjects.split(&endpoints) {
            let has_room = |last: &&mut Intent| last.vpc_endpoints.len() + chunk.len() <= Intent::MOST;
            if let Some(last) = intents.last_mut().filter(has_room) {
                last.vpc_endpoints.extend(chunk.iter().cloned());
                last.vpcs.extend(vpc.cloned());
            } else {
                let (chunk, vpcs) = (chunk.iter().cloned().collect(), vpc.cloned().into_iter().collect());
                intents.push(intent(account.clone(), chunk, vpcs, Priority::Sweep, cause));
            }
        }
    }
    intents
}

fn intent(
    account: AccountId,
    vpc_endpoints: BTreeSet<VpcEndpointId>,
    vpcs: BTreeSet<VpcId>,
    priority: Priority,
    cause: &str,
) -> Intent {
    Intent {
        account,
        vpc_endpoints,
        vpcs,
        announced: false,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority,
        edit: None,
        cause: cause.to_owned(),
        since: None,
        run: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_vpc_or_an_endpoint_and_nothing_else() {
        let place = |text: &str| text.parse::<Place>();
        assert!(matches!(place("vpc-0123456789abcdef0"), Ok(Place::Vpc(_))));
        assert!(matches!(place("vpce-0123456789abcdef0"), Ok(Place::VpcEndpoint(_))));
        let refusal = place("vpce-svc-0123456789abcdef0").map_err(|error| error.to_string());
        assert!(refusal.clone().is_err_and(|words| words.contains("vpc-… or vpce-…")), "{refusal:?}");
    }
}
