//! The command line: the options that every command has, and a verb.

use clap::Parser;

use crate::options::Common;
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
