//! The installation: which functions it has, and with which configuration they run.
//!
//! It is found by its functions, because they are there however it was installed: by CloudFormation, by
//! Terraform, or function by function.

use std::collections::BTreeSet;

use serde::Serialize;
use shared::aws::{Caller, Session, Worker};
use shared::config::Config;
use shared::model::ids::{AccountId, Region};

use crate::aws::{Function, functions};
use crate::failure::Failure;

/// The functions of an installation, without case, hyphens and underscores.
const RECONCILE_RECORDS: &str = "reconcilerecords";
const ACCEPT_CONNECTIONS: &str = "acceptconnections";
const BACKFILL: &str = "backfill";
/// Where the function that reconciles records has the ARN of the operators' role; it does not use it itself.
const OPERATOR_ROLE_ARN: &str = "OPERATOR_ROLE_ARN";

/// An installation of zonelink, and the clients to reach what it works on.
pub(crate) struct Installation {
    /// The same clients as the functions have, with the operator's credentials.
    pub(crate) worker: Worker,
    /// The names of its functions.
    pub(crate) functions: FunctionNames,
    /// The ARN of its role for operators, if it has one.
    pub(crate) operator_role: Option<String>,
    session: Session,
}

/// The names of the functions; none where it is not there, or its name does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FunctionNames {
    pub(crate) accept_connections: Option<String>,
    pub(crate) reconcile_records: String,
    pub(crate) backfill: Option<String>,
}

/// Which installation it is, for answers.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Named {
    pub(crate) stack: String,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) table: String,
    pub(crate) functions: FunctionNames,
}

impl Installation {
    /// Finds the installation of a stack by its functions.
    ///
    /// # Errors
    /// When there is none or more than one, or AWS refuses to list functions.
    pub(crate) async fn find(session: Session, stack: &str) -> anyhow::Result<Self> {
        let found = functions(&session).await?;
        let region = session.region().unwrap_or_default().to_owned();
        let (config, functions) = choose(&found, stack, &region)?;
        let environment =
            found.iter().find(|one| one.name == functions.reconcile_records).map(|one| &one.environment);
        let operator_role = environment.and_then(|variables| variables.get(OPERATOR_ROLE_ARN).cloned());
        let operator_role = operator_role.filter(|role| !role.is_empty());
        Ok(Self { worker: Worker::with(&session, config), functions, operator_role, session })
    }

    /// The same, for other credentials.
    pub(crate) fn with(self, session: Session) -> Self {
        Self { worker: Worker::with(&session, self.worker.config), session, ..self }
    }

    /// Credentials, region and endpoints of whoever is signed in.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// The configuration of its functions.
    pub(crate) fn config(&self) -> &Config {
        &self.worker.config
    }

    /// Which installation it is.
    pub(crate) fn named(&self) -> Named {
        let config = self.config();
        Named {
            stack: config.stack_name.clone(),
            account: config.account.clone(),
            region: config.region.clone(),
            table: config.table_name.clone(),
            functions: self.functions.clone(),
        }
    }

    /// The ARNs to which rules send events: the work queue, and the functions.
    pub(crate) fn event_targets(&self) -> Vec<String> {
        let config = self.config();
        let (account, region) = (&config.account, &config.region);
        let partition = region.partition().id();
        let queue = config.queue_url.rsplit('/').next().unwrap_or_default();
        let functions = [&self.functions.accept_connections, &self.functions.backfill];
        let mut targets = vec![
            format!("arn:{partition}:sqs:{region}:{account}:{queue}"),
            format!(
                "arn:{partition}:lambda:{region}:{account}:function:{}",
                self.functions.reconcile_records
            ),
        ];
        targets.extend(
            functions
                .into_iter()
                .flatten()
                .map(|name| format!("arn:{partition}:lambda:{region}:{account}:function:{name}")),
        );
        targets
    }

    /// Who is signed in, for the journal.
    ///
    /// # Errors
    /// When AWS does not say.
    pub(crate) async fn caller(&self) -> anyhow::Result<Caller> {
        Ok(self.session.caller().await?)
    }
}

