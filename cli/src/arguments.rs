//! What is common to all verbs on the command line.

use clap::{Parser, ValueEnum};
use shared::aws::Login;

use crate::verbs::Verb;

/// Shows operators what zonelink does and why, and takes their word on what it is to do.
///
/// zonelink keeps private DNS right for AWS PrivateLink. This is its command line: it uses the same library as the
/// functions, so what it shows is what they would do.
#[derive(Debug, Parser)]
#[command(
    name = "zonelink",
    version,
    after_help = "Credentials, region and endpoints come from where the AWS CLI takes them. Data goes to standard output, all else to \
                  standard error.\n\nExit codes: 0 all is well, 1 it failed, 2 wrong arguments, 3 something is held or differs (a \
                  command that uses it says so in its help)."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Whose installation is asked, and how it answers.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// A profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The region of the installation
    #[arg(long, global = true, value_name = "REGION", env = "AWS_REGION", hide_env_values = true)]
    pub(crate) region: Option<String>,
    /// A role to assume first: the stack's output `OperatorRoleArn`
    #[arg(long, global = true, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// The name of the provider's stack
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "ZONELINK_STACK",
        hide_env_values = true,
        default_value = "zonelink"
    )]
    pub(crate) stack: String,
    /// The form of the answer
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) output: Format,
    /// Say more on standard error; repeat it for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Common {
    /// Whose credentials are used, and where.
    pub(crate) fn login(&self) -> Login {
        Login { profile: self.profile.clone(), region: self.region.clone(), role_arn: self.role_arn.clone() }
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: its fields stay
    Json,
}
