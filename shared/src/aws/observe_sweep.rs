//! Observing what a sweep has to look at besides the services' connections: the index of claims, what is
//! remembered of services that nothing defines, and the VPCs of holds.

use std::collections::BTreeSet;

use super::clients::Aws;
use super::table::{Definitions, read};
use crate::claim::IndexedClaim;
use crate::error::Error;
use crate::facts::SweepFacts;
use crate::ids::ServiceId;
use crate::policy::Policy;

/// Reads the index of claims, the memory of services that `policy` leaves out, and the VPCs of holds.
///
/// # Errors
/// When a read fails.
pub async fn observe_sweep(
    aws: &Aws,
    policy: &Policy,
    definitions: &Definitions,
) -> Result<SweepFacts, Error> {
    let mut facts = SweepFacts::default();
    for item in aws.query("claims", "").await? {
        // A sweep looks at what else there is.
        match read::<IndexedClaim>(item) {
            Ok(claim) => facts.claims.push(claim),
            Err(error) => tracing::error!(error = error.chain(), "a claim is left out of the sweep"),
        }
    }
    let refused = definitions.refused.keys().filter_map(|key| key.parse::<ServiceId>().ok());
    let claimed = facts.claims.iter().map(|claim| claim.service.clone());
    let services: BTreeSet<ServiceId> = refused.chain(claimed).collect();
    for service in services.iter().filter(|service| !policy.services.contains_key(service)) {
        facts.undefined.extend(aws.stored_endpoints_of(service).await?.into_values());
    }
    facts.held = aws.held_places().await?;
    Ok(facts)
}
