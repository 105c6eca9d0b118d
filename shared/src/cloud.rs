//! The port: every call that observing and applying make, in the model's own types.
//!
//! One call is one logical request: one page, one conditional write, one transaction. Loops, paging, the
//! share of Route 53 requests and the composition of transactions stand above it. [`crate::aws`] implements it
//! with the SDK; the simulation implements it over a world in memory, so that both run the same code above. What
//! both keep to, the table below and each call's words, is one suite of claims: `tests/conformance`.
//!
//! ```text
//! call                                  idempotent   retried by the SDK   failures besides "no answer"
//! Describe…, List…, Get…, Query,        yes          yes (Route 53's      Denied, Throttled
//!   BatchGetItem                                     throttling: never)
//! Accept…, RejectVpcEndpointConnections yes          yes                  Denied, Refused, some unsuccessful
//! ChangeResourceRecordSets,             no           never                Denied, Throttled, Refused, Credentials
//!   CreateHostedZone, DeleteHostedZone
//! PutItem, DeleteItem                   by condition yes                  ConditionFailed
//! UpdateItem                            no           yes; what subtracts: ConditionFailed
//!                                                    never
//! TransactWriteItems                    by its token yes                  ConditionFailed
//! SendMessage                           no           yes                  –
//! ChangeMessageVisibility               yes          yes                  –
//! ```
//!
//! "No answer" ([`CallFailure::Unavailable`](crate::error::CallFailure)) says nothing: the call may have been
//! done, may be done later, or never. What is not idempotent and retried may be done twice; those who make such
//! a call live with that. A change of records, a new zone and the end of one are sent once each, so each failure but "no
//! answer" is certain: it was not made, and never will be.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::Error;
use crate::model::consent::Consent;
use crate::model::dns::DnsName;
use crate::model::facts::{Association, Connection, PrivateHostedZone, VpcEndpointState};
use crate::model::ids::{
    AccountId, HostedZoneId, NetworkInterfaceId, OrganizationId, ProfileId, Region, ServiceId, VpcEndpointId,
    VpcId,
};
use crate::model::listed::{EndpointFilter, ListedInterface, ListedRecordSet, Page, RecordSetsStart, Shown};
use crate::model::record::{Change, RecordKey};
use crate::model::table::{BucketUpdate, Condition, Item, Key, Partition, RunUpdate, Write};
use crate::model::zone_claim::{NewZone, ZoneContents};
use crate::trigger::intent::Intent;

/// AWS, as zonelink calls it, and the clock.
///
/// Calls that name an account are made with its rights: the worker's own in its own account, the client role's
/// anywhere else. All of them fail with [`Error::Call`]; what else can go wrong stands at the call.
#[expect(
    async_fn_in_trait,
    reason = "nothing outside this workspace implements it, and nothing spawns its futures"
)]
pub trait Cloud {
    /// The clock.
    fn now(&self) -> Timestamp;

    /// Comes back when the clock has reached `moment`: for deadlines.
    async fn reached(&self, moment: Timestamp);

    /// `sts:AssumeRole`, unless the account's role was assumed a short while ago. Other calls do this by
    /// themselves; this one finds out whether the account can be entered at all.
    async fn assume_role(&self, account: &AccountId) -> Result<(), Error>;

    /// Forgets an account's credentials: its role may have been made anew since.
    async fn forget_role(&self, account: &AccountId);

    /// `sts:AssumeRole` of the role by which the owner of a zone consents to VPCs of another account; nothing is done
    /// with its rights. AWS does not tell a role that is not there from one that refuses: both say that the owner
    /// does not consent. In the worker's own account the configuration says so, without a call.
    ///
    /// A consent is believed for as long as a role's credentials are used, a refusal until somebody asks again.
    /// Whatever else goes wrong is an error, and no answer.
    async fn assume_guest_role(
        &self,
        zone_account: &AccountId,
        vpc_account: &AccountId,
    ) -> Result<Consent, Error>;

