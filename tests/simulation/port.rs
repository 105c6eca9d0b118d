//! The port itself: what each call asks of the world.

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::cloud::{Batch, Cloud, Order, Row};
use shared::error::Error;
use shared::model::consent::Consent;
use shared::model::dns::DnsName;
use shared::model::facts::{Association, Connection, PrivateHostedZone, VpcEndpointState};
use shared::model::ids::{
    AccountId, HostedZoneId, NetworkInterfaceId, OrganizationId, ProfileId, Region, ServiceId, VpcEndpointId,
    VpcId,
};
use shared::model::listed::{EndpointFilter, ListedInterface, ListedRecordSet, Page, RecordSetsStart, Shown};
use shared::model::record::{Change, RecordKey};
use shared::model::table::{BucketUpdate, Condition, Item, Key, Partition, RunUpdate, Write};
use shared::model::zone_claim::{NewZone, ZoneContents};
use shared::trigger::intent::Intent;

use super::calls::{Kind, Reached};
use super::cloud::SimulatedCloud;
use super::errors::condition_failed;
use super::organization;
use super::profiles;
use super::route53;
use super::setting::OWN;
use super::table_calls::{is_upkeep, shown};
use super::unneeded::DELETE_ZONE;
use super::world::World;

impl Cloud for SimulatedCloud {
    fn now(&self) -> Timestamp {
        // The world counts milliseconds. Real clocks count nanoseconds, and no two of them ever say the same: workers are
        // farther apart here than the VPCs of one plan.
        let worker = i64::try_from(self.worker).unwrap_or_default();
        let skew = SignedDuration::from_millis(self.skew) + SignedDuration::from_micros(100 * worker);
        self.world.borrow().timestamp() + skew
    }

    async fn reached(&self, moment: Timestamp) {
        Reached::new(Rc::clone(&self.calls), self.worker, moment.as_millisecond() - self.skew).await;
    }

    async fn assume_role(&self, account: &AccountId) -> Result<(), Error> {
        if account.as_str() == OWN { Ok(()) } else { self.assume(account).await }
    }

    async fn forget_role(&self, account: &AccountId) {
        self.assumed.borrow_mut().remove(account);
    }

    async fn assume_guest_role(
        &self,
        zone_account: &AccountId,
        vpc_account: &AccountId,
    ) -> Result<Consent, Error> {
        self.consent(zone_account, vpc_account).await
    }

    async fn describe_vpc_endpoints(
        &self,
        account: &AccountId,
        filter: &EndpointFilter,
        page: Option<String>,
    ) -> Result<Page<Shown>, Error> {
        let (seen, of, filter) = (self.seen(), account.clone(), filter.clone());
        let effect = move |world: &mut World| {
            let found = world.describe_endpoints(&of, &filter, page.as_deref());
            seen.borrow_mut().see_endpoints(&found.items);
            Ok(found)
        };
        self.call(Some(account), "ec2:DescribeVpcEndpoints", account.to_string(), Kind::Read, effect).await
    }

    async fn describe_vpc_endpoint(
        &self,
        account: &AccountId,
        id: &VpcEndpointId,
    ) -> Result<Option<Shown>, Error> {
        let (seen, of, named) = (self.seen(), account.clone(), id.clone());
        let effect = move |world: &mut World| {
            let found = world.describe_endpoint(&of, &named);
            seen.borrow_mut().see_endpoint(&named, found.as_ref());
            Ok(found)
        };
        self.call(Some(account), "ec2:DescribeVpcEndpoints", id.to_string(), Kind::Read, effect).await
    }

    async fn describe_network_interfaces(
        &self,
        account: &AccountId,
        ids: &[NetworkInterfaceId],
        page: Option<String>,
    ) -> Result<Page<ListedInterface>, Error> {
        let (seen, of, ids) = (self.seen(), account.clone(), ids.to_vec());
        let effect = move |world: &mut World| {
            Ok(world.describe_interfaces(&of, &ids, page.as_deref(), &mut seen.borrow_mut()))
        };
        let operation = "ec2:DescribeNetworkInterfaces";
        self.call(Some(account), operation, account.to_string(), Kind::Read, effect).await
    }

