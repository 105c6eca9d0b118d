//! What definitions say of a zone that was made: which names it can hold, and whether it goes with the last of them.

use std::collections::BTreeSet;

use crate::model::dns::DnsName;
use crate::model::ids::ServiceId;
use crate::model::policy::{Policy, RecordName, UnneededZones};

impl Policy {
    /// The defined names that a zone of this domain can hold.
    #[must_use]
    pub fn names_within(&self, domain: &DnsName) -> BTreeSet<&DnsName> {
        let names = self.services.values().flat_map(|definition| &definition.names);
        names.map(RecordName::as_dns_name).filter(|name| domain.is_zone_of(name)).collect()
    }

    /// Whether the zone of a domain that was made for a service goes once nothing needs it: the service's definition
    /// says so, and so does each other one of a name that the zone can hold.
    #[must_use]
    pub fn deletes_unneeded(&self, service: &ServiceId, domain: &DnsName) -> bool {
        let concerns = |of: &ServiceId, names: &BTreeSet<RecordName>| {
            of == service || names.iter().any(|name| domain.is_zone_of(name.as_dns_name()))
        };
        let mut concerned = self
            .services
            .iter()
            .filter(|(of, definition)| concerns(of, &definition.names))
            .map(|(_, one)| one);
        self.services.contains_key(service)
            && concerned.all(|definition| definition.unneeded_zones == UnneededZones::Delete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::ServiceDefinition;

    fn definition(service: &str, name: &str, more: &str) -> ServiceDefinition {
        let json = format!(r#"{{"service":"vpce-svc-{service}","names":["{name}"]{more}}}"#);
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"))
    }

    const DELETE: &str = r#","unneeded_zones":"delete""#;

    #[test]
    fn a_zone_is_kept_unless_said_and_a_default_is_not_stored() {
        for more in ["", r#","unneeded_zones":"keep""#] {
            let read = definition("00000001", "*.x.example.com", more);
            assert_eq!(read.unneeded_zones, UnneededZones::Keep);
            assert!(!serde_json::to_string(&read).unwrap_or_default().contains("unneeded"));
        }
        let read = definition("00000001", "*.x.example.com", DELETE);
        assert!(serde_json::to_string(&read).unwrap_or_default().contains(r#""unneeded_zones":"delete""#));
    }

    #[test]
    fn a_zone_goes_where_all_say_so_whose_names_it_can_hold() {
        let service = |text: &str| text.parse().unwrap_or_else(|error| panic!("{error}"));
        let policy = |others: &[(&str, &str, &str)]| {
            let all = others.iter().map(|(service, name, more)| definition(service, name, more));
            let region = "us-west-2".parse().unwrap_or_else(|error| panic!("{error}"));
            Policy { region, services: all.map(|one| (one.service.clone(), one)).collect() }
        };
        let domain = "x.example.com".parse().unwrap_or_else(|error| panic!("{error}"));
        let goes = |policy: Policy| policy.deletes_unneeded(&service("vpce-svc-00000001"), &domain);
        let (own, beside) = (("00000001", "*.x.example.com", DELETE), ("00000002", "*.y.example.com", ""));
        assert!(goes(policy(&[own])));
        assert!(goes(policy(&[own, beside])), "its name is no concern of the zone");
        assert!(!goes(policy(&[own, ("00000002", "n.x.example.com", "")])), "another one keeps it");
        assert!(!goes(policy(&[("00000001", "*.x.example.com", "")])));
        assert!(!goes(policy(&[("00000002", "n.x.example.com", DELETE)])), "its definition is lost");
    }
}