    /// `ec2:DescribeVpcEndpoints`: one page of the endpoints that match, whatever their type.
    async fn describe_vpc_endpoints(
        &self,
        account: &AccountId,
        filter: &EndpointFilter,
        page: Option<String>,
    ) -> Result<Page<Shown>, Error>;

    /// `ec2:DescribeVpcEndpoints` of one endpoint by its id, whatever its type; none when EC2 says that there is none.
    async fn describe_vpc_endpoint(
        &self,
        account: &AccountId,
        id: &VpcEndpointId,
    ) -> Result<Option<Shown>, Error>;

    /// `ec2:DescribeNetworkInterfaces`: one page of those that exist among `ids`.
    async fn describe_network_interfaces(
        &self,
        account: &AccountId,
        ids: &[NetworkInterfaceId],
        page: Option<String>,
    ) -> Result<Page<ListedInterface>, Error>;

    /// `ec2:DescribeVpcEndpointConnections`: one page of a service's connections, in `state` if one is given.
    async fn describe_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
        page: Option<String>,
    ) -> Result<Page<Connection>, Error>;

    /// `ec2:DescribeVpcEndpointServiceConfigurations`: one page of the services with this id.
    async fn describe_vpc_endpoint_service_configurations(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<ServiceId>, Error>;

    /// `ec2:DescribeVpcEndpointServicePermissions`: one page of the principals, as EC2 writes them.
    async fn describe_vpc_endpoint_service_permissions(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<String>, Error>;

    /// `ec2:AcceptVpcEndpointConnections`; gives those for which AWS was unsuccessful, each with AWS's words.
    async fn accept_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error>;

    /// `ec2:RejectVpcEndpointConnections`; gives those for which AWS was unsuccessful, each with AWS's words.
    async fn reject_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error>;

    /// `route53:ListHostedZonesByVPC`: one page of the private hosted zones associated with a VPC, those of
    /// other accounts and of AWS services too. Only the account that owns the VPC may
    /// ask. Zones that reach it through a Route 53 Profile are not in this list. Fails with
    /// [`Error::Throttled`] when the account's requests are used up, as each call of Route 53 does.
    async fn list_hosted_zones_by_vpc(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        region: &Region,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, PrivateHostedZone)>, Error>;

    /// `route53:GetHostedZone`: whether a zone exists and is still associated with a VPC.
    async fn get_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        vpc: &VpcId,
    ) -> Result<Association, Error>;

    /// `route53:GetHostedZone`: the name of a zone; none when the zone does not exist.
    async fn hosted_zone_name(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<DnsName>, Error>;

    /// `route53profiles:ListProfileAssociations`: one page of the Route 53 Profiles that a VPC has, of whichever
    /// account. One that is not associated yet, or not any more, is left out. These calls have a throttle of their own,
    /// and count against no account's requests of Route 53.
    async fn list_profile_associations(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        page: Option<String>,
    ) -> Result<Page<ProfileId>, Error>;

    /// `route53profiles:ListProfileResourceAssociations`: one page of the private hosted zones that a Profile brings,
    /// each with the account that put it there. Resources of other kinds are left out.
    async fn list_profile_resource_associations(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, AccountId)>, Error>;

    /// `route53:GetHostedZone`: with which `CallerReference` a zone was made; none when there is no such zone.
    async fn caller_reference(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<String>, Error>;

    /// `route53:GetHostedZone`: what a zone is, how many record sets it has, and which VPCs it answers; none when there
    /// is no such zone.
    async fn zone_contents(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<ZoneContents>, Error>;

    /// `route53:CreateHostedZone`: a private zone with one VPC, sent once. The request ends within `time`. AWS
    /// refuses a second zone of one name for one VPC (`ConflictingDomainExists`), and a `CallerReference` that a zone
    /// has (`HostedZoneAlreadyExists`).
    async fn create_hosted_zone(
        &self,
        account: &AccountId,
        zone: &NewZone,
        time: Duration,
    ) -> Result<(), Error>;

    /// `route53:DeleteHostedZone`, sent once and with the right to delete this one zone alone. The request ends within
    /// `time`. AWS refuses a zone that holds anything but SOA and NS (`HostedZoneNotEmpty`), and one that there is not
    /// (`NoSuchHostedZone`). It does not mind the VPCs that the zone answers.
    async fn delete_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        time: Duration,
    ) -> Result<(), Error>;

    /// `route53:ListResourceRecordSets`: one page of the record sets from `start` on; none when the zone does
    /// not exist.
    async fn list_resource_record_sets(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        start: &RecordSetsStart,
    ) -> Result<Option<Page<ListedRecordSet, RecordSetsStart>>, Error>;

    /// `route53:ChangeResourceRecordSets`: one atomic batch, sent once. The request ends within `time`.
    async fn change_resource_record_sets(
        &self,
        account: &AccountId,
        key: &RecordKey,
        changes: &[Change],
        time: Duration,
    ) -> Result<(), Error>;

    /// `organizations:DescribeOrganization`.
    async fn describe_organization(&self) -> Result<OrganizationId, Error>;

    /// `organizations:ListParents`: one page of what stands right above an account or a unit.
    async fn list_parents(&self, child: &str, page: Option<String>) -> Result<Page<String>, Error>;

    /// Forgets the credentials by which organizations are read.
    async fn forget_organizations_role(&self);

    /// `dynamodb:Query`: one page of a partition's items whose sort keys begin with `sk`, in their order or the
    /// other way round, strongly consistent.
    async fn query(
        &self,
        partition: &Partition,
        sk: &str,
        order: Order,
        page: Option<String>,
    ) -> Result<Page<Row>, Error>;

    /// `dynamodb:BatchGetItem` of at most [`Limit::BatchGetKeys`](crate::limits::Limit) keys, none of them twice,
    /// strongly consistent. What DynamoDB did not get to is among `unprocessed`.
    async fn batch_get_item(&self, keys: &[Key]) -> Result<Batch, Error>;

    /// `dynamodb:PutItem`.
    async fn put_item(&self, key: &Key, item: &Item, condition: Condition) -> Result<(), Error>;

    /// `dynamodb:DeleteItem`.
    async fn delete_item(&self, key: &Key, condition: Condition) -> Result<(), Error>;

    /// `dynamodb:UpdateItem` of a bucket. When its condition does not hold, gives the moment that stands there.
    async fn update_bucket(
        &self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
    ) -> Result<Option<Timestamp>, Error>;

    /// `dynamodb:UpdateItem` of a run. [`RunUpdate::UncountRemoval`] is sent once: done twice, it would let a run remove
    /// more than it may.
    async fn update_run(&self, run: &str, update: &RunUpdate) -> Result<(), Error>;

    /// `dynamodb:TransactWriteItems`: all of `writes`, or none, at most
    /// [`Limit::TransactItems`](crate::limits::Limit) of them. `subject` is what they are about.
    async fn transact_write_items(&self, subject: &str, writes: &[Write]) -> Result<(), Error>;

    /// `sqs:SendMessage` to the work queue, which keeps it back for `delay_seconds`.
    async fn send_message(&self, intent: &Intent, delay_seconds: i32) -> Result<(), Error>;

    /// `sqs:ChangeMessageVisibility`: a message of the work queue that was received comes back after `seconds`, unless
    /// it is deleted.
    async fn change_message_visibility(&self, receipt_handle: &str, seconds: i32) -> Result<(), Error>;
}

/// In which order a partition is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the first sort key on.
    Ascending,
    /// From the last one back, a few at a time.
    Descending,
}

/// The answer to a batch of keys.
#[derive(Debug, Default)]
pub struct Batch {
    /// The items that exist.
    pub rows: Vec<Row>,
    /// The keys that were not looked up.
    pub unprocessed: Vec<Key>,
}

/// An item of a partition, or why it cannot be read.
#[derive(Debug)]
pub struct Row {
    /// Its sort key.
    pub sk: String,
    /// What it holds.
    pub item: Result<Item, Error>,
}
