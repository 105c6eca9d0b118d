//! How the outcome reads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shared::model::facts::VpcEndpointState;
use shared::model::ids::{AccountId, ServiceId, VpcEndpointId, VpcId};

use super::check::{Check, Verdict};
use super::examine::examine;
use super::facts::Facts;
use crate::terminal::{count, table};

/// What no check can see, for whoever still cannot connect.
pub(crate) const HINT: &str = "If all is ok and the client still fails: its URI must begin with https:// and end with the service's port (in \
    a BYOC data plane https://NAME:19530); without https:// it is a TLS error or a silence. The client's own security group must let it out to \
    that port. A name that was looked up before may stay in a cache for its TTL.";

/// How many endpoints are named of those with one cause.
const NAMED: usize = 10;

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
            [format!("  {}", check.check), check.verdict.to_string(), evidence]
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
                parts
                    .push(format!("  {}  {verdict}\n    {evidence}\n    remedy: {remedy}", names.join(", ")));
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

/// What is wrong among many endpoints, each cause once. What fails stands before what warns, and the most frequent
/// cause first. Of the endpoints concerned a few are named.
pub(crate) fn text_of_all(examined: &[Examined]) -> String {
    let mut causes: BTreeMap<_, Vec<(&Examined, &Check)>> = BTreeMap::new();
    for one in examined {
        for check in &one.checks {
            if matches!(check.verdict, Verdict::Fail | Verdict::Warn) {
                let warns = check.verdict == Verdict::Warn;
                causes.entry((warns, check.check, cause(&check.evidence))).or_default().push((one, check));
            }
        }
    }
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|((warns, ..), concerned)| (*warns, Reverse(concerned.len())));
    let mut parts: Vec<_> =
        causes.iter().map(|((_, check, _), concerned)| cause_text(check, concerned)).collect();
    parts.push(totals(examined));
    parts.push(
        "zonelink doctor vpce-… has every check of one endpoint, --output json those of all.".to_owned(),
    );
    parts.join("\n\n")
}

fn cause_text(check: &str, concerned: &[(&Examined, &Check)]) -> String {
    let accounts: BTreeSet<_> = concerned.iter().map(|(one, _)| &one.account).collect();
    let endpoints: BTreeSet<_> = concerned.iter().map(|(one, _)| one.vpc_endpoint.as_str()).collect();
    let named: Vec<_> = endpoints.iter().copied().take(NAMED).collect();
    let others = match endpoints.len().saturating_sub(NAMED) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let (first, Check { evidence, remedy, verdict, .. }) = concerned[0];
    let example = if endpoints.len() > 1 { format!("{}: ", first.vpc_endpoint) } else { String::new() };
    format!(
        "{check}  {verdict}: {} of {}\n  {}{others}\n    {example}{evidence}\n    remedy: {}",
        count(endpoints.len(), "endpoint"),
        count(accounts.len(), "account"),
        named.join(", "),
        indented(remedy.as_deref())
    )
}

/// A remedy below the line that it begins on: its commands stand on lines of their own.
fn indented(remedy: Option<&str>) -> String {
    remedy.unwrap_or("none").replace('\n', "\n    ")
}

/// What a check found without what is one endpoint's own: ids, addresses, numbers.
fn cause(evidence: &str) -> String {
    let is_own = |word: &str| word.contains(|letter: char| letter.is_ascii_digit());
    let words = evidence.split_whitespace().map(|word| if is_own(word) { "…" } else { word });
    let mut words: Vec<_> = words.collect();
    // However many they are.
    words.dedup();
    words.join(" ")
}

/// How many checks came to what.
fn totals(examined: &[Examined]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(number: u32, evidence: &str) -> Examined {
        Examined {
            vpc_endpoint: format!("vpce-{number:08x}").parse().unwrap(),
            account: "444455556666".parse().unwrap(),
            vpc: None,
            service: "vpce-svc-00000001".parse().unwrap(),
            state: None,
            names: Vec::new(),
            checks: vec![Check::ok("state", "available"), Check::fail("record", evidence, "wait")],
        }
    }

    #[test]
    fn many_endpoints_with_one_cause_are_one_paragraph_that_names_a_few_and_counts_all() {
        let many: Vec<_> =
            (0..300).map(|number| examined(number, &format!("zone Z{number} has no record"))).collect();
        let said = text_of_all(&many);
        assert!(said.lines().count() < 12, "{said}");
        assert!(said.starts_with("record  fail: 300 endpoints of 1 account\n  vpce-00000000, "), "{said}");
        assert!(
            said.contains(" and 290 more\n    vpce-00000000: zone Z0 has no record\n    remedy: wait"),
            "{said}"
        );
        assert!(said.contains("300 endpoints, 600 checks: 300 fail, 300 ok"), "{said}");
    }

    #[test]
    fn another_cause_is_another_paragraph_and_the_most_frequent_comes_first() {
        let said = text_of_all(&[
            examined(1, "the zone is not associated"),
            examined(2, "10.0.0.1, 10.0.0.2 answer, not 10.0.0.3"),
            examined(3, "10.0.0.4 answer, not 10.0.0.5"),
        ]);
        let heads: Vec<_> = said.lines().filter(|line| line.starts_with("record")).collect();
        assert_eq!(
            heads,
            ["record  fail: 2 endpoints of 1 account", "record  fail: 1 endpoint of 1 account"]
        );
    }
}
