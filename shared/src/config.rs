//! The functions' configuration, read once per cold start.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::model::consent::Served;
use crate::model::ids::{AccountId, Region, RoleArn, ServiceId};
use crate::model::policy::{Policy, Principal, RecordName, ServiceDefinition, Ttl, revocation_grace};
use crate::model::rate::Rate;
use crate::model::remedy::Place;
use crate::trigger::own_calls::OwnCalls;

/// How many connections one review of a service may reject, unless said otherwise.
const MAX_REJECTS: u32 = 10;
/// How many record sets a run removes at most where nothing else is said.
const MAX_DELETES: u32 = 20;
/// How many zones that zonelink has made may live in one account where nothing else is said.
const MAX_ZONES: u32 = 20;

/// What a function knows of its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `QUEUE_URL`: the work queue.
    pub queue_url: String,
    /// `ACCOUNT_ID`: the provider account, in which the function runs.
    pub account: AccountId,
    /// `AWS_REGION`.
    pub region: Region,
    /// `STACK_NAME`: tells the functions' own calls from others' in events.
    pub stack_name: String,
    /// `CLIENT_ROLE_NAME`: the role that is assumed in client accounts.
    pub client_role_name: String,
    /// `EXTERNAL_ID`: what the client role's trust policy asks for.
    pub external_id: Option<String>,
    /// `ORGANIZATIONS_ROLE_ARN`: the role by which organizations are read; the function's own credentials
    /// when not set.
    pub organizations_role: Option<RoleArn>,
    /// `SERVES_VPCS_OF`: the accounts whose VPCs are written in zones of the provider account; none but its own unless
    /// said.
    pub serves_vpcs_of: Served,
    /// `MAX_REJECTS`: how many connections one review of a service may reject; 10 unless said.
    pub max_rejects: u32,
    /// `ROUTE53_REQUESTS_PER_SECOND`, `ROUTE53_BURST`: zonelink's share of each account's Route 53 requests.
    pub rate: Rate,
    /// `MAX_DELETES`: how many record sets one run of backfill may remove unless it is told otherwise.
    pub max_deletes: u32,
    /// `MAX_ZONES`: how many zones that zonelink has made for endpoints may live in one account; 20 unless said.
    pub max_zones: u32,
    /// `SERVICE_ID`, `RECORD_NAME`, `ALLOWED_PRINCIPALS`, `DISALLOWED`, `REVOCATION_GRACE`, `RECORD_TTL`, `ADOPT`,
    /// `ON_REMOVE`, `SHARED_ZONES`, `WRITE`, `ZONES`, `UNNEEDED_ZONES`: the service that the template's own parameters define.
    pub own_service: Option<ServiceDefinition>,
}

impl Config {
    /// The installation, as remedies name it.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            stack: self.stack_name.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            own_service: self.own_service.as_ref().map(|definition| definition.service.clone()),
        }
    }

    /// Reads the configuration from `lookup`, which gives a variable by its name.
    ///
    /// # Errors
    /// All variables that are missing or wrong, together.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Config, Error> {
        let mut variables = Variables { lookup: &lookup, problems: Vec::new() };
        let (table_name, queue_url) = (variables.required("TABLE_NAME"), variables.required("QUEUE_URL"));
        let account = variables.required("ACCOUNT_ID");
        let region = variables.required("AWS_REGION");
        let stack_name = variables.required("STACK_NAME");
        let client_role_name = variables.required("CLIENT_ROLE_NAME");
        let external_id = variables.optional("EXTERNAL_ID");
        let organizations_role = variables.optional("ORGANIZATIONS_ROLE_ARN");
        let serves_vpcs_of = variables.optional("SERVES_VPCS_OF").unwrap_or_default();
        let max_rejects = variables.optional("MAX_REJECTS").unwrap_or(MAX_REJECTS);
        let rate = variables.rate();
        let max_deletes = variables.optional("MAX_DELETES").unwrap_or(MAX_DELETES);
        let max_zones = variables.optional("MAX_ZONES").unwrap_or(MAX_ZONES);
        let own_service = variables.own_service();
        match (table_name, queue_url, account, region, stack_name, client_role_name) {
            (
                Some(table_name),
                Some(queue_url),
                Some(account),
                Some(region),
                Some(stack_name),
                Some(client_role_name),
            ) if variables.problems.is_empty() => Ok(Config {
                table_name,
                queue_url,
                account,
                region,
                stack_name,
                client_role_name,
                external_id,
                organizations_role,
                serves_vpcs_of,
                max_rejects,
                rate,
                max_deletes,
                max_zones,
                own_service,
            }),
            _ => Err(Error::Config(variables.problems.join("; "))),
        }
    }

    /// Reads the configuration from the process's environment.
    ///
    /// # Errors
    /// All variables that are missing or wrong, together.
    pub fn from_environment() -> Result<Config, Error> {
        #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// By which the stack's own calls are known when they come back as events.
    #[must_use]
    pub fn own_calls(&self) -> OwnCalls {
        OwnCalls {
            account: Some(self.account.clone()),
            stack: self.stack_name.clone(),
            client_role: self.client_role_name.clone(),
            session: self.session_name(),
        }
    }

    /// The name of the functions' sessions under the client role.
    #[must_use]
    pub fn session_name(&self) -> String {
        format!("zonelink-{}", self.account)
    }

    /// Which installation this is: what the zones that it makes are told apart by.
    #[must_use]
    pub fn installation(&self) -> String {
        format!("{}/{}/{}", self.account, self.region, self.stack_name)
    }

    /// The role by which an account consents to VPCs of other accounts in its zones.
    #[must_use]
    pub fn guest_role_name(&self) -> String {
        format!("{}-guests", self.client_role_name)
    }

    /// The policy: the template's own service and those that the table defines. Where both define one
    /// service, the template's own wins, unless the table says that it has been removed: records can be
    /// released before the stack goes.
    #[must_use]
    pub fn policy(&self, defined: Vec<ServiceDefinition>) -> Policy {
        let (removed, living): (Vec<_>, Vec<_>) =
            defined.into_iter().partition(|definition| definition.removed.is_some());
        let own = self.own_service.iter().cloned();
        let services: BTreeMap<_, _> = living
            .into_iter()
            .chain(own)
            .chain(removed)
            .map(|service| (service.service.clone(), service))
            .collect();
        Policy { region: self.region.clone(), services }
    }
}

struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Variables<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, name: &str, value: &str) -> Option<T> {
        value.parse().map_err(|error: T::Err| self.problems.push(format!("{name}: {error}"))).ok()
    }

    fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let value = self.text(name)?;
        self.parse(name, &value)
    }

    fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let Some(value) = self.text(name) else {
            self.problems.push(format!("{name} is not set; the template sets it"));
            return None;
        };
        self.parse(name, &value)
    }

    /// One of a few words, spelled as in a definition; the default when not set.
    fn choice<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(word) = self.text(name) else { return T::default() };
        let choice = serde_json::from_value(serde_json::Value::String(word));
        choice.map_err(|error| self.problems.push(format!("{name}: {error}"))).unwrap_or_default()
    }

    fn rate(&mut self) -> Rate {
        let normal = Rate::default();
        let per_second = self.optional::<NonZeroU32>("ROUTE53_REQUESTS_PER_SECOND");
        let burst = self.optional::<NonZeroU32>("ROUTE53_BURST");
        Rate {
            per_second: per_second.map_or(normal.per_second, NonZeroU32::get),
            burst: burst.map_or(normal.burst, NonZeroU32::get),
        }
    }

    fn own_service(&mut self) -> Option<ServiceDefinition> {
        self.text("SERVICE_ID")?;
        let service: Option<ServiceId> = self.required("SERVICE_ID");
        let name: Option<RecordName> = self.required("RECORD_NAME");
        let mut allowed_principals = BTreeSet::new();
        for principal in self.text("ALLOWED_PRINCIPALS").unwrap_or_default().split(',') {
            if !principal.trim().is_empty() {
                allowed_principals.extend(self.parse::<Principal>("ALLOWED_PRINCIPALS", principal));
            }
        }
        let seconds: Option<u32> = self.optional("RECORD_TTL");
        let ttl = Ttl::try_from(seconds.unwrap_or(Ttl::default().seconds()));
        let ttl = ttl.map_err(|error| self.problems.push(format!("RECORD_TTL: {error}"))).ok();
        let disallowed = self.choice("DISALLOWED");
        let revocation_grace = self.optional("REVOCATION_GRACE").unwrap_or_else(revocation_grace);
        let (adopt, on_remove) = (self.choice("ADOPT"), self.choice("ON_REMOVE"));
        let (shared_zones, write) = (self.choice("SHARED_ZONES"), self.choice("WRITE"));
        let (zones, unneeded_zones) = (self.choice("ZONES"), self.choice("UNNEEDED_ZONES"));
        Some(ServiceDefinition {
            service: service?,
            names: BTreeSet::from([name?]),
            allowed_principals,
            disallowed,
            revocation_grace,
            ttl: ttl?,
            adopt,
            on_remove,
            shared_zones,
            write,
            zones,
            unneeded_zones,
            removed: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::{Disallowed, Removal, SharedZones, UnneededZones, WriteTo, ZoneChoice};

    const COMPLETE: [(&str, &str); 10] = [
        ("TABLE_NAME", "zonelink-table"),
        ("QUEUE_URL", "https://sqs.us-west-2.amazonaws.com/111122223333/work"),
        ("ACCOUNT_ID", "111122223333"),
        ("AWS_REGION", "us-west-2"),
        ("STACK_NAME", "zonelink"),
        ("CLIENT_ROLE_NAME", "zonelink-client-us-west-2"),
        ("SERVICE_ID", "vpce-svc-0a1b2c3d4e5f60718"),
        ("RECORD_NAME", "*.aws-us-west-2.byoc.example.com"),
        ("ALLOWED_PRINCIPALS", "444455556666, 044444444444"),
        ("RECORD_TTL", "30"),
    ];

    fn with(changes: &[(&str, &str)]) -> Result<Config, String> {
        let mut variables: BTreeMap<_, _> = COMPLETE.into_iter().collect();
        variables.extend(changes.iter().copied());
        Config::from_lookup(|name| variables.get(name).map(ToString::to_string)).map_err(|e| e.to_string())
    }

    #[test]
    fn the_templates_own_service_is_defined_by_variables() {
        let service = with(&[]).ok().and_then(|config| config.own_service);
        assert!(service.is_some_and(|service| service.allowed_principals.len() == 2
            && service.ttl.seconds() == 30
            && service.names.len() == 1));
        let merging = with(&[("SHARED_ZONES", "merge")]).ok().and_then(|config| config.own_service);
        assert!(merging.is_some_and(|service| service.shared_zones == SharedZones::Merge));
        let creating = with(&[("ZONES", "create"), ("MAX_ZONES", "3")]).ok();
        assert!(creating.is_some_and(|config| config.max_zones == 3
            && config.own_service.is_some_and(|service| service.zones == ZoneChoice::Create
                && service.unneeded_zones == UnneededZones::Keep)));
        let deleting = with(&[("UNNEEDED_ZONES", "delete")]).ok().and_then(|config| config.own_service);
        assert!(deleting.is_some_and(|service| service.unneeded_zones == UnneededZones::Delete));
        let answering = with(&[("WRITE", "answering")]).ok().and_then(|config| config.own_service);
        assert!(answering.is_some_and(|service| service.write == WriteTo::Answering));
        let rejecting = with(&[("DISALLOWED", "reject"), ("REVOCATION_GRACE", "0")]);
        let rejecting = rejecting.ok().and_then(|config| config.own_service);
        assert!(rejecting.is_some_and(|d| d.disallowed == Disallowed::Reject && d.revocation_grace == 0));
        assert_eq!(with(&[("SERVICE_ID", "")]).map(|config| config.own_service), Ok(None));
    }

    #[test]
    fn few_rejects_and_own_credentials_for_organizations_unless_said() {
        let said = |changes: &[(&str, &str)]| {
            let config = with(changes)?;
            Ok((config.max_rejects, config.organizations_role.map(String::from)))
        };
        assert_eq!(said(&[]), Ok((10, None)));
        let role = "arn:aws:iam::111122223333:role/organizations-reader";
        let given = said(&[("MAX_REJECTS", "0"), ("ORGANIZATIONS_ROLE_ARN", role)]);
        assert_eq!(given, Ok::<_, String>((0, Some(role.into()))));
    }

    #[test]
    fn a_removed_definition_wins_over_the_templates_own_and_no_other_does() {
        let config = with(&[]).unwrap_or_else(|error| panic!("{error}"));
        let mut other = config.own_service.clone().unwrap_or_else(|| panic!("it has one"));
        other.allowed_principals.clear();
        let chosen = |definition: &ServiceDefinition| {
            let services = config.policy(vec![definition.clone()]).services;
            services.into_values().next() == Some(definition.clone())
        };
        assert!(!chosen(&other));
        other.removed = Some(Removal::KeepRecords);
        assert!(chosen(&other));
    }

    #[test]
    fn all_missing_and_wrong_variables_are_named_together() {
        let error = with(&[
            ("TABLE_NAME", ""),
            ("ACCOUNT_ID", "42"),
            ("ALLOWED_PRINCIPALS", "*,arn:aws:iam::111122223333:role/App"),
            ("RECORD_TTL", "0"),
            ("ROUTE53_BURST", "0"),
            ("MAX_DELETES", "many"),
            ("ADOPT", "everything"),
            ("REVOCATION_GRACE", "-1"),
            ("MAX_REJECTS", "few"),
            ("ORGANIZATIONS_ROLE_ARN", "organizations-reader"),
            ("SERVES_VPCS_OF", "*,4242"),
        ]);
        let error = error.err().unwrap_or_default();
        for part in [
            "TABLE_NAME is not set",
            "SERVES_VPCS_OF: \"4242\"",
            "ACCOUNT_ID: \"42\"",
            "\"*\" is refused",
            "role/App",
            "RECORD_TTL",
            "ROUTE53_BURST",
            "MAX_DELETES",
            "ADOPT: unknown variant",
            "REVOCATION_GRACE: invalid digit",
            "MAX_REJECTS: invalid digit",
            "ORGANIZATIONS_ROLE_ARN: \"organizations-reader\" is not the ARN of a role: expected arn:aws:iam::",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
