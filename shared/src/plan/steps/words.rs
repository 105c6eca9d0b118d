//! Plans and steps in words, for people, logs and the journal.

use std::fmt;

use super::{Accepted, Plan, Rejected, Step};
use crate::model::claim::Released;
use crate::model::zone_claim::ZoneState;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            writeln!(f, "in sync: nothing to do")?;
        }
        for group in &self.groups {
            writeln!(f, "{}", group.subject)?;
            writeln!(f, "  because {}", group.reason)?;
            for step in &group.steps {
                writeln!(f, "  {step}")?;
            }
        }
        for (subject, reason) in &self.holds {
            writeln!(f, "held {subject}\n  {reason}\n  remedy: {}", reason.remedy())?;
        }
        for (subject, reason) in &self.notes {
            writeln!(f, "noted {subject}\n  {reason}")?;
        }
        for (vpc, at) in &self.look_again {
            writeln!(f, "look again at {vpc} after {at}: another change is on its way")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::AcceptConnections { service, vpc_endpoints } => {
                write!(f, "accept connections of {service}:")?;
                for (vpc_endpoint, Accepted { owner, rule }) in vpc_endpoints {
                    write!(f, " {vpc_endpoint} of {owner} (allowed by {rule})")?;
                }
                Ok(())
            }
            Step::RejectConnections { service, vpc_endpoints } => {
                write!(f, "reject connections of {service}:")?;
                for (vpc_endpoint, Rejected { owner, since }) in vpc_endpoints {
                    write!(f, " {vpc_endpoint} of {owner} (no rule matches")?;
                    since.map_or(Ok(()), |since| write!(f, " since {since:.0}"))?;
                    f.write_str(")")?;
                }
                Ok(())
            }
            Step::PutClaim { claim, expects, .. } => match (&claim.pending, expects) {
                (Some(pending), _) => {
                    write!(f, "claim {} from {} to {}", claim.key, pending.from, pending.to)
                }
                (None, _) if let Some(Released { by, .. }) = &claim.released => {
                    write!(f, "mark {} as released by {by}", claim.key)
                }
                (None, None) => write!(f, "claim {} as it stands: {}", claim.key, claim.confirmed),
                (None, Some(_)) => write!(f, "confirm claim {}: {}", claim.key, claim.confirmed),
            },
            Step::Reserve { account, requests, .. } => {
                write!(f, "reserve {requests} Route 53 request in account {account}")
            }
            Step::ReturnDeletion { run } => write!(f, "give a removal back to run {run}"),
            Step::ReserveDeletion { run, at_most } => {
                write!(f, "reserve 1 of the {at_most} removals of run {run}")
            }
            Step::ChangeRecords { key, changes, .. } => {
                let shown: Vec<_> = changes.iter().map(ToString::to_string).collect();
                write!(f, "change {key}: {}", shown.join("; "))
            }
            Step::ReleaseClaim { key, .. } => write!(f, "release claim {key}"),
            Step::PutZoneClaim { claim, .. } => match &claim.state {
                ZoneState::Making { .. } => write!(f, "claim zone {} of {}", claim.domain, claim.vpc),
                ZoneState::Made { zone } => {
                    write!(f, "confirm claim on zone {} of {}: {zone}", claim.domain, claim.vpc)
                }
                ZoneState::Removing { zone, .. } => {
                    write!(f, "announce the end of zone {} of {}: {zone}", claim.domain, claim.vpc)
                }
            },
            Step::CreateZone { zone, .. } => {
                write!(
                    f,
                    "create private hosted zone {} for {} as {}",
                    zone.domain, zone.vpc, zone.caller_reference
                )
            }
            Step::DeleteZone { zone, domain, .. } => {
                write!(f, "delete private hosted zone {domain} ({zone})")
            }
            Step::ReleaseZoneClaim { vpc, domain, .. } => {
                write!(f, "release claim on zone {domain} of {vpc}")
            }
            Step::PutEndpoint { endpoint } => {
                let state = endpoint.state.as_ref().map_or("gone", |state| state.as_str());
                write!(f, "remember {}: {state}, {}", endpoint.vpc_endpoint, endpoint.addresses)
            }
            Step::PutHold { hold } => write!(f, "hold {}", hold.subject),
            Step::DeleteHold { subject } => write!(f, "end the hold on {subject}"),
            Step::PutWait { vpc_endpoint, wait, .. } => {
                write!(f, "wait for {vpc_endpoint} until {} at most {}", wait.due, wait.deadline)
            }
            Step::DeleteWait { vpc_endpoint } => write!(f, "end the wait for {vpc_endpoint}"),
            Step::SendIntent { intent, delay_seconds: 0 } => write!(f, "send: {intent}"),
            Step::SendIntent { intent, delay_seconds } => write!(f, "send in {delay_seconds} s: {intent}"),
        }
    }
}
