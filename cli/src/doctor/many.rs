//! Looking at many endpoints side by side, as fast as Route 53's quota lets them be looked at.
//!
//! The endpoints of one VPC are looked at by one reader, because they share what is read of it. Before it begins with
//! a VPC, it takes room for the requests out of the buckets that the functions keep to, so that both together take no
//! more than zonelink's share. Accounts take turns: one that has many VPCs, or does not answer, keeps nobody waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};
use tokio::sync::Mutex as Turn;

use super::read::Reader;
use super::report::Examined;
use crate::fleet::{EndpointView, Fleet};
use crate::installation::Installation;
use crate::pace::{by_quota, pause};
use crate::terminal::{count, span};

/// How many VPCs are looked at side by side: with calls of a tenth of a second, twice as many as Route 53's quota of
/// one account lets be looked at.
const AT_ONCE: usize = 8;

/// What is looked at, by whom, and for how long.
pub(crate) struct Many<'a> {
    installation: &'a Installation,
    fleet: &'a Fleet,
    caller: &'a str,
    port: Option<u16>,
    vpcs: Vec<Vpc<'a>>,
    /// Who asks for room in an account; the others stand behind.
    turns: BTreeMap<&'a AccountId, Turn<()>>,
}

/// The endpoints of one VPC, and what they cost.
struct Vpc<'a> {
    endpoints: Vec<&'a EndpointView>,
    /// Requests of Route 53, by the account whose quota they are of.
    requests: BTreeMap<&'a AccountId, u32>,
}

impl<'a> Many<'a> {
    /// These endpoints; `caller` is who is signed in.
    pub(crate) fn new(
        installation: &'a Installation,
        fleet: &'a Fleet,
        caller: &'a str,
        port: Option<u16>,
        wanted: &[&'a EndpointView],
    ) -> Self {
        let names = |endpoint: &EndpointView| {
            fleet.policy.services.get(&endpoint.service).map_or(0, |service| service.names.len())
        };
        let vpcs = vpcs(wanted, &installation.config().account, names);
        let turns =
            vpcs.iter().flat_map(|vpc| vpc.requests.keys()).map(|id| (*id, Turn::default())).collect();
        Self { installation, fleet, caller, port, vpcs, turns }
    }

    /// How many requests of Route 53 each account is asked.
    fn requests(&self) -> BTreeMap<&'a AccountId, u32> {
        let mut sums: BTreeMap<_, u32> = BTreeMap::new();
        for (account, requests) in self.vpcs.iter().flat_map(|vpc| &vpc.requests) {
            *sums.entry(*account).or_default() += requests;
        }
        sums
    }

    /// What is going to be done, and how long Route 53's quota makes it take.
    pub(crate) fn outlook(&self) -> String {
        let endpoints: usize = self.vpcs.iter().map(|vpc| vpc.endpoints.len()).sum();
        let accounts: BTreeSet<_> =
            self.vpcs.iter().flat_map(|vpc| &vpc.endpoints).map(|endpoint| &endpoint.account).collect();
        let rate = self.installation.config().rate;
        format!(
            "looking at {} in {}: about {}, at {} Route 53 requests a second in each account",
            count(endpoints, "endpoint"),
            count(accounts.len(), "account"),
            span(by_quota(&self.requests(), rate)),
            rate.per_second
        )
    }

