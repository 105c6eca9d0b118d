//! Finding the VPCs that a lookup is for, in the table alone.

use std::collections::BTreeSet;

use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::facts::Place;
use crate::model::hold::Subject;
use crate::trigger::lookup::Lookup;
use crate::worker::Worker;

/// The VPCs that have claims or holds in the lookup's zone, or the lookup's VPC if it has any, each with its account.
///
/// # Errors
/// When the table cannot be read.
pub async fn observe_lookup<C: Cloud>(worker: &Worker<C>, lookup: &Lookup) -> Result<BTreeSet<Place>, Error> {
    let mut found = BTreeSet::new();
    if let Some(zone) = &lookup.zone {
        found.extend(worker.claims_in(zone).await?.iter().flat_map(places_of));
    }
    if let Some(vpc) = &lookup.vpc {
        let references = worker.references(vpc).await?;
        found.extend(references.zones.into_iter().map(|claim| (claim.account, claim.vpc)));
        let claims = worker.claims(references.records.iter()).await?;
        found.extend(claims.values().flat_map(places_of).filter(|(_, of)| of == vpc));
    }
    for hold in worker.holds_in_vpcs().await? {
        let (vpc, zone) = match hold.subject {
            Subject::Record(vpc, key) => (vpc, Some(key.zone)),
            Subject::Name(vpc, _) => (vpc, None),
            _ => continue,
        };
        if lookup.vpc.as_ref() == Some(&vpc) || (zone.is_some() && zone == lookup.zone) {
            found.extend(hold.account.map(|account| (account, vpc)));
        }
    }
    Ok(found)
}

fn places_of(claim: &Claim) -> BTreeSet<Place> {
    let places = claim.contributions.values();
    places.map(|contribution| (contribution.account.clone(), contribution.vpc.clone())).collect()
}
