//! The one deletion, with the right to it and to nothing else.
//!
//! IAM cannot bind `route53:DeleteHostedZone` to zones that zonelink made: the action has no condition key ([actions of
//! Route 53](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html)). So the call
//! is made in a session of its own, whose policy names the one zone. A mistake cannot reach another.

use std::time::Duration;

use serde_json::json;

use super::clients::Aws;
use crate::error::Error;
use crate::model::ids::{AccountId, HostedZoneId};

/// A deletion is not sent with less time than this left to it.
const LEAST_TIME: Duration = Duration::from_secs(3);

impl Aws {
    /// Deletes a zone. What the session takes is part of `time`. In the worker's own account, in which it makes no zone,
    /// it has no role to assume, and no right to delete any.
    pub(super) async fn delete_zone(
        &self,
        account: &AccountId,
        zone: &HostedZoneId,
        time: Duration,
    ) -> Result<(), Error> {
        if *account == self.config.account {
            return self.own().delete_hosted_zone(zone, time).await;
        }
        let began = self.clock();
        let clients =
            self.narrowed(account, session_policy(self.config.region.partition().id(), zone)).await?;
        let took = Duration::try_from(self.clock().duration_since(began)).unwrap_or_default();
        let left = time.saturating_sub(took);
        if left < LEAST_TIME {
            return Err(Error::OutOfTime {
                operation: "route53:DeleteHostedZone",
                subject: zone.to_string(),
            });
        }
        clients.delete_hosted_zone(zone, left).await
    }
}

/// The session policy that lets one zone be deleted.
fn session_policy(partition: &str, zone: &HostedZoneId) -> String {
    let statement = json!({
        "Effect": "Allow",
        "Action": "route53:DeleteHostedZone",
        "Resource": format!("arn:{partition}:route53:::hostedzone/{zone}"),
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_may_delete_one_zone_and_do_nothing_else() {
        let zone = "Z0123".parse().unwrap_or_else(|error| panic!("{error}"));
        let policy: serde_json::Value =
            serde_json::from_str(&session_policy("aws-cn", &zone)).unwrap_or_default();
        let expected = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": "route53:DeleteHostedZone",
            "Resource": "arn:aws-cn:route53:::hostedzone/Z0123",
        }]});
        assert_eq!(policy, expected);
    }
}
