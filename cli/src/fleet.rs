//! The fleet: every endpoint that is known, and what is known of it, each part from one source.
//!
//! Read in batches, whatever the number of endpoints: the connections of each service, what the table remembers of
//! its endpoints, the claims, the holds. Route 53 and the client accounts are not read.

mod endpoint;
mod groups;
mod held;
mod hold;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use shared::aws::Worker;
use shared::inspect::Waiting;
use shared::model::claim::Claim;
use shared::model::facts::{StoredEndpoint, VpcEndpointState};
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};
use shared::model::policy::Policy;
use shared::model::record::RecordKey;

pub(crate) use endpoint::{EndpointView, RecordView, Status};
pub(crate) use groups::held_text;
pub(crate) use hold::HoldView;

/// Where each part of an endpoint comes from, as programs and people are told.
pub(crate) const SOURCES: [(&str, &str); 6] = [
    ("state", "EC2 now: DescribeVpcEndpointConnections"),
    ("vpc", "table: what the functions remember of the endpoint, or its claims"),
    ("first_seen", "table: what the functions remember of the endpoint"),
    ("waiting", "table: its waiting chain"),
    ("records", "table: claims, what zonelink last wrote; Route 53 is not read"),
    ("holds", "table"),
];

/// Everything at one moment.
#[derive(Debug)]
pub(crate) struct Fleet {
    /// When it was read.
    pub(crate) read_at: Timestamp,
    /// The services that are defined.
    pub(crate) policy: Policy,
    /// The endpoints, by service, account and id.
    pub(crate) endpoints: Vec<EndpointView>,
    /// All claims.
    pub(crate) claims: BTreeMap<RecordKey, Claim>,
    /// All holds.
    pub(crate) holds: Vec<HoldView>,
    /// Items of the table that this version cannot read.
    pub(crate) unreadable: Vec<String>,
}

/// Which endpoints are wanted; all where nothing is said.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub(crate) struct Selection {
    /// Only endpoints of this service, `vpce-svc-…`
    #[arg(long, value_name = "ID")]
    pub(crate) service: Option<ServiceId>,
    /// Only endpoints of this account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<AccountId>,
    /// Only endpoints of this VPC
    #[arg(long, value_name = "ID")]
    pub(crate) vpc: Option<VpcId>,
}

impl Fleet {
    /// Reads everything.
    ///
    /// # Errors
    /// When EC2 or the table cannot be read.
    pub(crate) async fn read(worker: &Worker) -> anyhow::Result<Fleet> {
        let read_at = worker.now();
        // None of these needs another, and somebody waits for them.
        let (definitions, index, holds) =
            tokio::try_join!(worker.definitions(), worker.inspect_claim_index(), worker.inspect_holds())?;
        let policy = worker.config.policy(definitions.sound);
        let claims = worker.inspect_claims(index.items.iter().map(|(key, _)| key)).await?;
        let unreadable = [index.unreadable, claims.unreadable, holds.unreadable];
        let mut unreadable: Vec<String> = unreadable.into_iter().flatten().collect();
        let claims: BTreeMap<_, _> =
            claims.items.into_iter().map(|claim| (claim.key.clone(), claim)).collect();
        let place = worker.config.place();
        let holds: Vec<_> = holds.items.into_iter().map(|hold| HoldView::new(hold, &place)).collect();
        let mut parts = Parts::default();
        let claimed = claims.values().map(|claim| claim.service.clone());
        let services: BTreeSet<ServiceId> = policy.services.keys().cloned().chain(claimed).collect();
        for service in services {
            parts.read(worker, &service, &mut unreadable).await?;
        }
        let waits = worker.inspect_waits(parts.unsettled().into_iter()).await?;
        unreadable.extend(waits.unreadable);
        parts.waits = waits.items.into_iter().map(|wait| (wait.vpc_endpoint.clone(), wait)).collect();
        let endpoints = parts.endpoints(&policy, &claims, &holds);
        Ok(Fleet { read_at, policy, endpoints, claims, holds, unreadable })
    }

    /// The endpoints of a selection.
    pub(crate) fn selected<'a>(&'a self, selection: &'a Selection) -> impl Iterator<Item = &'a EndpointView> {
        self.endpoints.iter().filter(|endpoint| {
            let is = |wanted: Option<bool>| wanted.unwrap_or(true);
            is(selection.service.as_ref().map(|service| *service == endpoint.service))
                && is(selection.account.as_ref().map(|account| *account == endpoint.account))
                && is(selection.vpc.as_ref().map(|vpc| endpoint.vpc.as_ref() == Some(vpc)))
        })
    }

