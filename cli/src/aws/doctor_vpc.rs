//! EC2 in the client account: the VPC, and whom its machines ask for names.

use aws_sdk_ec2::types::{DhcpOptions, Vpc, VpcAttributeName, VpcCidrBlockState, VpcCidrBlockStateCode};
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::ids::VpcId;

use crate::cidr::Range;
use crate::observed::Dhcp;

/// What EC2 shows for a VPC without a set of DHCP options; `AssociateDhcpOptions` takes the same word for that:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html>.
const NO_DHCP_OPTIONS: &str = "default";
const NAME_SERVERS: &str = "domain-name-servers";

/// What one look at a VPC shows.
pub(crate) struct Found {
    /// All its address ranges, those that were added later too.
    pub(crate) ranges: Vec<Range>,
    /// The range that it was made with: its resolver has an address there.
    primary: Option<Range>,
    dhcp_options: Option<String>,
}

fn client(session: &Session) -> aws_sdk_ec2::Client {
    aws_sdk_ec2::Client::new(session.sdk())
}

/// Whether the VPC resolves names, and gives out host names.
pub(crate) async fn dns_attributes(
    session: &Session,
    vpc: &VpcId,
) -> (Result<bool, Error>, Result<bool, Error>) {
    const OPERATION: &str = "ec2:DescribeVpcAttribute";
    let ask =
        |attribute| client(session).describe_vpc_attribute().vpc_id(vpc.as_str()).attribute(attribute).send();
    let support = ask(VpcAttributeName::EnableDnsSupport).await.map_err(failed(OPERATION, vpc));
    let hostnames = ask(VpcAttributeName::EnableDnsHostnames).await.map_err(failed(OPERATION, vpc));
    (
        support.map(|answer| answer.enable_dns_support.and_then(|value| value.value).unwrap_or_default()),
        hostnames.map(|answer| answer.enable_dns_hostnames.and_then(|value| value.value).unwrap_or_default()),
    )
}

/// The VPC itself.
pub(crate) async fn vpc(session: &Session, id: &VpcId) -> Result<Found, Error> {
    let call = client(session).describe_vpcs().vpc_ids(id.as_str()).send().await;
    let answer = call.map_err(failed("ec2:DescribeVpcs", id))?;
    let found = answer.vpcs().first();
    let text = |text: Option<&str>| text.map(ToOwned::to_owned);
    Ok(Found {
        ranges: answer.vpcs().iter().flat_map(ranges).collect(),
        primary: found.and_then(|vpc| vpc.cidr_block()?.parse().ok()),
        dhcp_options: text(found.and_then(Vpc::dhcp_options_id)).filter(|id| id != NO_DHCP_OPTIONS),
    })
}

fn ranges(vpc: &Vpc) -> Vec<Range> {
    let state = |state: Option<&str>| state.is_none_or(|state| state == "associated");
    let code = |of: Option<&VpcCidrBlockState>| {
        state(of.and_then(VpcCidrBlockState::state).map(VpcCidrBlockStateCode::as_str))
    };
    let v4 = vpc.cidr_block_association_set().iter().filter(|block| code(block.cidr_block_state()));
    let v6 = vpc.ipv6_cidr_block_association_set().iter().filter(|block| code(block.ipv6_cidr_block_state()));
    let mut texts: Vec<_> = v4.filter_map(|block| block.cidr_block()).collect();
    texts.extend(v6.filter_map(|block| block.ipv6_cidr_block()));
    texts.extend(vpc.cidr_block());
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().filter_map(|text| text.parse().ok()).collect()
}

/// The DHCP options of a VPC. Its resolver has the address two after the first of the range that it was made with:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>.
pub(crate) async fn dhcp(session: &Session, vpc: &Found) -> Result<Dhcp, Error> {
    let resolver = vpc.primary.as_ref().and_then(|range| range.nth(2));
    let mut dhcp = Dhcp { id: vpc.dhcp_options.clone(), resolver, ..Dhcp::default() };
    let Some(id) = &vpc.dhcp_options else { return Ok(dhcp) };
    let call = client(session).describe_dhcp_options().dhcp_options_ids(id).send().await;
    let answer = call.map_err(failed("ec2:DescribeDhcpOptions", id))?;
    let options = answer.dhcp_options().iter().flat_map(DhcpOptions::dhcp_configurations);
    for option in options {
        let values =
            option.values().iter().filter_map(|value| value.value().map(ToOwned::to_owned)).collect();
        match option.key() {
            Some(NAME_SERVERS) => dhcp.servers = values,
            Some(key) => dhcp.others.push((key.to_owned(), values)),
            None => {}
        }
    }
    Ok(dhcp)
}
