//! The port over the SDK: each call with the clients of its account. Calls are boxed: what the SDK keeps of each
//! on its way is large.

use std::time::Duration;

use jiff::Timestamp;

use super::clients::Aws;
use crate::cloud::{Batch, Cloud, Order, Row};
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

impl Cloud for Aws {
    fn now(&self) -> Timestamp {
        self.clock()
    }

    async fn reached(&self, moment: Timestamp) {
        let left = Duration::try_from(moment.duration_since(self.clock())).unwrap_or_default();
        #[expect(clippy::disallowed_methods, reason = "a deadline, beside which the work goes on")]
        tokio::time::sleep(left).await;
    }

    async fn assume_role(&self, account: &AccountId) -> Result<(), Error> {
        Box::pin(self.of(account)).await.map(drop)
    }

    async fn forget_role(&self, account: &AccountId) {
        self.forget(account).await;
    }

    async fn assume_guest_role(
        &self,
        zone_account: &AccountId,
        vpc_account: &AccountId,
    ) -> Result<Consent, Error> {
        Box::pin(self.consent(zone_account, vpc_account)).await
    }

    async fn describe_vpc_endpoints(
        &self,
        account: &AccountId,
        filter: &EndpointFilter,
        page: Option<String>,
    ) -> Result<Page<Shown>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.describe_vpc_endpoints(filter, page)).await
    }

    async fn describe_vpc_endpoint(
        &self,
        account: &AccountId,
        id: &VpcEndpointId,
    ) -> Result<Option<Shown>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.describe_vpc_endpoint(id)).await
    }

    async fn describe_network_interfaces(
        &self,
        account: &AccountId,
        ids: &[NetworkInterfaceId],
        page: Option<String>,
    ) -> Result<Page<ListedInterface>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.describe_network_interfaces(ids, page)).await
    }

    async fn describe_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
        page: Option<String>,
    ) -> Result<Page<Connection>, Error> {
        Box::pin(self.own().describe_vpc_endpoint_connections(service, state, page)).await
    }

    async fn describe_vpc_endpoint_service_configurations(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<ServiceId>, Error> {
        Box::pin(self.own().describe_vpc_endpoint_service_configurations(service, page)).await
    }

    async fn describe_vpc_endpoint_service_permissions(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<String>, Error> {
        Box::pin(self.own().describe_vpc_endpoint_service_permissions(service, page)).await
    }

    async fn accept_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        Box::pin(self.own().accept_vpc_endpoint_connections(service, vpc_endpoints)).await
    }

    async fn reject_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        Box::pin(self.own().reject_vpc_endpoint_connections(service, vpc_endpoints)).await
    }

    async fn list_hosted_zones_by_vpc(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        region: &Region,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, PrivateHostedZone)>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.list_hosted_zones_by_vpc(vpc, region, page)).await
    }

    async fn get_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        vpc: &VpcId,
    ) -> Result<Association, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.get_hosted_zone(zone, vpc)).await
    }

    async fn hosted_zone_name(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<DnsName>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.hosted_zone_name(zone)).await
    }

    async fn list_profile_associations(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        page: Option<String>,
    ) -> Result<Page<ProfileId>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.list_profile_associations(vpc, page)).await
    }

    async fn list_profile_resource_associations(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, AccountId)>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.list_profile_resource_associations(profile, page)).await
    }

    async fn caller_reference(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<String>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.caller_reference(zone)).await
    }

    async fn zone_contents(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<ZoneContents>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.zone_contents(zone)).await
    }

    async fn delete_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        time: Duration,
    ) -> Result<(), Error> {
        Box::pin(self.delete_zone(account, zone, time)).await
    }

    async fn create_hosted_zone(
        &self,
        account: &AccountId,
        zone: &NewZone,
        time: Duration,
    ) -> Result<(), Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.create_hosted_zone(zone, time)).await
    }

    async fn list_resource_record_sets(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        start: &RecordSetsStart,
    ) -> Result<Option<Page<ListedRecordSet, RecordSetsStart>>, Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.list_resource_record_sets(zone, start)).await
    }

    async fn change_resource_record_sets(
        &self,
        account: &AccountId,
        key: &RecordKey,
        changes: &[Change],
        time: Duration,
    ) -> Result<(), Error> {
        let clients = Box::pin(self.of(account)).await?;
        Box::pin(clients.change_resource_record_sets(key, changes, time)).await
    }

    async fn describe_organization(&self) -> Result<OrganizationId, Error> {
        Box::pin(self.organization()).await
    }

    async fn list_parents(&self, child: &str, page: Option<String>) -> Result<Page<String>, Error> {
        Box::pin(self.parents(child, page)).await
    }

    async fn forget_organizations_role(&self) {
        self.forget_organizations().await;
    }

    async fn query(
        &self,
        partition: &Partition,
        sk: &str,
        order: Order,
        page: Option<String>,
    ) -> Result<Page<Row>, Error> {
        Box::pin(self.query_items(partition, sk, order, page)).await
    }

    async fn batch_get_item(&self, keys: &[Key]) -> Result<Batch, Error> {
        Box::pin(self.batch_get_items(keys)).await
    }

    async fn put_item(&self, key: &Key, item: &Item, condition: Condition) -> Result<(), Error> {
        Box::pin(self.put(key, item, condition)).await
    }

    async fn delete_item(&self, key: &Key, condition: Condition) -> Result<(), Error> {
        Box::pin(self.delete(key, condition)).await
    }

    async fn update_bucket(
        &self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
    ) -> Result<Option<Timestamp>, Error> {
        Box::pin(self.update_bucket_item(account, update, expires_at)).await
    }

    async fn update_run(&self, run: &str, update: &RunUpdate) -> Result<(), Error> {
        Box::pin(self.update_run_item(run, update)).await
    }

    async fn transact_write_items(&self, subject: &str, writes: &[Write]) -> Result<(), Error> {
        Box::pin(self.transact(subject, writes)).await
    }

    async fn send_message(&self, intent: &Intent, delay_seconds: i32) -> Result<(), Error> {
        Box::pin(self.send(intent, delay_seconds)).await
    }

    async fn change_message_visibility(&self, receipt_handle: &str, seconds: i32) -> Result<(), Error> {
        Box::pin(self.change_visibility(receipt_handle, seconds)).await
    }
}