fn choose(found: &[Function], stack: &str, region: &str) -> anyhow::Result<(Config, FunctionNames)> {
    let of_stack =
        |function: &&Function| function.environment.get("STACK_NAME").is_some_and(|name| name == stack);
    let ours: Vec<&Function> = found.iter().filter(of_stack).collect();
    let reconcile_records = match named(&ours, RECONCILE_RECORDS).as_slice() {
        [one] => *one,
        [] => return Err(not_found(found, stack, region).into()),
        several => {
            let names: Vec<_> = several.iter().map(|function| function.name.as_str()).collect();
            return Err(Failure::new(
                format!("several functions of stack {stack} reconcile records: {}", names.join(", ")),
                "give each installation a stack name (STACK_NAME) of its own, and delete what is left over",
            )
            .into());
        }
    };
    let variables = &reconcile_records.environment;
    let lookup = |name: &str| match name {
        // Lambda sets it itself, in the function's own region.
        "AWS_REGION" => Some(region.to_owned()),
        _ => variables.get(name).cloned(),
    };
    let config = Config::from_lookup(lookup).map_err(|error| {
        anyhow::Error::from(error).context(format!("function {}", reconcile_records.name))
    })?;
    let one = |word| match named(&ours, word).as_slice() {
        [one] => Some(one.name.clone()),
        _ => None,
    };
    let functions = FunctionNames {
        accept_connections: one(ACCEPT_CONNECTIONS),
        reconcile_records: reconcile_records.name.clone(),
        backfill: one(BACKFILL),
    };
    Ok((config, functions))
}

fn named<'a>(functions: &[&'a Function], word: &str) -> Vec<&'a Function> {
    let says = |function: &&Function| {
        let letters = function.name.chars().filter(|letter| !matches!(letter, '-' | '_'));
        letters.collect::<String>().to_ascii_lowercase().contains(word)
    };
    functions.iter().copied().filter(says).collect()
}

fn not_found(found: &[Function], stack: &str, region: &str) -> Failure {
    let stacks: BTreeSet<&str> = found
        .iter()
        .filter(|function| function.environment.contains_key("CLIENT_ROLE_NAME"))
        .filter_map(|function| function.environment.get("STACK_NAME").map(String::as_str))
        .collect();
    let what = format!("no function of stack {stack} reconciles records in {region}");
    if stacks.is_empty() {
        return Failure::new(
            what,
            "check account and region (--profile, --region), or install zonelink there (docs/DEPLOY.md)",
        );
    }
    let stacks: Vec<_> = stacks.into_iter().collect();
    Failure::new(what, format!("give --stack; installed here: {}", stacks.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, stack: &str) -> Function {
        let variables = [
            ("STACK_NAME", stack),
            ("TABLE_NAME", "table"),
            ("QUEUE_URL", "https://sqs/queue"),
            ("ACCOUNT_ID", "111122223333"),
            ("CLIENT_ROLE_NAME", "zonelink-client"),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Function { name: name.to_owned(), environment: variables.collect() }
    }

    fn refusal(found: &[Function], stack: &str) -> String {
        let error = choose(found, stack, "us-west-2").err().unwrap_or_else(|| panic!("it is not refused"));
        let failure = error.downcast_ref::<Failure>().unwrap_or_else(|| panic!("{error:#}"));
        format!("{}; {}", failure.what, failure.remedy)
    }

    #[test]
    fn functions_are_known_by_their_stack_and_name_however_they_were_installed() {
        for (reconcile, backfill) in [
            ("zonelink-ReconcileRecords-AbC1", "zonelink-Backfill-X"),
            ("zonelink-reconcile-records", "zonelink-backfill"),
            ("reconcile_records", "backfill"),
        ] {
            let found =
                [function(reconcile, "zonelink"), function(backfill, "zonelink"), function("other", "x")];
            let chosen = choose(&found, "zonelink", "us-west-2").map(|(config, functions)| {
                (config.table_name, functions.reconcile_records, functions.backfill)
            });
            let expected = ("table".to_owned(), reconcile.to_owned(), Some(backfill.to_owned()));
            assert_eq!(chosen.map_err(|error| error.to_string()), Ok(expected));
        }
    }

    #[test]
    fn stack_that_is_not_here_names_those_that_are() {
        let found = [function("eu-ReconcileRecords-1", "eu")];
        let said = refusal(&found, "zonelink");
        assert!(said.contains("stack zonelink") && said.contains("installed here: eu"), "{said}");
        assert!(refusal(&[], "zonelink").contains("check account and region"));
    }

    #[test]
    fn two_installations_of_one_name_are_not_chosen_between() {
        let found =
            [function("a-reconcile-records", "zonelink"), function("b-reconcile-records", "zonelink")];
        assert!(refusal(&found, "zonelink").contains("a-reconcile-records, b-reconcile-records"));
    }

    #[test]
    fn configuration_that_is_not_usable_names_the_function_and_the_variable() {
        let mut broken = function("zonelink-ReconcileRecords", "zonelink");
        broken.environment.remove("TABLE_NAME");
        let error =
            choose(&[broken], "zonelink", "us-west-2").err().unwrap_or_else(|| panic!("it is not refused"));
        let said = format!("{error:#}");
        assert!(said.contains("zonelink-ReconcileRecords") && said.contains("TABLE_NAME"), "{said}");
    }
}
