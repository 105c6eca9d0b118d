//! What remedies are made of: the installation that they name, and a way out.

use serde::Serialize;

use crate::model::ids::{AccountId, Region, ServiceId};

/// The installation, as far as commands name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The stack's name.
    pub stack: String,
    /// The provider's account.
    pub account: AccountId,
    /// The stack's region.
    pub region: Region,
    /// The service that the stack's own parameters define.
    pub own_service: Option<ServiceId>,
}

/// One way to end a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Way {
    /// What is decided by it, and where its commands are run.
    pub says: String,
    /// The commands, in their order, each a line of a shell.
    pub commands: Vec<String>,
}

impl Way {
    pub(super) fn new(says: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        Self { says: says.into(), commands: commands.into_iter().collect() }
    }
}
