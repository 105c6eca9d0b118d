//! Who may connect: the rules of an allow list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::invalid::InvalidPolicy;
use crate::model::ids::{AccountId, OrganizationId};

/// Who may connect.
///
/// `DescribeVpcEndpointConnections` names only the account that owns an endpoint. A rule for a user or a
/// role could therefore not be checked, and would silently let in the whole account; `*` would let in
/// everybody. Both are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Principal {
    /// An account, given by its id or its root ARN.
    Account(AccountId),
    /// Every account of an organization.
    Organization(OrganizationId),
    /// Every account of an organizational unit and of all units below it.
    OrganizationalUnit(OrganizationPath),
    /// `service-permissions`: the accounts that the endpoint service's own permissions name.
    ServicePermissions,
    /// `connected`: whoever AWS has connected, for services that need no acceptance. By this rule nobody is accepted.
    Connected,
}

/// How a definition writes [`Principal::ServicePermissions`].
const SERVICE_PERMISSIONS: &str = "service-permissions";
/// How a definition writes [`Principal::Connected`].
const CONNECTED: &str = "connected";

impl Principal {
    /// Whether only AWS can tell whom it covers: the definition alone does not.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        !matches!(self, Principal::Account(_))
    }

    /// The account, of a rule that is of one.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Principal::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The organization that has to be asked whom it covers.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationId> {
        match self {
            Principal::Organization(organization) => Some(organization),
            Principal::OrganizationalUnit(unit) => Some(&unit.organization),
            Principal::Account(_) | Principal::ServicePermissions | Principal::Connected => None,
        }
    }

    /// Whether it covers an account that stands here in its organization.
    #[must_use]
    pub fn covers(&self, place: &OrganizationPath) -> bool {
        match self {
            Principal::Organization(organization) => *organization == place.organization,
            Principal::OrganizationalUnit(unit) => place.is_in(unit),
            Principal::Account(_) | Principal::ServicePermissions | Principal::Connected => false,
        }
    }
}

impl FromStr for Principal {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let refuse = |remedy: &str| InvalidPolicy::new("allowed principal", text, remedy.into());
        let principal = text.trim();
        if principal == "*" {
            return Err(refuse("it would accept everybody; list account ids"));
        }
        if principal == SERVICE_PERMISSIONS {
            return Ok(Principal::ServicePermissions);
        }
        if principal == CONNECTED {
            return Ok(Principal::Connected);
        }
        if principal.starts_with("o-") {
            return of_organization(principal).ok_or_else(|| {
                refuse(
                    "give an organization as o-a1b2c3d4e5, or a unit of it with its whole path, \
                     as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",
                )
            });
        }
        if let Some((_, rest)) = principal.strip_prefix("arn:").and_then(|arn| arn.split_once(":iam::")) {
            let root = rest.strip_suffix(":root").and_then(|account| account.parse().ok());
            return root.map(Principal::Account).ok_or_else(|| {
                refuse("a connection names only its owner account, so a user or role cannot be checked; give the account id")
            });
        }
        principal.parse().map(Principal::Account).map_err(|_| {
            refuse(
                "give a 12-digit account id, an account's root ARN, an organization (o-…), \
                 a unit's path (o-…/r-…/ou-…/), service-permissions or connected",
            )
        })
    }
}

/// An organization, its root, or a unit; IAM writes what is below a path as `path/*`.
fn of_organization(text: &str) -> Option<Principal> {
    let path = text.strip_suffix("/*").or_else(|| text.strip_suffix('/')).unwrap_or(text);
    let Some((organization, rest)) = path.split_once('/') else {
        return path.parse().ok().map(Principal::Organization);
    };
    let organization: OrganizationId = organization.parse().ok()?;
    let mut ids = rest.split('/').map(ToOwned::to_owned);
    let place = OrganizationPath::new(organization, ids.next()?, ids.collect())?;
    // An organization has one root, so that all of the root is all of the organization.
    Some(if place.units.is_empty() {
        Principal::Organization(place.organization)
    } else {
        Principal::OrganizationalUnit(place)
    })
}

impl TryFrom<String> for Principal {
    type Error = InvalidPolicy;

    fn try_from(text: String) -> Result<Self, InvalidPolicy> {
        text.parse()
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> String {
        principal.to_string()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Account(account) => account.fmt(f),
            Principal::Organization(organization) => organization.fmt(f),
            Principal::OrganizationalUnit(unit) => unit.fmt(f),
            Principal::ServicePermissions => f.write_str(SERVICE_PERMISSIONS),
            Principal::Connected => f.write_str(CONNECTED),
        }
    }
}

