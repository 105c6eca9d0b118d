//! Observing a service: its connections, and what the table remembers of them.

use std::collections::BTreeSet;

use super::clients::Aws;
use crate::error::Error;
use crate::facts::{ServiceFacts, VpcEndpointState};
use crate::ids::{ServiceId, VpcEndpointId};

/// How much of a service is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The connections that wait for acceptance, and these endpoints wherever they are.
    Pending(BTreeSet<VpcEndpointId>),
    /// Everything: a sweep.
    All,
}

/// Reads what a review of `service` needs.
///
/// # Errors
/// When a read fails.
pub async fn observe_service(aws: &Aws, service: &ServiceId, scope: &Scope) -> Result<ServiceFacts, Error> {
    let holds = aws.service_holds(service).await?;
    let Scope::Pending(named) = scope else {
        let exists = aws.own().service_exists(service).await?;
        let connections = if exists { aws.own().connections(service, None).await? } else { Vec::new() };
        let stored = aws.stored_endpoints_of(service).await?;
        let (exists, service) = (Some(exists), service.clone());
        return Ok(ServiceFacts { service, exists, connections, complete: true, stored, holds });
    };
    let waiting = Some(VpcEndpointState::PendingAcceptance);
    let mut connections = aws.own().connections(service, waiting.as_ref()).await?;
    let stored = aws.stored_endpoints([service].into_iter(), named.iter()).await?;
    let listed = |id: &VpcEndpointId| connections.iter().any(|connection| connection.vpc_endpoint == *id);
    // Only the full list tells who owns an endpoint that neither waits nor is remembered.
    let complete = named.iter().any(|id| !listed(id) && !stored.contains_key(id));
    if complete {
        connections = aws.own().connections(service, None).await?;
    }
    Ok(ServiceFacts { service: service.clone(), exists: None, connections, complete, stored, holds })
}
