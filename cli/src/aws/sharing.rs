//! Route 53: a further VPC of a zone, and its end. Only `zonelink zone` makes these calls.

use aws_sdk_route53::Client;
use aws_sdk_route53::config::retry::RetryConfig;
use aws_sdk_route53::types::{Vpc, VpcRegion};
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::ids::{HostedZoneId, Region, VpcId};

fn place(vpc: &VpcId, region: &Region) -> Vpc {
    Vpc::builder().vpc_id(vpc.as_str()).vpc_region(VpcRegion::from(region.as_str())).build()
}

/// The zone's owner lets a VPC of another account be associated. To do so twice is to do so once.
pub(crate) async fn authorize(
    owner: &Session,
    zone: &HostedZoneId,
    vpc: &VpcId,
    region: &Region,
) -> Result<(), Error> {
    let call = Client::new(owner.sdk()).create_vpc_association_authorization();
    let call = call.hosted_zone_id(zone.as_str()).vpc(place(vpc, region));
    call.send().await.map(drop).map_err(failed("route53:CreateVPCAssociationAuthorization", zone))
}

/// The VPC's owner associates it. Sent once: what the SDK tried again after a lost answer, Route 53 would refuse as a
/// conflict with itself.
pub(crate) async fn associate(
    guest: &Session,
    zone: &HostedZoneId,
    vpc: &VpcId,
    region: &Region,
) -> Result<(), Error> {
    let once = aws_sdk_route53::config::Builder::new().retry_config(RetryConfig::disabled());
    let call = Client::new(guest.sdk()).associate_vpc_with_hosted_zone();
    let call = call.hosted_zone_id(zone.as_str()).vpc(place(vpc, region));
    let answer = call.customize().config_override(once).send().await;
    answer.map(drop).map_err(failed("route53:AssociateVPCWithHostedZone", zone))
}

/// The zone's owner takes the authorisation back. The association stays.
pub(crate) async fn revoke(
    owner: &Session,
    zone: &HostedZoneId,
    vpc: &VpcId,
    region: &Region,
) -> Result<(), Error> {
    let call = Client::new(owner.sdk()).delete_vpc_association_authorization();
    let call = call.hosted_zone_id(zone.as_str()).vpc(place(vpc, region));
    let answer = call.send().await.map_err(failed("route53:DeleteVPCAssociationAuthorization", zone));
    gone_is_done(answer.map(drop), "VPCAssociationAuthorizationNotFound")
}

/// The VPC's owner takes it out.
pub(crate) async fn disassociate(
    guest: &Session,
    zone: &HostedZoneId,
    vpc: &VpcId,
    region: &Region,
) -> Result<(), Error> {
    let call = Client::new(guest.sdk()).disassociate_vpc_from_hosted_zone();
    let call = call.hosted_zone_id(zone.as_str()).vpc(place(vpc, region));
    let answer = call.send().await.map_err(failed("route53:DisassociateVPCFromHostedZone", zone));
    gone_is_done(answer.map(drop), "VPCAssociationNotFound")
}

/// What is not there any more needs no end.
fn gone_is_done(answer: Result<(), Error>, code: &str) -> Result<(), Error> {
    match answer {
        Err(error) if error.has_code(&[code]) => Ok(()),
        answer => answer,
    }
}
