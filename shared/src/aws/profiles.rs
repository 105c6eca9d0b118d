//! Route 53 Profiles: which ones a VPC has, and which zones these bring.
//!
//! Hardly any VPC is looked at so, so that the client is made for the call.

use aws_sdk_route53profiles::Client;
use aws_sdk_route53profiles::types::ProfileStatus;

use super::call::failed;
use super::clients::AccountClients;
use crate::error::Error;
use crate::model::ids::{AccountId, HostedZoneId, InvalidId, ProfileId, VpcId};
use crate::model::listed::Page;

impl AccountClients {
    pub(super) async fn list_profile_associations(
        &self,
        vpc: &VpcId,
        page: Option<String>,
    ) -> Result<Page<ProfileId>, Error> {
        const OPERATION: &str = "route53profiles:ListProfileAssociations";
        let call = Client::new(self.sdk()).list_profile_associations();
        let call = call.resource_id(vpc.as_str()).set_next_token(page);
        let answer = call.send().await.map_err(failed(OPERATION, vpc))?;
        let mut items = Vec::new();
        for association in answer.profile_associations.unwrap_or_default() {
            if !is_at_work(association.status()) {
                continue;
            }
            match association.profile_id().unwrap_or_default().parse::<ProfileId>() {
                Ok(profile) => items.push(profile),
                Err(error) => tracing::warn!(%vpc, %error, "a Profile is left out"),
            }
        }
        Ok(Page { items, next: answer.next_token.filter(|token| !token.is_empty()) })
    }

    pub(super) async fn list_profile_resource_associations(
        &self,
        profile: &ProfileId,
        page: Option<String>,
    ) -> Result<Page<(HostedZoneId, AccountId)>, Error> {
        const OPERATION: &str = "route53profiles:ListProfileResourceAssociations";
        let call = Client::new(self.sdk()).list_profile_resource_associations();
        let call = call.profile_id(profile.as_str()).set_next_token(page);
        let answer = call.send().await.map_err(failed(OPERATION, profile))?;
        let mut items = Vec::new();
        for association in answer.profile_resource_associations.unwrap_or_default() {
            let arn = association.resource_arn().unwrap_or_default();
            let Some((_, zone)) = arn.split_once(":hostedzone/") else { continue };
            if !is_at_work(association.status()) {
                continue;
            }
            // Who puts a zone into a Profile owns it: a zone cannot be shared.
            let owner = association.owner_id().unwrap_or(self.account.as_str());
            let read = || Ok::<_, InvalidId>((zone.parse()?, owner.parse()?));
            match read() {
                Ok(zone) => items.push(zone),
                Err(error) => tracing::warn!(%profile, %error, "a Profile's zone is left out"),
            }
        }
        Ok(Page { items, next: answer.next_token.filter(|token| !token.is_empty()) })
    }
}

/// Whether an association has come and is not on its way out.
fn is_at_work(status: Option<&ProfileStatus>) -> bool {
    matches!(status, Some(ProfileStatus::Complete | ProfileStatus::Updating))
}
