//! Organizations: where the owners of connections stand in theirs.
//!
//! It is read with the role that the configuration names, or with the function's own credentials: AWS answers
//! the management account and delegated administrators only. A place that has been read is used for five
//! minutes, and only to allow: an account whose remembered place does not allow it is asked for anew, so that
//! nobody is held or rejected for what was so some minutes ago. Units never move, so that what is above one is
//! remembered along with its accounts.

use std::collections::{BTreeMap, HashMap};

use aws_config::SdkConfig;
use aws_sdk_ec2::config::SharedCredentialsProvider;
use aws_sdk_organizations::Client;
use jiff::{SignedDuration, Timestamp};

use super::call::failed;
use super::clients::{Aws, RENEW_BEFORE};
use super::throttles::CountThrottles;
use crate::error::{CallFailure, Error};
use crate::facts::Membership;
use crate::ids::{AccountId, OrganizationId};
use crate::policy::{OrganizationPath, Principal, ServiceDefinition};

/// For how long a place that was read may allow its account.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(5);

/// More than AWS allows units to be nested in one another.
const MOST_LEVELS: usize = 32;

/// With which codes Organizations says that an account is none of the organization's.
const NO_MEMBER: [&str; 1] = ["ChildNotFoundException"];

/// What is remembered from one review to the next.
#[derive(Debug, Default)]
pub(super) struct Organizations {
    client: Option<(Client, Timestamp)>,
    places: HashMap<AccountId, (OrganizationPath, Timestamp)>,
    /// What stands above a unit or an account.
    parents: HashMap<String, (String, Timestamp)>,
}

/// One reading of the organization: its id is asked for once, and only if an account has to be looked up.
struct Reading<'a> {
    remembered: &'a mut Organizations,
    organization: Option<OrganizationId>,
    /// Why nothing more can be read.
    over: Option<String>,
}

impl Aws {
    /// Where each of `owners` stands, or why that cannot be read. Where AWS refuses or does not answer, the
    /// others are not asked for: they would fare no better.
    pub(super) async fn memberships(
        &self,
        definition: &ServiceDefinition,
        owners: &[AccountId],
    ) -> BTreeMap<AccountId, Result<Membership, String>> {
        let mut remembered = self.organizations.lock().await;
        let now = self.now();
        remembered.places.retain(|_, (_, until)| *until > now);
        remembered.parents.retain(|_, (_, until)| *until > now);
        let mut reading = Reading { remembered: &mut remembered, organization: None, over: None };
        let mut memberships = BTreeMap::new();
        for owner in owners {
            let membership = match (reading.allowed_place(definition, owner), &reading.over) {
                (Some(membership), _) => Ok(membership),
                (None, Some(why)) => Err(why.clone()),
                (None, None) => {
                    self.membership(&mut reading, owner).await.map_err(|error| reading.failed(&error))
                }
            };
            memberships.insert(owner.clone(), membership);
        }
        memberships
    }

    async fn membership(&self, reading: &mut Reading<'_>, owner: &AccountId) -> Result<Membership, Error> {
        let client = self.organizations_client(reading.remembered).await?;
        let organization = match &reading.organization {
            Some(organization) => organization.clone(),
            None => reading.organization.insert(self.organization(&client).await?).clone(),
        };
        // Only what is above units may be remembered here: the account itself is asked for anew.
        reading.remembered.parents.remove(owner.as_str());
        reading.remembered.places.remove(owner);
        let (mut above, mut child) = (Vec::new(), owner.to_string());
        while !child.starts_with("r-") && above.len() < MOST_LEVELS {
            child = match self.parent(&client, reading.remembered, &child).await {
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
        let until = self.now() + REMEMBERED;
        reading.remembered.places.insert(owner.clone(), (place.clone(), until));
        Ok(Membership { organization, place: Some(place) })
    }

    async fn organization(&self, client: &Client) -> Result<OrganizationId, Error> {
        const OPERATION: &str = "organizations:DescribeOrganization";
        let answer = client.describe_organization().send().await;
        let answer = answer.map_err(failed(OPERATION, &self.config.account))?;
        let id = answer.organization.and_then(|organization| organization.id).unwrap_or_default();
        id.parse().map_err(|error| Error::Unreadable {
            what: format!("the answer of {OPERATION}"),
            source: Box::new(error),
        })
    }

    /// What stands right above an account or a unit.
    async fn parent(
        &self,
        client: &Client,
        remembered: &mut Organizations,
        child: &str,
    ) -> Result<String, Error> {
        if let Some((parent, _)) = remembered.parents.get(child) {
            return Ok(parent.clone());
        }
        let mut pages = client.list_parents().child_id(child).into_paginator().send();
        let mut parents = Vec::new();
        while let Some(page) = pages.next().await {
            parents.extend(page.map_err(failed(LIST_PARENTS, child))?.parents.unwrap_or_default());
        }
        let parent = parents.into_iter().find_map(|parent| parent.id).ok_or_else(|| Error::Unreadable {
            what: format!("the answer of {LIST_PARENTS} for {child}"),
            source: "it holds no parent".into(),
        })?;
        remembered.parents.insert(child.to_owned(), (parent.clone(), self.now() + REMEMBERED));
        Ok(parent)
    }

    async fn organizations_client(&self, remembered: &mut Organizations) -> Result<Client, Error> {
        let Some(role) = &self.config.organizations_role else { return Ok(self.client(self.sdk())) };
        if let Some((client, expires)) = &remembered.client
            && *expires > self.now() + RENEW_BEFORE
        {
            return Ok(client.clone());
        }
        let (credentials, expires) = self.assume(role.as_str()).await?;
        let provider = SharedCredentialsProvider::new(credentials);
        let sdk: SdkConfig = self.sdk().to_builder().credentials_provider(provider).build();
        let client = self.client(&sdk);
        remembered.client = Some((client.clone(), expires));
        Ok(client)
    }

    fn client(&self, sdk: &SdkConfig) -> Client {
        let count = CountThrottles::of("Organizations", &self.metrics);
        Client::from_conf(aws_sdk_organizations::config::Builder::from(sdk).interceptor(count).build())
    }
}

const LIST_PARENTS: &str = "organizations:ListParents";

impl Reading<'_> {
    /// The account's remembered place, if a rule allows it.
    fn allowed_place(&self, definition: &ServiceDefinition, owner: &AccountId) -> Option<Membership> {
        let (place, _) = self.remembered.places.get(owner)?;
        let covers = |principal: &&Principal| principal.covers(place);
        let organization = definition.allowed_principals.iter().find(covers)?.organization()?.clone();
        Some(Membership { organization, place: Some(place.clone()) })
    }

    /// Why a place could not be read, in words that stay the same from account to account.
    fn failed(&mut self, error: &Error) -> String {
        tracing::warn!(error = error.chain(), "where an account stands in its organization cannot be read");
        // The role may have been made anew since its session began.
        self.remembered.client = None;
        let why = error.call_and_code();
        if !matches!(error, Error::Call { kind: CallFailure::Refused, .. } | Error::Unreadable { .. }) {
            self.over = Some(why.clone());
        }
        why
    }
}
