//! One check: what was looked at, what was found, and what helps.

use std::fmt;

use serde::Serialize;

use super::facts::{Facts, InstallationFacts};
use crate::observed::NotRead;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is as it should be.
    Ok,
    /// It works, and somebody should know this.
    Warn,
    /// Clients cannot connect, or not all of them.
    Fail,
    /// It could not be seen.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
        })
    }
}

/// A check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at; one of [`super::examine::CHECKS`].
    #[expect(clippy::struct_field_names, reason = "the field's name for programs")]
    pub(crate) check: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) evidence: String,
    /// The command or setting that mends it; null when all is well.
    pub(crate) remedy: Option<String>,
}

/// A remedy whose commands stand below what it says, each on a line of its own, so that it can be copied whole.
pub(super) fn paste(says: impl fmt::Display, commands: &[String]) -> String {
    let lines = commands.iter().map(|command| format!("\n  {command}"));
    format!("{says}:{}", lines.collect::<String>())
}

/// What prints the command that deploys the client stack, with all its values.
pub(super) fn client_stack(facts: &Facts, why: &str) -> String {
    let InstallationFacts { account, region, stack, .. } = &facts.installation;
    let print = format!(
        "aws cloudformation describe-stacks --region {region} --stack-name {stack} --output text --query \
         \"Stacks[0].Outputs[?OutputKey=='ClientStackCommand'].OutputValue\""
    );
    let says = format!(
        "{why}deploy the present infra/client.yaml: in a copy of this project run what this prints with credentials of {}, in account {account}",
        facts.account
    );
    paste(says, &[print])
}

impl Check {
    pub(super) fn ok(check: &'static str, evidence: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, evidence: evidence.into(), remedy: None }
    }

    pub(super) fn warn(check: &'static str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn fail(check: &'static str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn unknown(
        check: &'static str,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { check, verdict: Verdict::Unknown, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    /// What could not be read, with the statement that would let it be read.
    pub(super) fn not_read(check: &'static str, facts: &Facts, why: &NotRead) -> Self {
        let own = &facts.installation.account;
        match why {
            NotRead::Denied { account, action } => {
                let remedy = if account == own {
                    format!(
                        "sign in with the stack's OperatorRole (--role-arn with the output OperatorRoleArn), deployed from the present \
                         template.yaml; or allow {action} on resource \"*\""
                    )
                } else {
                    format!(
                        "deploy the present infra/client.yaml in {account}, or add to its role {}: \
                         {{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": \"*\"}}",
                        facts.installation.client_role
                    )
                };
                Self::unknown(check, format!("AWS refuses {action} in {account}"), remedy)
            }
            NotRead::NoEntry { account, .. } => Self::unknown(
                check,
                format!("account {account} cannot be entered"),
                "mend `client account` first, and ask again",
            ),
            NotRead::Failed(words) => Self::unknown(check, words.clone(), "ask again in a minute"),
            NotRead::NotAsked(why) => Self::unknown(check, *why, "mend what fails first, and ask again"),
        }
    }
}
