//! The provider's side of the service: its configuration, its load balancers, what stands behind them.

use aws_sdk_ec2::types::Filter;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use shared::aws::{Session, failed};
use shared::error::Error;
use shared::model::ids::ServiceId;

use crate::observed::{Configuration, Listener, Target, TargetGroup};

/// The service as its owner sees it; none when there is no such service here.
pub(crate) async fn configuration(
    session: &Session,
    service: &ServiceId,
) -> Result<Option<Configuration>, Error> {
    let filter = Filter::builder().name("service-id").values(service.as_str()).build();
    let ec2 = aws_sdk_ec2::Client::new(session.sdk());
    let mut pages =
        ec2.describe_vpc_endpoint_service_configurations().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("ec2:DescribeVpcEndpointServiceConfigurations", service))?;
        let is_it =
            |one: &&aws_sdk_ec2::types::ServiceConfiguration| one.service_id() == Some(service.as_str());
        if let Some(found) = page.service_configurations().iter().find(is_it) {
            let ids = found.availability_zone_ids();
            return Ok(Some(Configuration {
                balancers: found.network_load_balancer_arns().to_vec(),
                zone_ids: (!ids.is_empty()).then(|| ids.iter().cloned().collect()),
            }));
        }
    }
    Ok(None)
}

/// The listeners of load balancers.
pub(crate) async fn listeners(session: &Session, balancers: &[String]) -> Result<Vec<Listener>, Error> {
    let client = Client::new(session.sdk());
    let mut listeners = Vec::new();
    for balancer in balancers {
        let mut pages = client.describe_listeners().load_balancer_arn(balancer).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("elasticloadbalancing:DescribeListeners", balancer))?;
            listeners.extend(page.listeners().iter().filter_map(|listener| {
                let port = u16::try_from(listener.port()?).ok()?;
                let protocol = listener.protocol().map_or("", |protocol| protocol.as_str()).to_owned();
                let action = listener.default_actions().first();
                let group = action.and_then(|action| action.target_group_arn()).map(ToOwned::to_owned);
                Some(Listener { protocol, port, group })
            }));
        }
    }
    Ok(listeners)
}

/// The target groups behind load balancers, with the health of their targets.
pub(crate) async fn target_groups(
    session: &Session,
    balancers: &[String],
) -> Result<Vec<TargetGroup>, Error> {
    let client = Client::new(session.sdk());
    let mut groups = Vec::new();
    for balancer in balancers {
        let mut pages = client.describe_target_groups().load_balancer_arn(balancer).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("elasticloadbalancing:DescribeTargetGroups", balancer))?;
            for group in page.target_groups() {
                let arn = group.target_group_arn().unwrap_or_default();
                let health = client.describe_target_health().target_group_arn(arn).send().await;
                let health = health.map_err(failed("elasticloadbalancing:DescribeTargetHealth", arn))?;
                groups.push(TargetGroup {
                    arn: arn.to_owned(),
                    name: group.target_group_name().unwrap_or(arn).to_owned(),
                    targets: health.target_health_descriptions().iter().map(target).collect(),
                });
            }
        }
    }
    Ok(groups)
}

fn target(one: &TargetHealthDescription) -> Target {
    let health = one.target_health();
    let state = health.and_then(|health| health.state());
    let reason = health.and_then(|health| health.reason());
    Target {
        id: one.target().and_then(|target| target.id()).unwrap_or("a target").to_owned(),
        state: state.map_or("", |state| state.as_str()).to_owned(),
        reason: reason.map_or("", |reason| reason.as_str()).to_owned(),
    }
}
