//! Organizations: where accounts stand in the one that there is, if there is one.

use std::collections::BTreeMap;

use shared::error::{CallFailure, Error};
use shared::model::ids::OrganizationId;

use super::errors::call_failed;

pub(crate) const DESCRIBE: &str = "organizations:DescribeOrganization";
pub(crate) const PARENTS: &str = "organizations:ListParents";

/// An organization, which the worker's own account may read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Organization {
    /// None while nothing has founded it.
    pub(crate) id: Option<OrganizationId>,
    /// What stands right above an account or a unit.
    pub(crate) parents: BTreeMap<String, String>,
}

impl Organization {
    /// `organizations:DescribeOrganization`.
    pub(crate) fn described(&self) -> Result<OrganizationId, Error> {
        let none = || refused(DESCRIBE, "", "AWSOrganizationsNotInUseException");
        self.id.clone().ok_or_else(none)
    }

    /// `organizations:ListParents`.
    pub(crate) fn parent(&self, child: &str) -> Result<String, Error> {
        let none = || refused(PARENTS, child, "ChildNotFoundException");
        self.parents.get(child).cloned().ok_or_else(none)
    }
}

fn refused(operation: &'static str, subject: &str, code: &str) -> Error {
    call_failed(operation, subject.to_owned(), code, None, CallFailure::Refused)
}
