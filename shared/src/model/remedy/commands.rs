//! Commands of the AWS CLI that remedies of holds and `zonelink doctor` both print. Each is a line of a POSIX shell.

use crate::model::dns::DnsName;
use crate::model::ids::{HostedZoneId, Region, VpcEndpointId, VpcId};

/// For DELETE Route 53 wants a record set as it stands, with its TTL:
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_Change.html>.
const AS_IT_STANDS: &str = "{Action: 'DELETE', ResourceRecordSet: @}";

/// Makes a private hosted zone of the name's own domain, for one VPC.
#[must_use]
pub fn create_zone(name: &DnsName, region: &Region, vpc: &VpcId) -> String {
    let zone = name.own_domain();
    format!(
        "aws route53 create-hosted-zone --name {zone} --caller-reference \"$(date +%s)\" {}",
        of_vpc(region, vpc)
    )
}

/// Associates a zone with a VPC of the same account.
#[must_use]
pub fn associate(zone: &HostedZoneId, region: &Region, vpc: &VpcId) -> String {
    format!("aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone} {}", of_vpc(region, vpc))
}

/// Takes a VPC from a zone.
#[must_use]
pub fn disassociate(zone: &HostedZoneId, region: &Region, vpc: &VpcId) -> String {
    format!("aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {zone} {}", of_vpc(region, vpc))
}

fn of_vpc(region: &Region, vpc: &VpcId) -> String {
    format!("--vpc VPCRegion={region},VPCId={vpc}")
}

/// Turns off the private DNS of an endpoint; `which` is its id, or [`bringing`] a zone.
#[must_use]
pub fn private_dns_off(region: &Region, which: &str) -> String {
    format!(
        "aws ec2 modify-vpc-endpoint --region {region} --no-private-dns-enabled --vpc-endpoint-id {which}"
    )
}

/// The endpoint of a VPC whose private DNS brings a zone, as a word of a command. EC2 names that zone among its DNS
/// entries: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DnsEntry.html>.
#[must_use]
pub fn bringing(zone: &HostedZoneId, region: &Region, vpc: &VpcId) -> String {
    format!(
        "\"$(aws ec2 describe-vpc-endpoints --region {region} --filters Name=vpc-id,Values={vpc} --output text --query \
         \"VpcEndpoints[?DnsEntries[?HostedZoneId=='{zone}']].VpcEndpointId\")\""
    )
}

/// Adds the first subnet of its VPC to an endpoint.
#[must_use]
pub fn add_first_subnet(region: &Region, vpc: &VpcId, vpc_endpoint: &VpcEndpointId) -> String {
    let first = format!(
        "aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc} \
         --query 'Subnets[0].SubnetId' --output text"
    );
    format!(
        "aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id {vpc_endpoint} --add-subnet-ids \"$({first})\""
    )
}

/// Deletes record sets of a zone as they stand; `which` is a condition on them, as --query takes it.
#[must_use]
pub fn delete(zone: &HostedZoneId, which: &str) -> String {
    format!(
        "aws route53 change-resource-record-sets --hosted-zone-id {zone} --change-batch \"$(aws route53 \
         list-resource-record-sets --hosted-zone-id {zone} --output json --query \"{{Changes: \
         ResourceRecordSets[?{which}].{AS_IT_STANDS}}}\")\""
    )
}

/// As Route 53 lists a name that may be published.
#[must_use]
pub fn wire(name: &DnsName) -> String {
    format!("{name}.").replace('*', "\\052")
}