    async fn describe_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
        page: Option<String>,
    ) -> Result<Page<Connection>, Error> {
        let (of, state) = (service.clone(), state.cloned());
        let effect = move |world: &mut World| Ok(world.connections(&of, state.as_ref(), page.as_deref()));
        let operation = "ec2:DescribeVpcEndpointConnections";
        self.call(None, operation, service.to_string(), Kind::Read, effect).await
    }

    async fn describe_vpc_endpoint_service_configurations(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<ServiceId>, Error> {
        let of = service.clone();
        let effect = move |world: &mut World| Ok(world.service_configurations(&of, page.as_deref()));
        let operation = "ec2:DescribeVpcEndpointServiceConfigurations";
        self.call(None, operation, service.to_string(), Kind::Read, effect).await
    }

    async fn describe_vpc_endpoint_service_permissions(
        &self,
        service: &ServiceId,
        page: Option<String>,
    ) -> Result<Page<String>, Error> {
        let of = service.clone();
        let effect = move |world: &mut World| Ok(world.service_permissions(&of, page.as_deref()));
        let operation = "ec2:DescribeVpcEndpointServicePermissions";
        self.call(None, operation, service.to_string(), Kind::Read, effect).await
    }

    async fn accept_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        let (of, named) = (service.clone(), vpc_endpoints.to_vec());
        let effect = move |world: &mut World| world.accept(&of, &named);
        let subject = format!("{service} {vpc_endpoints:?}");
        self.call(None, "ec2:AcceptVpcEndpointConnections", subject, Kind::Write, effect).await
    }

    async fn reject_vpc_endpoint_connections(
        &self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        let (of, named) = (service.clone(), vpc_endpoints.to_vec());
        let effect = move |world: &mut World| world.reject_connections(&of, &named);
        let subject = format!("{service} {vpc_endpoints:?}");
        self.call(None, "ec2:RejectVpcEndpointConnections", subject, Kind::Write, effect).await
    }

    async fn list_hosted_zones_by_vpc(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        region: &Region,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, PrivateHostedZone)>, Error> {
        const OPERATION: &str = "route53:ListHostedZonesByVPC";
        let (seen, of, account_of, region) = (self.seen(), vpc.clone(), account.clone(), region.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &of, page.is_none(), &seen);
            let found = world.zones_of_vpc(&account_of, &of, &region, page.as_deref());
            seen.borrow_mut().see_zones(&of, &found.items, page.is_none());
            Ok(found)
        };
        self.call(Some(account), OPERATION, vpc.to_string(), Kind::Read, effect).await
    }

    async fn get_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        vpc: &VpcId,
    ) -> Result<Association, Error> {
        const OPERATION: &str = "route53:GetHostedZone";
        let (seen, of, vpc, account_of) = (self.seen(), zone.clone(), vpc.clone(), account.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &of, true, &seen);
            Ok(world.association(&of, &vpc, &mut seen.borrow_mut()))
        };
        self.call(Some(account), OPERATION, zone.to_string(), Kind::Read, effect).await
    }

    async fn hosted_zone_name(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<DnsName>, Error> {
        const OPERATION: &str = "route53:GetHostedZone";
        let (seen, of, account_of) = (self.seen(), zone.clone(), account.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &of, true, &seen);
            Ok(world.zone_name(&account_of, &of))
        };
        self.call(Some(account), OPERATION, zone.to_string(), Kind::Read, effect).await
    }

    async fn list_profile_associations(
        &self,
        account: &AccountId,
        vpc: &VpcId,
        page: Option<String>,
    ) -> Result<Page<ProfileId>, Error> {
        let (seen, account_of, of) = (self.seen(), account.clone(), vpc.clone());
        let effect =
            move |world: &mut World| Ok(world.profiles_of(&account_of, &of, page.as_deref(), &seen.borrow()));
        self.call(Some(account), profiles::OF_VPC, vpc.to_string(), Kind::Read, effect).await
    }

    async fn list_profile_resource_associations(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, AccountId)>, Error> {
        let of = profile.clone();
        let effect = move |world: &mut World| Ok(world.zones_of_profile(&of, page.as_deref()));
        self.call(Some(account), profiles::RESOURCES, profile.to_string(), Kind::Read, effect).await
    }

    async fn caller_reference(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<String>, Error> {
        const OPERATION: &str = "route53:GetHostedZone";
        let (seen, of, account_of) = (self.seen(), zone.clone(), account.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &of, true, &seen);
            Ok(world.route53.zones.get(&of).map(|zone| zone.caller_reference.clone()))
        };
        self.call(Some(account), OPERATION, zone.to_string(), Kind::Read, effect).await
    }

    async fn zone_contents(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
    ) -> Result<Option<ZoneContents>, Error> {
        const OPERATION: &str = "route53:GetHostedZone";
        let (seen, of, account_of) = (self.seen(), zone.clone(), account.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &of, true, &seen);
            Ok(world.zone_contents(&of, &mut seen.borrow_mut()))
        };
        self.call(Some(account), OPERATION, zone.to_string(), Kind::Read, effect).await
    }

    async fn delete_hosted_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        time: Duration,
    ) -> Result<(), Error> {
        let ends_at = self.world.borrow().now + i64::try_from(time.as_millis()).unwrap_or_default();
        let (seen, of, account_of) = (self.seen(), zone.clone(), account.clone());
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, DELETE_ZONE, &of, true, &seen);
            world.delete_zone(&of, &mut seen.borrow_mut())
        };
        self.call(Some(account), DELETE_ZONE, zone.to_string(), Kind::Change { ends_at }, effect).await
    }

    async fn create_hosted_zone(
        &self,
        account: &AccountId,
        zone: &NewZone,
        time: Duration,
    ) -> Result<(), Error> {
        const OPERATION: &str = "route53:CreateHostedZone";
        let ends_at = self.world.borrow().now + i64::try_from(time.as_millis()).unwrap_or_default();
        let (seen, new, account_of) = (self.seen(), zone.clone(), account.clone());
        let subject = format!("{} of {}", zone.domain, zone.vpc);
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &new.domain, true, &seen);
            world.create_zone(&account_of, &new, &seen.borrow())
        };
        self.call(Some(account), OPERATION, subject, Kind::Change { ends_at }, effect).await
    }

    async fn list_resource_record_sets(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        start: &RecordSetsStart,
    ) -> Result<Option<Page<ListedRecordSet, RecordSetsStart>>, Error> {
        const OPERATION: &str = "route53:ListResourceRecordSets";
        let subject = format!("{zone}/{}", start.name);
        let (seen, of, start, account_of) = (self.seen(), zone.clone(), start.clone(), account.clone());
        let effect = move |world: &mut World| {
            let name = format!("{of}/{}", start.name);
            world.uses_quota(&account_of, OPERATION, &name, start.record_type.is_none(), &seen);
            Ok(world.record_sets(&of, &start, &mut seen.borrow_mut()))
        };
        self.call(Some(account), OPERATION, subject, Kind::Read, effect).await
    }

    async fn change_resource_record_sets(
        &self,
        account: &AccountId,
        key: &RecordKey,
        changes: &[Change],
        time: Duration,
    ) -> Result<(), Error> {
        const OPERATION: &str = "route53:ChangeResourceRecordSets";
        let seen = self.seen();
        let batch = route53::Batch {
            key: key.clone(),
            changes: changes.to_vec(),
            observed_at: seen.borrow().seen_at(key),
            announced: seen.borrow().announced(key).cloned(),
        };
        seen.borrow_mut().may_be_made(key, true);
        let ends_at = self.world.borrow().now + i64::try_from(time.as_millis()).unwrap_or_default();
        let account_of = account.clone();
        let effect = move |world: &mut World| {
            world.uses_quota(&account_of, OPERATION, &batch.key, true, &seen);
            world.change(&batch, &mut seen.borrow_mut())
        };
        self.call(Some(account), OPERATION, key.to_string(), Kind::Change { ends_at }, effect).await
    }

    async fn describe_organization(&self) -> Result<OrganizationId, Error> {
        let effect = |world: &mut World| world.organization.described();
        self.call(None, organization::DESCRIBE, String::new(), Kind::Read, effect).await
    }

    async fn list_parents(&self, child: &str, page: Option<String>) -> Result<Page<String>, Error> {
        let of = child.to_owned();
        let effect = move |world: &mut World| {
            let parent = world.organization.parent(&of)?;
            Ok(world.page(vec![(parent.clone(), parent)], page.as_deref()))
        };
        self.call(None, organization::PARENTS, child.to_owned(), Kind::Read, effect).await
    }

    async fn forget_organizations_role(&self) {}

    async fn query(
        &self,
        partition: &Partition,
        sk: &str,
        order: Order,
        page: Option<String>,
    ) -> Result<Page<Row>, Error> {
        let (seen, pk, begins) = (self.seen(), partition.pk(), sk.to_owned());
        let subject = format!("{pk} {sk}");
        let effect = move |world: &mut World| {
            Ok(world.query(&pk, &begins, order, page.as_deref(), &mut seen.borrow_mut()))
        };
        self.call(None, "dynamodb:Query", subject, Kind::Read, effect).await
    }

    async fn batch_get_item(&self, keys: &[Key]) -> Result<Batch, Error> {
        let (seen, keys) = (self.seen(), keys.to_vec());
        let subject = keys.first().map(|key| format!("{} {}…", key.partition.pk(), key.sk));
        let effect = move |world: &mut World| Ok(world.batch_get(&keys, &mut seen.borrow_mut()));
        self.call(None, "dynamodb:BatchGetItem", subject.unwrap_or_default(), Kind::Read, effect).await
    }

    async fn put_item(&self, key: &Key, item: &Item, condition: Condition) -> Result<(), Error> {
        let kind = if is_upkeep(key, Some(item)) { Kind::Upkeep } else { Kind::Write };
        let write = Write::Put(key.clone(), item.clone(), condition);
        self.put("dynamodb:PutItem", shown(&write), kind, vec![write]).await
    }

    async fn delete_item(&self, key: &Key, condition: Condition) -> Result<(), Error> {
        let leftover =
            matches!(key.partition, Partition::Waits(_)) && self.world.borrow().table.get(key).is_some();
        let kind = if leftover || is_upkeep(key, None) { Kind::Upkeep } else { Kind::Write };
        let write = Write::Delete(key.clone(), condition);
        self.put("dynamodb:DeleteItem", shown(&write), kind, vec![write]).await
    }

    async fn update_bucket(
        &self,
        account: &AccountId,
        update: BucketUpdate,
        expires_at: i64,
    ) -> Result<Option<Timestamp>, Error> {
        let (seen, of) = (self.seen(), account.clone());
        let effect = move |world: &mut World| {
            let updated = world.update_bucket(&of, update, expires_at, &mut seen.borrow_mut());
            updated.map_err(|_| condition_failed("dynamodb:UpdateItem", of.to_string()))
        };
        let subject = format!("bucket of {account} {update:?}");
        self.write("dynamodb:UpdateItem", subject, Kind::Upkeep, effect).await
    }

    async fn update_run(&self, run: &str, update: &RunUpdate) -> Result<(), Error> {
        let (seen, of, written) = (self.seen(), run.to_owned(), update.clone());
        let effect = move |world: &mut World| {
            let updated = world.update_run(&of, &written, &mut seen.borrow_mut());
            updated.map_err(|_| condition_failed("dynamodb:UpdateItem", of.clone()))
        };
        let kind = if *update == RunUpdate::UncountRemoval { Kind::Once } else { Kind::Upkeep };
        self.write("dynamodb:UpdateItem", format!("run {run} {update:?}"), kind, effect).await
    }

    async fn transact_write_items(&self, subject: &str, writes: &[Write]) -> Result<(), Error> {
        let shown: Vec<_> = writes.iter().map(shown).collect();
        let subject = format!("{subject}: {}", shown.join(", "));
        self.put("dynamodb:TransactWriteItems", subject, Kind::Transaction, writes.to_vec()).await
    }

    async fn send_message(&self, intent: &Intent, delay_seconds: i32) -> Result<(), Error> {
        let (subject, sent) = (format!("{intent} in {delay_seconds} s"), intent.clone());
        let effect = move |world: &mut World| {
            world.send_message(&sent, delay_seconds);
            Ok(())
        };
        self.call(None, "sqs:SendMessage", subject, Kind::Upkeep, effect).await
    }

    async fn change_message_visibility(&self, receipt_handle: &str, seconds: i32) -> Result<(), Error> {
        let (subject, number) = (format!("{receipt_handle} in {seconds} s"), receipt_handle.parse::<u64>());
        let effect = move |world: &mut World| {
            let at = world.now + i64::from(seconds) * 1_000;
            if let Ok(number) = number {
                world.queue.comes_back(number, at);
            }
            Ok(())
        };
        self.call(None, "sqs:ChangeMessageVisibility", subject, Kind::Upkeep, effect).await
    }
}
