//! Finding the VPCs that a lookup is for, in the table alone.

use std::collections::BTreeSet;

use super::clients::Aws;
use crate::claim::Claim;
use crate::error::Error;
use crate::hold::Subject;
use crate::ids::{AccountId, VpcId};
use crate::lookup::Lookup;

/// The VPCs that have claims or holds in the lookup's zone, or the lookup's VPC if it has any, each with its account.
///
/// # Errors
/// When the table cannot be read.
pub async fn observe_lookup(aws: &Aws, lookup: &Lookup) -> Result<BTreeSet<(AccountId, VpcId)>, Error> {
    let mut found = BTreeSet::new();
    if let Some(zone) = &lookup.zone {
        found.extend(aws.claims_in(zone).await?.iter().flat_map(vpcs_of));
    }
    if let Some(vpc) = &lookup.vpc {
        let references = aws.references(vpc).await?;
        let claims = aws.claims(references.iter()).await?;
        found.extend(claims.values().flat_map(vpcs_of).filter(|(_, of)| of == vpc));
    }
    for (subject, account) in aws.held_in_vpcs().await? {
        let (vpc, zone) = match subject {
            Subject::Record(vpc, key) => (vpc, Some(key.zone)),
            Subject::Name(vpc, _) => (vpc, None),
            _ => continue,
        };
        if lookup.vpc.as_ref() == Some(&vpc) || (zone.is_some() && zone == lookup.zone) {
            found.insert((account, vpc));
        }
    }
    Ok(found)
}

fn vpcs_of(claim: &Claim) -> BTreeSet<(AccountId, VpcId)> {
    let places = claim.contributions.values();
    places.map(|contribution| (contribution.account.clone(), contribution.vpc.clone())).collect()
}