    /// The holds of a selection, whether an endpoint shows them or not.
    pub(crate) fn selected_holds(&self, selection: &Selection) -> Vec<&HoldView> {
        let shown: BTreeSet<_> =
            self.selected(selection).flat_map(|endpoint| &endpoint.holds).map(|hold| &hold.subject).collect();
        self.holds.iter().filter(|hold| shown.contains(&hold.subject) || selection.means(hold)).collect()
    }
}

impl Selection {
    /// Whether a hold is meant by its own subject, without any endpoint.
    fn means(&self, hold: &HoldView) -> bool {
        let is = |wanted: Option<bool>| wanted.unwrap_or(true);
        // Of what a hold does not name, it is not known to be part.
        is(self.service.as_ref().map(|service| hold.service() == Some(service)))
            && is(self.account.as_ref().map(|account| hold.account.as_ref() == Some(account)))
            && is(self.vpc.as_ref().map(|vpc| hold.vpc() == Some(vpc)))
    }
}

/// What is known of endpoints, source by source.
#[derive(Default)]
struct Parts {
    connections: BTreeMap<(ServiceId, VpcEndpointId), (AccountId, VpcEndpointState)>,
    stored: BTreeMap<(ServiceId, VpcEndpointId), StoredEndpoint>,
    waits: BTreeMap<VpcEndpointId, Waiting>,
}

impl Parts {
    async fn read(
        &mut self,
        worker: &Worker,
        service: &ServiceId,
        unreadable: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let read = tokio::try_join!(worker.inspect_connections(service), worker.inspect_endpoints(service));
        let (connections, stored) = read?;
        for connection in connections {
            let key = (service.clone(), connection.vpc_endpoint);
            self.connections.insert(key, (connection.owner, connection.state));
        }
        unreadable.extend(stored.unreadable);
        let stored = stored.items.into_iter();
        self.stored.extend(stored.map(|stored| ((service.clone(), stored.vpc_endpoint.clone()), stored)));
        Ok(())
    }

    /// The endpoints that may be waited for.
    fn unsettled(&self) -> Vec<&VpcEndpointId> {
        let settled = |state: &VpcEndpointState| *state == VpcEndpointState::Available;
        let found = self.connections.iter().filter(|(_, (_, state))| !settled(state));
        found.map(|((_, vpc_endpoint), _)| vpc_endpoint).collect()
    }

    fn endpoints(
        &self,
        policy: &Policy,
        claims: &BTreeMap<RecordKey, Claim>,
        holds: &[HoldView],
    ) -> Vec<EndpointView> {
        let mut records = endpoint::records(claims);
        let by_scope = held::by_scope(holds);
        let known: BTreeSet<_> =
            self.connections.keys().chain(self.stored.keys()).chain(records.keys()).cloned().collect();
        let mut endpoints: Vec<EndpointView> = Vec::new();
        for key in known {
            let connection = self.connections.get(&key);
            let stored = self.stored.get(&key);
            let records = records.remove(&key).unwrap_or_default();
            let contribution = records.first().map(|record| (record.account.clone(), record.vpc.clone()));
            let account = connection.map(|(owner, _)| owner.clone());
            let account = account.or_else(|| stored.map(|stored| stored.account.clone()));
            let account = account.or_else(|| contribution.as_ref().map(|(account, _)| account.clone()));
            // One of the three sources has named it.
            let Some(account) = account else { continue };
            let vpc = stored.map(|stored| stored.vpc.clone()).or_else(|| contribution.map(|(_, vpc)| vpc));
            let (service, vpc_endpoint) = key;
            let waiting = self.waits.get(&vpc_endpoint).cloned();
            endpoints.push(EndpointView {
                state: connection.map(|(_, state)| state.clone()),
                first_seen: stored.map(|stored| stored.first_seen),
                is_defined: policy.services.contains_key(&service),
                service,
                vpc_endpoint,
                account,
                vpc,
                records,
                waiting,
                status: Status::NotConfigured,
                holds: Vec::new(),
            });
        }
        for endpoint in &mut endpoints {
            endpoint.holds = held::of(endpoint, policy, &by_scope);
            endpoint.status = endpoint.judged();
        }
        endpoints.sort_by(|a, b| {
            (&a.service, &a.account, &a.vpc_endpoint).cmp(&(&b.service, &b.account, &b.vpc_endpoint))
        });
        endpoints
    }
}
