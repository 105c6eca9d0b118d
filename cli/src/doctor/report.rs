//! How the outcome reads.

use serde::Serialize;
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};

use super::check::{Check, Verdict};
use super::examine::examine;
use super::facts::Facts;
use crate::colour::{Colour, paint};
use crate::columns::table;
use crate::terminal::count;

/// What no check can see, for whoever still cannot connect.
pub(crate) const HINT: &str = "If all is ok and the client still fails: its URI must begin with https:// and end with the service's port (in \
    a BYOC data plane https://NAME:19530); without https:// it is a TLS error or a silence. The client's own security group must let it out to \
    that port. A name that was looked up before may stay in a cache for its TTL.";

/// One endpoint and its checks.
#[derive(Debug, Serialize)]
pub(crate) struct Examined {
    pub(crate) vpc_endpoint: VpcEndpointId,
    pub(crate) account: AccountId,
    pub(crate) vpc: Option<VpcId>,
    pub(crate) service: ServiceId,
    /// The state of the connection; null when EC2 lists none.
    pub(crate) state: Option<VpcEndpointState>,
    pub(crate) names: Vec<String>,
    pub(crate) checks: Vec<Check>,
}

impl Examined {
    /// Examines an endpoint by what was read of it.
    pub(crate) fn by(facts: &Facts) -> Self {
        Examined {
            vpc_endpoint: facts.vpc_endpoint.clone(),
            account: facts.account.clone(),
            vpc: facts.vpc.clone(),
            service: facts.service.service.clone(),
            state: facts.state.clone(),
            names: facts.names.iter().map(|name| name.name.to_string()).collect(),
            checks: examine(facts),
        }
    }

    /// Whether any check failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.checks.iter().any(|check| check.verdict == Verdict::Fail)
    }

    fn text(&self) -> String {
        let vpc = self.vpc.as_ref().map_or("a VPC that is not known", VpcId::as_str);
        let names = if self.names.is_empty() { "no name".to_owned() } else { self.names.join(", ") };
        let title = format!("{} of {} in {vpc}, for {names}", self.vpc_endpoint, self.account);
        let rows = self.checks.iter().map(|check| {
            let evidence =
                if check.verdict == Verdict::Ok { check.evidence.clone() } else { "see below".into() };
            [format!("  {}", check.check), painted(check.verdict), evidence]
        });
        let mut parts = vec![format!("{title}\n\n{}", table(&["  check", "verdict", "evidence"], rows))];
        // What keeps clients out comes first; what has one cause is said once.
        for verdict in [Verdict::Fail, Verdict::Warn, Verdict::Unknown] {
            let of_verdict: Vec<_> = self.checks.iter().filter(|check| check.verdict == verdict).collect();
            let one_cause = |a: &&Check, b: &&Check| a.evidence == b.evidence && a.remedy == b.remedy;
            for checks in of_verdict.chunk_by(one_cause) {
                let names: Vec<_> = checks.iter().map(|check| check.check).collect();
                let Check { evidence, remedy, .. } = checks[0];
                let remedy = indented(remedy.as_deref());
                parts.push(format!(
                    "  {}  {}\n    {evidence}\n    remedy: {remedy}",
                    names.join(", "),
                    painted(verdict)
                ));
            }
        }
        parts.join("\n\n")
    }
}

/// All endpoints, as people read them.
pub(crate) fn text(examined: &[Examined]) -> String {
    let mut parts: Vec<_> = examined.iter().map(Examined::text).collect();
    parts.push(totals(examined));
    parts.push(HINT.to_owned());
    parts.join("\n\n")
}

/// A verdict in its colour.
pub(super) fn painted(verdict: Verdict) -> String {
    let colour = match verdict {
        Verdict::Ok => Colour::Green,
        Verdict::Fail => Colour::Red,
        Verdict::Warn | Verdict::Unknown => Colour::Yellow,
    };
    paint(verdict.to_string(), colour)
}

/// A remedy below the line that it begins on: its commands stand on lines of their own.
pub(super) fn indented(remedy: Option<&str>) -> String {
    remedy.unwrap_or("none").replace('\n', "\n    ")
}

/// How many checks came to what.
pub(super) fn totals(examined: &[Examined]) -> String {
    let verdicts = |verdict| {
        let of = |one: &Examined| one.checks.iter().filter(|check| check.verdict == verdict).count();
        examined.iter().map(of).sum::<usize>()
    };
    let totals: Vec<_> = [Verdict::Fail, Verdict::Warn, Verdict::Unknown, Verdict::Ok]
        .into_iter()
        .filter(|verdict| verdicts(*verdict) > 0)
        .map(|verdict| format!("{} {verdict}", verdicts(verdict)))
        .collect();
    let checks = examined.iter().map(|one| one.checks.len()).sum();
    format!("{}, {}: {}", count(examined.len(), "endpoint"), count(checks, "check"), totals.join(", "))
}
