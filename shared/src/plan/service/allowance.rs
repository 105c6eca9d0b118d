//! Whether an account may connect, by which rule, and when nobody knows.
//!
//! ```text
//! rule                      read                                 the account is
//! account id                nothing                              Allowed when it is that account
//! service-permissions       the service's permissions            Allowed when they name the account
//! o-…, o-…/r-…/ou-…/        its place in the organization asked   Allowed when the rule covers it
//! o-…, …                    it is in another organization        not matched: an account has one at most
//! o-… of another            it is in none that was asked         Unknown
//!   organization
//! connected                 the connection's state               Allowed when AWS has connected it
//! any of these              could not be read                    Unknown
//! ```
//!
//! One rule that matches is enough, whatever else could not be read. Without one, a rule of which nobody knows
//! makes the whole Unknown.

use crate::model::facts::{AllowListFacts, Membership};
use crate::model::ids::AccountId;
use crate::model::policy::{Principal, ServiceDefinition};

/// Whether an account may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Allowance {
    /// It may, by this rule.
    Allowed(String),
    /// No rule matches it.
    NotAllowed,
    /// A rule that might match it could not be read, and why.
    Unknown(String),
}

/// What a definition says of an account, with what was read for it. `connected` tells whether AWS has connected it
/// already.
pub(in crate::plan) fn allowance(
    definition: &ServiceDefinition,
    read: &AllowListFacts,
    owner: &AccountId,
    connected: bool,
) -> Allowance {
    let mut unknown = None;
    for principal in &definition.allowed_principals {
        match by_rule(principal, read, owner, connected) {
            Allowance::NotAllowed => {}
            Allowance::Unknown(why) => _ = unknown.get_or_insert(why),
            allowed @ Allowance::Allowed(_) => return allowed,
        }
    }
    unknown.map_or(Allowance::NotAllowed, Allowance::Unknown)
}

fn by_rule(principal: &Principal, read: &AllowListFacts, owner: &AccountId, connected: bool) -> Allowance {
    let matched = match principal {
        Principal::Account(account) => account == owner,
        Principal::Connected => connected,
        Principal::ServicePermissions => return by_permissions(read, owner),
        Principal::Organization(_) | Principal::OrganizationalUnit(_) => match read.memberships.get(owner) {
            Some(Ok(membership)) => return by_membership(principal, membership),
            Some(Err(why)) => return Allowance::Unknown(why.clone()),
            None => return Allowance::Unknown("Organizations was not asked".into()),
        },
    };
    if matched { Allowance::Allowed(principal.to_string()) } else { Allowance::NotAllowed }
}

fn by_permissions(read: &AllowListFacts, owner: &AccountId) -> Allowance {
    match &read.permissions {
        Some(Ok(permitted)) => {
            let rule =
                permitted.iter().find(|principal| permitted_account(principal).as_ref() == Some(owner));
            rule.map_or(Allowance::NotAllowed, |principal| {
                Allowance::Allowed(format!("{}: {principal}", Principal::ServicePermissions))
            })
        }
        Some(Err(why)) => Allowance::Unknown(why.clone()),
        None => Allowance::Unknown("the service's permissions were not read".into()),
    }
}

fn by_membership(principal: &Principal, membership: &Membership) -> Allowance {
    let asked = &membership.organization;
    match &membership.place {
        Some(place) if principal.covers(place) => Allowance::Allowed(principal.to_string()),
        Some(_) => Allowance::NotAllowed,
        None if principal.organization() == Some(asked) => Allowance::NotAllowed,
        None => Allowance::Unknown(format!("the credentials at hand are of {asked}, not of {principal}")),
    }
}

/// The account that one of the service's permissions stands for. What stands for more or for less, or is of a
/// kind that nobody here knows, stands for none.
fn permitted_account(principal: &str) -> Option<AccountId> {
    match principal.parse() {
        Ok(Principal::Account(account)) => Some(account),
        _ => None,
    }
}

/// The service's permissions that match nobody here: everybody, users, roles, and kinds that are not known.
pub(super) fn uncheckable(read: &AllowListFacts) -> Vec<String> {
    let permitted = read.permissions.iter().flatten().flatten();
    permitted.filter(|principal| permitted_account(principal).is_none()).cloned().collect()
}

/// Whether no rule can match anybody, or the permissions that are mirrored name no account: sooner a mistake
/// than an order to reject everybody.
pub(super) fn is_empty(definition: &ServiceDefinition, read: &AllowListFacts) -> bool {
    let mut permitted = read.permissions.iter().flatten();
    definition.allowed_principals.is_empty()
        || permitted.any(|permitted| permitted.iter().all(|principal| permitted_account(principal).is_none()))
}
