//! The stage of a claim: what stands in AWS and happens there besides the calls of the port.

use shared::model::ids::{
    AccountId, HostedZoneId, OrganizationId, ProfileId, Region, ServiceId, VpcEndpointId, VpcId,
};
use shared::model::record::RecordKey;

/// Who is there from the beginning.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The worker's own account.
    pub own: AccountId,
    /// An account that the worker may enter.
    pub client: AccountId,
    /// Another one.
    pub other: AccountId,
    /// An account that nobody may enter.
    pub closed: AccountId,
    /// Where all of it is.
    pub region: Region,
    /// The worker's endpoint service, whose connections wait for acceptance.
    pub service: ServiceId,
}

/// An organization that the worker may read.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// An account of it.
    pub member: AccountId,
    /// What stands right above that account.
    pub parent: String,
}

/// How AWS fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It refuses for want of permission.
    Denied,
    /// It asks for patience. An implementation may let all calls fail so, and not this one alone.
    Throttled,
    /// It does what it is asked, and the answer is lost.
    Lost,
    /// Its answer takes a second and more.
    Slow,
}

/// Record sets that zonelink does not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `CNAME`.
    Cname,
    /// `TXT`.
    Txt,
    /// A TXT record set of external-dns, which the owner `blue` has written.
    Mark,
}

/// AWS beside the port. A world is empty but for its setting when a claim begins, and nothing in it happens by itself.
pub trait World {
    /// Who is there.
    fn setting(&self) -> Setting;

    /// The organization.
    fn organization(&self) -> Organization;

    /// Lets a principal find the service.
    fn permit(&self, principal: &str);

    /// A new VPC of an account.
    fn vpc(&self, account: &AccountId) -> VpcId;

    /// A new endpoint with addresses of IPv4 in so many subnets. It leads to the service, and waits for acceptance.
    fn endpoint(&self, vpc: &VpcId, subnets: usize) -> VpcEndpointId;

    /// A new private hosted zone of an account, associated with a VPC of whichever account.
    fn zone(&self, account: &AccountId, name: &str, vpc: &VpcId) -> HostedZoneId;

    /// A new Route 53 Profile that brings these zones into a VPC.
    fn profile(&self, vpc: &VpcId, zones: &[HostedZoneId]) -> ProfileId;

    /// Lets an account serve VPCs of another one with its zones. Nobody else is served by it.
    fn serve(&self, owner: &AccountId, guest: &AccountId);

    /// A new zone of an AWS service, as an endpoint with private DNS brings one into its VPC.
    fn zone_of_aws(&self, service: &str, name: &str, vpc: &VpcId) -> HostedZoneId;

    /// Ends the association of a zone with a VPC. The zone has another one then.
    fn disassociate(&self, zone: &HostedZoneId, vpc: &VpcId);

    /// Deletes a zone.
    fn delete_zone(&self, zone: &HostedZoneId);

    /// Writes a record set.
    fn write(&self, key: &RecordKey, kind: Kind);

    /// Lets pages of EC2 and Route 53 bring at most so many items from now on.
    fn pages_of(&self, items: usize);

    /// Lets an operation fail in an account from now on.
    fn fail(&self, account: &AccountId, operation: &'static str, how: Refusal);

    /// Lets nothing fail any more.
    fn heal(&self);

    /// The bodies of the messages that somebody would receive from the work queue now.
    fn messages(&self) -> Vec<String>;

    /// Receives a message from the work queue, for longer than the claim lasts. Gives its receipt handle.
    fn take_message(&self) -> String;

    /// Lets the delays of all messages end.
    fn end_delays(&self);
}
