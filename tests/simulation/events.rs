//! Events in the form in which EventBridge and SNS deliver them: see tests/events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};
use shared::model::rate::Priority;
use shared::model::record::RecordKey;
use shared::trigger::event::{Action, Event};
use shared::trigger::intent::{Intent, Message};

use super::queue::Job;
use super::world::World;

/// One call on one endpoint, as CloudTrail records it.
pub(crate) struct Recorded<'a> {
    pub(crate) action: Action,
    pub(crate) account: &'a AccountId,
    pub(crate) service: Option<&'a ServiceId>,
    pub(crate) vpc_endpoint: &'a VpcEndpointId,
}

impl Recorded<'_> {
    fn words(&self) -> String {
        format!("event {} {}", self.action, self.vpc_endpoint)
    }

    /// As EventBridge delivers it.
    fn event(&self, world: &World) -> Value {
        let (action, region) = (self.action.to_string(), &world.policy.region);
        let service = self.service.map(|service| match self.action {
            Action::CreateVpcEndpoint => ("ServiceName", service.service_name(region)),
            _ => ("ServiceId", service.to_string()),
        });
        let mut request = json!({});
        if let Some((name, value)) = service {
            request[name] = value.into();
        }
        let id = self.vpc_endpoint.as_str();
        let response = if self.action == Action::CreateVpcEndpoint {
            json!({ "vpcEndpoint": { "vpcEndpointId": id, "state": "pendingAcceptance" } })
        } else {
            request["VpcEndpointId"] = json!({ "tag": 1, "content": id });
            json!({ "unsuccessful": "" })
        };
        let time = format!("{:.0}", world.timestamp());
        json!({
            "version": "0", "id": format!("event-{}", world.now), "source": "aws.ec2",
            "detail-type": "AWS API Call via CloudTrail", "account": self.account, "region": region,
            "time": time, "resources": [],
            "detail": {
                "eventSource": "ec2.amazonaws.com", "eventName": action, "eventTime": time,
                "eventID": format!("event at {}", world.now), "awsRegion": region,
                "recipientAccountId": self.account,
                "requestParameters": { (format!("{action}Request")): request },
                "responseElements": { (format!("{action}Response")): response },
            },
        })
    }

    /// For reconcile-records.
    pub(crate) fn message(&self, world: &World) -> Job {
        Job::Message { body: self.event(world).to_string(), run: None, words: self.words() }
    }

    /// For accept-connections.
    pub(crate) fn review(&self, world: &World) -> Job {
        let event = Event::from_eventbridge(&self.event(world)).unwrap();
        Job::Review { event: Box::new(event), words: self.words() }
    }
}

/// A change of one record by somebody else, as CloudTrail records it in us-east-1.
pub(crate) fn record_changed(world: &World, key: &RecordKey, account: &AccountId, by: &str) -> Job {
    let time = format!("{:.0}", world.timestamp());
    let change = json!({ "action": "UPSERT", "resourceRecordSet": { "name": key.name, "type": "A" } });
    let event = json!({
        "version": "0", "id": format!("event-{}", world.now), "source": "aws.route53",
        "detail-type": "AWS API Call via CloudTrail", "account": account, "region": "us-east-1",
        "time": time, "resources": [],
        "detail": {
            "eventSource": "route53.amazonaws.com", "eventName": "ChangeResourceRecordSets", "eventTime": time,
            "eventID": format!("event at {}", world.now), "awsRegion": "us-east-1",
            "recipientAccountId": account, "userIdentity": { "arn": by },
            "requestParameters": { "hostedZoneId": key.zone, "changeBatch": { "changes": [change] } },
        },
    });
    Job::Message { body: event.to_string(), run: None, words: format!("event of a change of {key}") }
}

/// What a worker is sent that is to look somewhere in an account: an event led there, and names nothing yet.
pub(crate) fn intent(account: AccountId, cause: &str) -> Intent {
    Intent {
        account,
        vpc_endpoints: BTreeSet::new(),
        vpcs: BTreeSet::new(),
        announced: false,
        reviewed: BTreeMap::new(),
        gone: None,
        message: None,
        attempt: 0,
        priority: Priority::Event,
        edit: None,
        cause: cause.into(),
        since: None,
        run: None,
    }
}

/// The message that sends a worker there.
pub(crate) fn told(intent: Intent) -> Job {
    let words = intent.to_string();
    Job::Message { body: serde_json::to_string(&Message::Reconcile(intent)).unwrap(), run: None, words }
}

/// A look at one VPC.
pub(crate) fn look(vpc: &VpcId, account: AccountId, cause: &str) -> Job {
    told(Intent { vpcs: [vpc.clone()].into(), ..intent(account, cause) })
}

/// An SNS connection notification, for accept-connections.
pub(crate) fn notification(world: &World, service: &ServiceId, vpc_endpoint: &VpcEndpointId) -> Job {
    let text = format!("{{\"VpcEndpointId\":\"{vpc_endpoint}\",\"ServiceId\":\"{service}\"}}");
    let id = format!("notification at {}", world.now);
    let event = Event::from_notification(&id, Some(world.timestamp()), &text);
    Job::Review { event: Box::new(event), words: format!("notification {vpc_endpoint}") }
}
