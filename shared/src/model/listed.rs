//! What lists bring, page by page: AWS's answers as plain values, before they are put together as facts.

use std::collections::BTreeSet;

use super::dns::DnsName;
use super::facts::{InterfaceFacts, IpAddressType, VpcEndpointState};
use super::ids::{NetworkInterfaceId, SubnetId, VpcEndpointId, VpcId};
use super::mark::Mark;
use super::record::{RecordKey, RecordSet, RecordType};

/// One page of a list. An empty one may have a next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page<T, N = String> {
    /// What it brings.
    pub items: Vec<T>,
    /// Where the next one begins; none when this is the last.
    pub next: Option<N>,
}

/// Which endpoints are described. Each list has at most 200 values, which is what EC2 takes in one filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointFilter {
    /// Those with these ids. Among ids, one that does not exist would fail the whole call; as a filter it does not.
    Ids(Vec<VpcEndpointId>),
    /// Those of the services with these names.
    Services(Vec<String>),
    /// Those of these services in these VPCs.
    Vpcs(Vec<VpcId>, Vec<String>),
}

/// An endpoint that EC2 shows. That EC2 shows none is the third answer to a question about an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// An interface endpoint. Its service says whether it is ours.
    Interface(ListedEndpoint),
    /// One of any other type: it has no addresses of its own, and is another's whatever else it says.
    OtherType(VpcEndpointId),
}

/// An interface endpoint as EC2 lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEndpoint {
    /// The endpoint.
    pub vpc_endpoint: VpcEndpointId,
    /// Its VPC.
    pub vpc: VpcId,
    /// The name of the service that it leads to.
    pub service_name: String,
    /// Its state.
    pub state: VpcEndpointState,
    /// Which families it is to answer.
    pub ip_address_type: IpAddressType,
    /// Its subnets.
    pub subnets: BTreeSet<SubnetId>,
    /// Its network interfaces.
    pub interfaces: BTreeSet<NetworkInterfaceId>,
}

/// A network interface as EC2 lists it.
pub type ListedInterface = (NetworkInterfaceId, InterfaceFacts);

/// A record set as Route 53 lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRecordSet {
    /// Its name.
    pub name: DnsName,
    /// What it is.
    pub content: RecordSetContent,
}

/// What a listed record set is, as far as it matters beside addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordSetContent {
    /// Addresses and nothing special.
    Simple(RecordType, RecordSet),
    /// Another kind that excludes ours, in words: "CNAME", "A alias".
    Incompatible(String),
    /// A TXT record set by which another controller says that what stands at the name is its own.
    Marked(Mark),
    /// TXT, MX, CAA…: it stands beside addresses and is none of our business.
    Other,
}

/// Where a list of record sets begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSetsStart {
    /// At this name.
    pub name: String,
    /// At this type of it; at its first when not given.
    pub record_type: Option<String>,
    /// At this set identifier.
    pub identifier: Option<String>,
}

impl RecordSetsStart {
    /// At the first record set of a name.
    #[must_use]
    pub fn at(key: &RecordKey) -> Self {
        Self { name: key.name.to_string(), record_type: None, identifier: None }
    }
}
