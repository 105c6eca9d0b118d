//! Organizations: where the owners of connections stand in theirs.
//!
//! AWS answers the management account and delegated administrators only. A place that has been read is used for
//! five minutes, and only to allow: an account whose remembered place does not allow it is asked for anew, so that
//! nobody is held or rejected for what was so some minutes ago. Units never move, so that what is above one is
//! remembered along with its accounts.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::pages::all;
use crate::cloud::Cloud;
use crate::error::{CallFailure, Error};
use crate::model::facts::Membership;
use crate::model::ids::{AccountId, OrganizationId};
use crate::model::organization::Memory;
use crate::model::policy::{OrganizationPath, Principal, ServiceDefinition};
use crate::worker::Worker;

/// For how long a place that was read may allow its account.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(5);

/// More than AWS allows units to be nested in one another.
const MOST_LEVELS: usize = 32;

/// With which codes Organizations says that an account is none of the organization's.
const NO_MEMBER: [&str; 1] = ["ChildNotFoundException"];

const LIST_PARENTS: &str = "organizations:ListParents";

/// One reading of the organization: its id is asked for once, and only if an account has to be looked up.
struct Reading<'a, C> {
    worker: &'a Worker<C>,
    memory: Memory,
    organization: Option<OrganizationId>,
    /// Why nothing more can be read.
    over: Option<String>,
}

impl<C: Cloud> Worker<C> {
    /// Where each of `owners` stands, or why that cannot be read. Where AWS refuses or does not answer, the
    /// others are not asked for: they would fare no better.
    pub(super) async fn memberships(
        &self,
        definition: &ServiceDefinition,
        owners: &[AccountId],
    ) -> BTreeMap<AccountId, Result<Membership, String>> {
        let memory = self.organizations.at(self.now());
        let mut reading = Reading { worker: self, memory, organization: None, over: None };
        let mut memberships = BTreeMap::new();
        for owner in owners {
            let membership = match (reading.allowed_place(definition, owner), &reading.over) {
                (Some(membership), _) => Ok(membership),
                (None, Some(why)) => Err(why.clone()),
                (None, None) => match reading.membership(owner).await {
                    Ok(membership) => Ok(membership),
                    Err(error) => Err(reading.failed(&error).await),
                },
            };
            memberships.insert(owner.clone(), membership);
        }
        self.organizations.keep(reading.memory);
        memberships
    }
}

impl<C: Cloud> Reading<'_, C> {
    async fn membership(&mut self, owner: &AccountId) -> Result<Membership, Error> {
        let organization = match &self.organization {
            Some(organization) => organization.clone(),
            None => self.organization.insert(self.worker.cloud.describe_organization().await?).clone(),
        };
        // Only what is above units may be remembered here: the account itself is asked for anew.
        self.memory.parents.remove(owner.as_str());
        self.memory.places.remove(owner);
        let (mut above, mut child) = (Vec::new(), owner.to_string());
        while !child.starts_with("r-") && above.len() < MOST_LEVELS {
            child = match self.parent(&child).await {
                Err(error) if above.is_empty() && error.has_code(&NO_MEMBER) => {
                    return Ok(Membership { organization, place: None });
                }
                parent => parent?,
            };
            above.push(child.clone());
        }
        let root = above.pop().unwrap_or_default();
        above.reverse();
        let place =
            OrganizationPath::new(organization.clone(), root, above).ok_or_else(|| Error::Unreadable {
                what: format!("the answers of {LIST_PARENTS} for {owner}"),
                source: "they lead to no root".into(),
            })?;
        let until = self.worker.now() + REMEMBERED;
        self.memory.places.insert(owner.clone(), (place.clone(), until));
        Ok(Membership { organization, place: Some(place) })
    }

    /// What stands right above an account or a unit.
    async fn parent(&mut self, child: &str) -> Result<String, Error> {
        if let Some((parent, _)) = self.memory.parents.get(child) {
            return Ok(parent.clone());
        }
        let cloud = &self.worker.cloud;
        let parents = all(LIST_PARENTS, child, async |page| cloud.list_parents(child, page).await).await?;
        let parent = parents.into_iter().next().ok_or_else(|| Error::Unreadable {
            what: format!("the answer of {LIST_PARENTS} for {child}"),
            source: "it holds no parent".into(),
        })?;
        let until = self.worker.now() + REMEMBERED;
        self.memory.parents.insert(child.to_owned(), (parent.clone(), until));
        Ok(parent)
    }

    /// The account's remembered place, if a rule allows it.
    fn allowed_place(&self, definition: &ServiceDefinition, owner: &AccountId) -> Option<Membership> {
        let (place, _) = self.memory.places.get(owner)?;
        let covers = |principal: &&Principal| principal.covers(place);
        let organization = definition.allowed_principals.iter().find(covers)?.organization()?.clone();
        Some(Membership { organization, place: Some(place.clone()) })
    }

    /// Why a place could not be read, in words that stay the same from account to account.
    async fn failed(&mut self, error: &Error) -> String {
        tracing::warn!(error = error.chain(), "where an account stands in its organization cannot be read");
        // The role may have been made anew since its session began.
        self.worker.cloud.forget_organizations_role().await;
        let why = error.call_and_code();
        if !matches!(error, Error::Call { kind: CallFailure::Refused, .. } | Error::Unreadable { .. }) {
            self.over = Some(why.clone());
        }
        why
    }
}
