//! Observing what a sweep has to look at besides the services' connections: the index of claims, what is
//! remembered of services that nothing defines, and the VPCs of holds.

use std::collections::BTreeSet;

use super::table::Definitions;
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::facts::SweepFacts;
use crate::model::ids::ServiceId;
use crate::model::policy::Policy;
use crate::worker::Worker;

/// Reads the index of claims, the memory of services that `policy` leaves out, and the VPCs of holds.
///
/// # Errors
/// When a read fails.
pub async fn observe_sweep<C: Cloud>(
    worker: &Worker<C>,
    policy: &Policy,
    definitions: &Definitions,
) -> Result<SweepFacts, Error> {
    let claims = worker.claim_index().await?;
    let refused = definitions.refused.keys().filter_map(|key| key.parse::<ServiceId>().ok());
    let claimed = claims.iter().map(|claim| claim.service.clone());
    let services: BTreeSet<ServiceId> = refused.chain(claimed).collect();
    let mut undefined = Vec::new();
    for service in services.iter().filter(|service| !policy.services.contains_key(service)) {
        undefined.extend(worker.stored_endpoints_of(service).await?.into_values());
    }
    Ok(SweepFacts { claims, undefined, held: worker.held_places().await? })
}