    /// Looks at all of them, and tells of each as it is done. What is not done `within` that time is not among those
    /// that are returned, in the order of the fleet.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn look(
        &self,
        within: Duration,
        tell: impl Fn(&Examined, usize) + Sync,
    ) -> anyhow::Result<Vec<Examined>> {
        let (next, done) = (Mutex::new(self.vpcs.iter()), Mutex::new(BTreeMap::new()));
        let readers = (0..AT_ONCE).map(|_| async {
            let mut reader = Reader::new(self.installation, self.fleet, self.caller.to_owned(), self.port);
            loop {
                let Some(vpc) = locked(&next).next() else { return anyhow::Ok(()) };
                for (account, requests) in &vpc.requests {
                    self.make_room(account, *requests).await;
                }
                for endpoint in &vpc.endpoints {
                    let examined = Examined::by(&reader.facts(endpoint).await?);
                    let mut done = locked(&done);
                    tell(&examined, done.len() + 1);
                    done.insert((&endpoint.service, &endpoint.account, &endpoint.vpc_endpoint), examined);
                }
            }
        });
        // Who is still at it when the time is over leaves what is done.
        match tokio::time::timeout(within, try_join_all(readers)).await {
            Ok(ended) => ended.map(|_| ())?,
            Err(_over) => {}
        }
        Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
    }

    /// Waits until there is room for so many requests. One waits for an account at a time, so that not all come back
    /// together. Where the bucket cannot be kept, it takes as long as if it were empty.
    async fn make_room(&self, account: &AccountId, requests: u32) {
        let worker = &self.installation.worker;
        let _turn = match self.turns.get(account) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        loop {
            match worker.room_for(account, requests).await {
                Ok(None) => return,
                Ok(Some(wait)) => pause(wait.try_into().unwrap_or_default()).await,
                Err(_) => {
                    return pause(worker.config.rate.cost(requests).try_into().unwrap_or_default()).await;
                }
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The VPCs in turn, one of each account before the second of any. Endpoints whose VPC is not known stand alone.
fn vpcs<'a>(
    wanted: &[&'a EndpointView],
    own: &'a AccountId,
    names: impl Fn(&EndpointView) -> usize,
) -> Vec<Vpc<'a>> {
    type Place<'a> = (&'a AccountId, Option<&'a VpcId>, Option<&'a VpcEndpointId>);
    let mut by_place: BTreeMap<Place, Vec<&EndpointView>> = BTreeMap::new();
    for &endpoint in wanted {
        let alone = endpoint.vpc.is_none().then_some(&endpoint.vpc_endpoint);
        by_place.entry((&endpoint.account, endpoint.vpc.as_ref(), alone)).or_default().push(endpoint);
    }
    let mut ranks: BTreeMap<&AccountId, usize> = BTreeMap::new();
    let mut vpcs: Vec<(usize, Vpc)> = Vec::new();
    for ((account, ..), endpoints) in by_place {
        let services: BTreeSet<_> = endpoints.iter().map(|endpoint| &endpoint.service).collect();
        let of_service = |service: &ServiceId| {
            endpoints.iter().find(|one| one.service == *service).map_or(0, |one| names(one))
        };
        let names =
            u32::try_from(services.into_iter().map(of_service).sum::<usize>()).unwrap_or(u32::MAX / 8);
        // In the client account a list of the zones, and for each name the record, what stands beside it, and the
        // public zones; these in the provider's account, too.
        let mut requests = BTreeMap::from([(account, 1 + 3 * names)]);
        *requests.entry(own).or_default() += names;
        let rank = ranks.entry(account).or_default();
        vpcs.push((*rank, Vpc { endpoints, requests }));
        *rank += 1;
    }
    vpcs.sort_by_key(|(rank, _)| *rank);
    vpcs.into_iter().map(|(_, vpc)| vpc).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Status;

    fn endpoint(number: u32, account: u32, vpc: Option<u32>) -> EndpointView {
        EndpointView {
            service: "vpce-svc-00000001".parse().unwrap(),
            is_defined: true,
            vpc_endpoint: format!("vpce-{number:08x}").parse().unwrap(),
            account: format!("{account:012}").parse().unwrap(),
            vpc: vpc.map(|vpc| format!("vpc-{vpc:08x}").parse().unwrap()),
            state: None,
            first_seen: None,
            records: Vec::new(),
            waiting: None,
            status: Status::Active,
            holds: Vec::new(),
        }
    }

    fn order(endpoints: &[EndpointView]) -> Vec<Vec<&str>> {
        let own = "111111111111".parse().unwrap();
        let wanted: Vec<_> = endpoints.iter().collect();
        let ids = |vpc: &Vpc| vpc.endpoints.iter().map(|one| one.vpc_endpoint.as_str().to_owned()).collect();
        let found: Vec<Vec<String>> = vpcs(&wanted, &own, |_| 1).iter().map(ids).collect();
        let by_id = |id: &String| endpoints.iter().map(|one| one.vpc_endpoint.as_str()).find(|one| one == id);
        found.iter().map(|vpc| vpc.iter().filter_map(by_id).collect()).collect()
    }

    #[test]
    fn accounts_take_turns_and_the_endpoints_of_a_vpc_stay_together() {
        let fleet = [
            endpoint(1, 2, Some(1)),
            endpoint(2, 2, Some(1)),
            endpoint(3, 2, Some(2)),
            endpoint(4, 3, Some(3)),
            endpoint(5, 3, None),
            endpoint(6, 3, None),
        ];
        let expected = [
            vec!["vpce-00000001", "vpce-00000002"],
            vec!["vpce-00000005"],
            vec!["vpce-00000003"],
            vec!["vpce-00000006"],
            vec!["vpce-00000004"],
        ];
        assert_eq!(order(&fleet), expected);
    }

    #[test]
    fn requests_count_in_the_account_whose_quota_they_are_of() {
        let (own, client): (AccountId, AccountId) =
            ("111111111111".parse().unwrap(), "000000000002".parse().unwrap());
        let fleet = [endpoint(1, 2, Some(1)), endpoint(2, 2, Some(1))];
        let wanted: Vec<_> = fleet.iter().collect();
        let of = |own| vpcs(&wanted, own, |_| 2)[0].requests.clone();
        assert_eq!(of(&own), BTreeMap::from([(&own, 2), (&client, 7)]));
        assert_eq!(of(&client), BTreeMap::from([(&client, 9)]), "the provider's own VPC");
    }
}
