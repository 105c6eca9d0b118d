//! Observing a service: its connections, and what the table remembers of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join3;

use super::pages::{all, all_connections};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::facts::{AllowListFacts, ServiceFacts, VpcEndpointState};
use crate::model::hold::{HoldReason, Subject};
use crate::model::ids::{AccountId, ServiceId, VpcEndpointId};
use crate::model::policy::{Principal, ServiceDefinition};
use crate::plan::service::review::is_allowed_without_organizations;
use crate::worker::Worker;

/// How much of a service is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The connections that wait for acceptance, and these endpoints wherever they are.
    Pending(BTreeSet<VpcEndpointId>),
    /// Everything: a sweep.
    All,
}

/// Reads what a review of the defined service needs. Of an allow list that AWS has to be asked about, only
/// what the connections of `accounts` (of all, when empty) need.
///
/// # Errors
/// When a read fails, but for one that only tells who may connect: that is a fact, and holds.
pub async fn observe_service<C: Cloud>(
    worker: &Worker<C>,
    definition: &ServiceDefinition,
    scope: &Scope,
    accounts: &BTreeSet<AccountId>,
) -> Result<ServiceFacts, Error> {
    let service = &definition.service;
    let holds = worker.service_holds(service);
    let facts = match scope {
        Scope::All => {
            let connections = async {
                let exists = exists(worker, service).await?;
                let listed = if exists { all_connections(worker, service, None).await? } else { Vec::new() };
                Ok((exists, listed))
            };
            let (holds, stored, (exists, connections)) =
                try_join3(holds, worker.stored_endpoints_of(service), connections).await?;
            ServiceFacts { exists: Some(exists), connections, stored, ..facts_of(service, holds) }
        }
        Scope::Pending(named) => {
            let waiting = Some(VpcEndpointState::PendingAcceptance);
            let stored = worker.stored_endpoints([service].into_iter(), named.iter());
            let connections = all_connections(worker, service, waiting.as_ref());
            let (holds, stored, mut connections) = try_join3(holds, stored, connections).await?;
            let listed =
                |id: &VpcEndpointId| connections.iter().any(|connection| connection.vpc_endpoint == *id);
            // Only the full list tells who owns an endpoint that neither waits nor is remembered.
            let complete = named.iter().any(|id| !listed(id) && !stored.contains_key(id));
            if complete {
                connections = all_connections(worker, service, None).await?;
            }
            ServiceFacts { connections, complete, stored, ..facts_of(service, holds) }
        }
    };
    let allow_list = allow_list(worker, definition, &facts, accounts).await;
    Ok(ServiceFacts { allow_list, ..facts })
}

/// Whether a service exists in this account and region.
async fn exists<C: Cloud>(worker: &Worker<C>, service: &ServiceId) -> Result<bool, Error> {
    let cloud = &worker.cloud;
    let ask = async |page| cloud.describe_vpc_endpoint_service_configurations(service, page).await;
    let found = all("ec2:DescribeVpcEndpointServiceConfigurations", service, ask).await?;
    Ok(found.contains(service))
}

/// The principals that a service's own permissions name, as EC2 writes them.
async fn permissions<C: Cloud>(worker: &Worker<C>, service: &ServiceId) -> Result<BTreeSet<String>, Error> {
    let cloud = &worker.cloud;
    let ask = async |page| cloud.describe_vpc_endpoint_service_permissions(service, page).await;
    let found = all("ec2:DescribeVpcEndpointServicePermissions", service, ask).await?;
    Ok(found.into_iter().collect())
}

fn facts_of(service: &ServiceId, holds: BTreeMap<Subject, HoldReason>) -> ServiceFacts {
    ServiceFacts {
        service: service.clone(),
        exists: None,
        connections: Vec::new(),
        complete: true,
        allow_list: AllowListFacts::default(),
        stored: BTreeMap::new(),
        holds,
    }
}

async fn allow_list<C: Cloud>(
    worker: &Worker<C>,
    definition: &ServiceDefinition,
    facts: &ServiceFacts,
    accounts: &BTreeSet<AccountId>,
) -> AllowListFacts {
    let mut read = AllowListFacts::default();
    let mirrors = definition.allowed_principals.contains(&Principal::ServicePermissions);
    if mirrors && facts.exists != Some(false) {
        let permissions = permissions(worker, &definition.service).await;
        read.permissions = Some(permissions.map_err(|error| {
            tracing::warn!(service = %definition.service, error = error.chain(), "a service's permissions cannot be read");
            error.call_and_code()
        }));
    }
    if definition.allowed_principals.iter().any(|principal| principal.organization().is_some()) {
        let owners = undecided(definition, facts, &read, accounts);
        read.memberships = worker.memberships(definition, &owners).await;
    }
    read
}

/// The owners of whom only an organization can tell: those of waiting connections first, should AWS not
/// answer for all.
fn undecided(
    definition: &ServiceDefinition,
    facts: &ServiceFacts,
    read: &AllowListFacts,
    accounts: &BTreeSet<AccountId>,
) -> Vec<AccountId> {
    let mut owners = Vec::new();
    let states =
        [VpcEndpointState::PendingAcceptance, VpcEndpointState::Pending, VpcEndpointState::Available];
    for state in states {
        let of_state = facts.connections.iter().filter(|connection| connection.state == state);
        for owner in of_state.map(|connection| &connection.owner) {
            let concerned = accounts.is_empty() || accounts.contains(owner);
            if concerned
                && !owners.contains(owner)
                && !is_allowed_without_organizations(definition, read, owner)
            {
                owners.push(owner.clone());
            }
        }
    }
    owners
}
