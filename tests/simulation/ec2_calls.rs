//! What EC2 answers, and what accepting and rejecting connections does.

use std::collections::BTreeMap;

use shared::error::{CallFailure, Error};
use shared::model::facts::{Connection, VpcEndpointState};
use shared::model::ids::{AccountId, NetworkInterfaceId, ServiceId, VpcEndpointId};
use shared::model::listed::{EndpointFilter, ListedEndpoint, ListedInterface, Page, Shown};
use shared::model::policy::Disallowed;

use super::ec2::SeenEndpoint;
use super::errors::call_failed;
use super::observations::Observations;
use super::world::World;

impl World {
    /// What an answer shows of an account's endpoints.
    fn view(&mut self, account: Option<&AccountId>) -> BTreeMap<VpcEndpointId, SeenEndpoint> {
        let World { ec2, now, faults, random, .. } = self;
        let mut view = ec2.view(*now, faults.lag, random);
        view.retain(|_, seen| account.is_none_or(|account| seen.account == *account));
        view
    }

    pub(crate) fn describe_endpoints(
        &mut self,
        account: &AccountId,
        filter: &EndpointFilter,
        page: Option<&str>,
    ) -> Page<Shown> {
        let region = self.policy.region.clone();
        let view = self.view(Some(account));
        let listed = view.into_iter().map(|(id, seen)| seen.listed(id, &region));
        let fits = |listed: &ListedEndpoint| match filter {
            EndpointFilter::Ids(ids) => ids.contains(&listed.vpc_endpoint),
            EndpointFilter::Services(names) => names.contains(&listed.service_name),
            EndpointFilter::Vpcs(vpcs, names) => {
                vpcs.contains(&listed.vpc) && names.contains(&listed.service_name)
            }
        };
        let ours = listed.filter(fits);
        let ours = ours.map(|listed| (listed.vpc_endpoint.to_string(), Shown::Interface(listed)));
        let mut fitting: Vec<_> = ours.collect();
        if let EndpointFilter::Ids(ids) = filter {
            let others = ids.iter().filter(|id| self.ec2.is_of_other_type(account, id));
            fitting.extend(others.map(|id| (id.to_string(), Shown::OtherType(id.clone()))));
            fitting.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        self.page(fitting, page)
    }

    pub(crate) fn describe_endpoint(&mut self, account: &AccountId, id: &VpcEndpointId) -> Option<Shown> {
        let region = self.policy.region.clone();
        if self.ec2.is_of_other_type(account, id) {
            return Some(Shown::OtherType(id.clone()));
        }
        self.view(Some(account)).remove(id).map(|seen| Shown::Interface(seen.listed(id.clone(), &region)))
    }

    pub(crate) fn describe_interfaces(
        &mut self,
        account: &AccountId,
        ids: &[NetworkInterfaceId],
        page: Option<&str>,
        seen: &mut Observations,
    ) -> Page<ListedInterface> {
        let view = self.view(Some(account)).into_values().flat_map(|seen| seen.shape.interfaces);
        let shown: BTreeMap<_, _> = view.filter(|(id, _)| ids.contains(id)).collect();
        seen.see_interfaces(ids, &shown);
        self.page(shown.into_iter().map(|(id, facts)| (id.to_string(), (id, facts))).collect(), page)
    }

    pub(crate) fn connections(
        &mut self,
        service: &ServiceId,
        state: Option<&VpcEndpointState>,
        page: Option<&str>,
    ) -> Page<Connection> {
        let of_service = self.view(None).into_iter().filter(|(_, seen)| seen.service == *service);
        let connections = of_service.map(|(vpc_endpoint, seen)| Connection {
            vpc_endpoint,
            owner: seen.account,
            state: seen.shape.state,
            region: None,
        });
        let wanted = connections.filter(|connection| state.is_none_or(|state| connection.state == *state));
        let wanted = wanted.map(|connection| (connection.vpc_endpoint.to_string(), connection)).collect();
        let given = self.page(wanted, page);
        if state.is_none() {
            self.note_list(service, page, &given);
        }
        given
    }

    /// Whether a service exists, whatever its definition has become.
    fn exists(&self, service: &ServiceId) -> bool {
        self.defined.services.contains_key(service)
    }

    /// `ec2:DescribeVpcEndpointServiceConfigurations`, filtered by an id.
    pub(crate) fn service_configurations(
        &mut self,
        service: &ServiceId,
        page: Option<&str>,
    ) -> Page<ServiceId> {
        let found = self.exists(service).then(|| (service.to_string(), service.clone()));
        self.page(found.into_iter().collect(), page)
    }

    /// `ec2:DescribeVpcEndpointServicePermissions`.
    pub(crate) fn service_permissions(&mut self, service: &ServiceId, page: Option<&str>) -> Page<String> {
        let given = self.ec2.permissions.get(service).cloned().unwrap_or_default();
        self.page(given.into_iter().map(|principal| (principal.clone(), principal)).collect(), page)
    }

    /// What a decision on connections needs first.
    fn check_service(&self, operation: &'static str, service: &ServiceId) -> Result<(), Error> {
        if self.exists(service) {
            return Ok(());
        }
        let code = "InvalidVpcEndpointServiceId.NotFound";
        Err(call_failed(operation, service.to_string(), code, None, CallFailure::Refused))
    }

    /// `ec2:AcceptVpcEndpointConnections`; gives those that could not be accepted.
    pub(crate) fn accept(
        &mut self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        self.check_service("ec2:AcceptVpcEndpointConnections", service)?;
        let mut unsuccessful = Vec::new();
        for id in vpc_endpoints {
            let found = self.ec2.endpoints.get(id).filter(|endpoint| endpoint.service == *service);
            let owner = found.map(|endpoint| endpoint.account.clone());
            let waits = found
                .and_then(|endpoint| endpoint.shape())
                .is_some_and(|shape| shape.state == VpcEndpointState::PendingAcceptance);
            let definition = self.defined.services.get(service);
            // One that was lost since the plan was made says nothing of it.
            let allowed = owner.is_some_and(|owner| definition.is_none_or(|d| d.allows(&owner).is_some()));
            if !allowed {
                self.violation(format!("a stranger's {id} is accepted"));
            }
            if waits {
                self.tally.count("connections accepted");
                self.accepted(id);
            } else {
                unsuccessful.push(format!("{id} does not wait for acceptance"));
            }
        }
        Ok(unsuccessful)
    }

    /// `ec2:RejectVpcEndpointConnections`; gives those that could not be rejected.
    pub(crate) fn reject_connections(
        &mut self,
        service: &ServiceId,
        vpc_endpoints: &[VpcEndpointId],
    ) -> Result<Vec<String>, Error> {
        self.check_service("ec2:RejectVpcEndpointConnections", service)?;
        let mut unsuccessful = Vec::new();
        for id in vpc_endpoints {
            let found = self.ec2.endpoints.get(id).filter(|endpoint| endpoint.service == *service);
            let state = found.and_then(|endpoint| endpoint.shape()).map(|shape| shape.state.clone());
            let definition = self.policy.services.get(service);
            // One that was lost since the plan was made says nothing of it.
            let rejects = definition.is_none_or(|d| d.disallowed == Disallowed::Reject);
            let allowed =
                found.is_some_and(|found| definition.is_some_and(|d| d.allows(&found.account).is_some()));
            if allowed || !rejects {
                self.violation(format!("{id} is rejected, though its owner may connect or is to be left"));
            }
            let lives =
                [VpcEndpointState::PendingAcceptance, VpcEndpointState::Pending, VpcEndpointState::Available];
            if state.is_some_and(|state| lives.contains(&state)) {
                self.tally.count("connections rejected");
                self.rejected(id);
            } else {
                unsuccessful.push(format!("{id} has no connection to be rejected"));
            }
        }
        Ok(unsuccessful)
    }
}
