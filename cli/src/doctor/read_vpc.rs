//! Reading what is one VPC's, whichever endpoint asks for it.

use shared::aws::Session;
use shared::model::ids::{AccountId, Region, VpcId};

use super::facts::VpcFacts;
use crate::aws;
use crate::observed::NotRead;

/// Everything about a VPC. What cannot be read is said in its place.
pub(super) async fn vpc_facts(
    session: &Session,
    account: &AccountId,
    vpc: &VpcId,
    region: &Region,
) -> VpcFacts {
    let because = |error| NotRead::because(account, &error);
    let (dns_support, dns_hostnames) = aws::dns_attributes(session, vpc).await;
    let found = aws::vpc(session, vpc).await.map_err(because);
    let dhcp = match &found {
        Ok(found) => aws::dhcp(session, found).await.map_err(because),
        Err(why) => Err(why.clone()),
    };
    VpcFacts {
        dns_support: dns_support.map_err(because),
        dns_hostnames: dns_hostnames.map_err(because),
        dhcp,
        ranges: found.map(|found| found.ranges),
        zones: aws::zones_of_vpc(session, account, vpc, region).await.map_err(because),
        profiles: aws::profile_zones(session, vpc).await.map_err(because),
        forwarding: aws::forwarding_rules(session, vpc).await.map_err(because),
        firewall: aws::firewall(session, account, vpc).await.map_err(because),
    }
}

/// A VPC of which nothing could be read.
pub(super) fn unknown_vpc(why: &NotRead) -> VpcFacts {
    VpcFacts {
        dns_support: Err(why.clone()),
        dns_hostnames: Err(why.clone()),
        dhcp: Err(why.clone()),
        ranges: Err(why.clone()),
        zones: Err(why.clone()),
        profiles: Err(why.clone()),
        forwarding: Err(why.clone()),
        firewall: Err(why.clone()),
    }
}
