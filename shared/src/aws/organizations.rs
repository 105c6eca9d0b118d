//! Organizations: which organization it is, and what stands above an account or a unit.
//!
//! It is read with the role that the configuration names, or with the worker's own credentials: AWS answers the
//! management account and delegated administrators only.

use super::call::failed;
use super::clients::Aws;
use crate::error::Error;
use crate::model::ids::OrganizationId;
use crate::model::listed::Page;

impl Aws {
    pub(super) async fn organization(&self) -> Result<OrganizationId, Error> {
        const OPERATION: &str = "organizations:DescribeOrganization";
        let answer = self.organizations().await?.describe_organization().send().await;
        let answer = answer.map_err(failed(OPERATION, &self.config.account))?;
        let id = answer.organization.and_then(|organization| organization.id).unwrap_or_default();
        id.parse().map_err(|error| Error::Unreadable {
            what: format!("the answer of {OPERATION}"),
            source: Box::new(error),
        })
    }

    pub(super) async fn parents(&self, child: &str, page: Option<String>) -> Result<Page<String>, Error> {
        let call = self.organizations().await?.list_parents().child_id(child).set_next_token(page);
        let answer = call.send().await.map_err(failed("organizations:ListParents", child))?;
        let items = answer.parents.unwrap_or_default().into_iter().filter_map(|parent| parent.id).collect();
        Ok(Page { items, next: answer.next_token.filter(|token| !token.is_empty()) })
    }
}