/// A place in an organization, from its root down: of a unit itself, or of an account in it.
///
/// It is written as IAM writes it in `aws:PrincipalOrgPaths`: `o-…/r-…/ou-…/ou-…/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrganizationPath {
    organization: OrganizationId,
    root: String,
    units: Vec<String>,
}

impl OrganizationPath {
    /// A path of these ids; none when one of them has another form than AWS gives to a root's or a unit's.
    #[must_use]
    pub fn new(organization: OrganizationId, root: String, units: Vec<String>) -> Option<Self> {
        let part = |text: &str, least: usize| {
            (least..=32).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let is_root = root.strip_prefix("r-").is_some_and(|id| part(id, 4));
        let is_unit = |unit: &String| {
            let ids = unit.strip_prefix("ou-").and_then(|ids| ids.split_once('-'));
            ids.is_some_and(|(of_root, own)| part(of_root, 4) && part(own, 8))
        };
        (is_root && units.iter().all(is_unit)).then_some(Self { organization, root, units })
    }

    /// Whether it is `unit` or anything below it.
    fn is_in(&self, unit: &OrganizationPath) -> bool {
        self.organization == unit.organization
            && self.root == unit.root
            && self.units.starts_with(&unit.units)
    }
}

impl fmt::Display for OrganizationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.organization, self.root)?;
        self.units.iter().try_for_each(|unit| write!(f, "{unit}/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "o-exampleorgid/r-ab12/ou-ab12-11111111/";

    fn principal(text: &str) -> Principal {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn place(text: &str) -> OrganizationPath {
        match principal(text) {
            Principal::OrganizationalUnit(place) => place,
            other => panic!("{other} is no unit"),
        }
    }

    #[test]
    fn everybody_users_and_roles_are_refused_as_principals() {
        for text in ["*", "arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:user/me", "1111"] {
            let error = text.parse::<Principal>().map_err(|error| error.to_string());
            assert!(error.is_err_and(|error| error.contains(text)), "{text}");
        }
    }

    #[test]
    fn an_account_is_its_id_or_its_root_arn() {
        let by_id = principal("044444444444");
        assert_eq!(by_id, principal("arn:aws:iam::044444444444:root"));
        assert_eq!(by_id, principal("arn:aws-cn:iam::044444444444:root"));
        assert!(!by_id.is_dynamic());
    }

    #[test]
    fn a_unit_is_written_with_or_without_its_end_and_read_back_the_same() {
        for text in [UNIT, UNIT.trim_end_matches('/'), &format!("{UNIT}*")] {
            assert_eq!(principal(text).to_string(), UNIT, "{text}");
        }
        assert_eq!(principal("service-permissions").to_string(), "service-permissions");
    }

    #[test]
    fn a_path_that_ends_at_the_root_is_the_whole_organization() {
        for text in
            ["o-exampleorgid/", "o-exampleorgid/r-ab12", "o-exampleorgid/r-ab12/", "o-exampleorgid/r-ab12/*"]
        {
            assert_eq!(principal(text), principal("o-exampleorgid"), "{text}");
        }
    }

    #[test]
    fn a_unit_without_its_path_and_ids_of_another_form_are_refused_with_the_form() {
        for text in [
            "o-short",
            "o-exampleorgid/ou-ab12-11111111",
            "o-exampleorgid/r-ab12/ou-ab12",
            "o-exampleorgid/r-ab12//ou-ab12-11111111",
            "o-exampleorgid/r-ab12/*/ou-ab12-11111111",
        ] {
            let error = text.parse::<Principal>().map_err(|error| error.to_string());
            assert!(error.is_err_and(|error| error.contains("o-a1b2c3d4e5/r-ab12/")), "{text}");
        }
        assert!("ou-ab12-11111111".parse::<Principal>().is_err());
    }

    #[test]
    fn a_unit_covers_what_is_below_it_and_neither_siblings_nor_what_is_above() {
        let unit = principal(UNIT);
        assert!(unit.covers(&place(UNIT)));
        assert!(unit.covers(&place(&format!("{UNIT}ou-ab12-22222222/"))));
        assert!(!unit.covers(&place("o-exampleorgid/r-ab12/ou-ab12-22222222/")));
        assert!(!unit.covers(&place("o-exampleorgid/r-ab12/ou-ab12-111111111/")));
        assert!(!unit.covers(&place("o-otherorgid1/r-ab12/ou-ab12-11111111/")));
        assert!(!principal(&format!("{UNIT}ou-ab12-22222222/")).covers(&place(UNIT)));
        assert!(principal("o-exampleorgid").covers(&place(UNIT)));
    }
}
