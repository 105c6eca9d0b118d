//! The options that every command has.

use clap::{ColorChoice, ValueEnum};
use shared::aws::Login;

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
    /// A role to assume first; else the stack's role for operators is assumed, where it has one and lets you in
    #[arg(long, global = true, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// Assume no role: go on with the credentials as they are
    #[arg(long, global = true, conflicts_with = "role_arn")]
    pub(crate) no_role: bool,
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
    #[arg(short, long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) output: Format,
    /// When to colour; auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
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
    /// For people, with everything that the table sums up or leaves out
    Wide,
    /// For programs: its fields stay
    Json,
}
