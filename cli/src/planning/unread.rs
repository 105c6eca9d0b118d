//! What could not be read, beside what could.

use serde::{Deserialize, Serialize};
use shared::model::ids::AccountId;

use crate::failure::words;
use crate::terminal::note;

/// An account or a service of which nothing, or not all, is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// What it is: `account …` or `service …`.
    pub(crate) about: String,
    /// The account; null for a service.
    pub(crate) account: Option<AccountId>,
    /// Why.
    pub(crate) reason: String,
    /// What helps.
    pub(crate) remedy: Option<String>,
}

impl Unread {
    pub(super) fn account(account: &AccountId, error: &anyhow::Error) -> Self {
        Self { account: Some(account.clone()), ..Self::of(format!("account {account}"), error) }
    }

    pub(super) fn of(about: String, error: &anyhow::Error) -> Self {
        let (reason, remedy) = words(error);
        Self { about, account: None, reason, remedy }
    }

    /// Says it on standard error.
    pub(crate) fn say(&self) {
        let remedy = self.remedy.as_ref().map_or_else(String::new, |remedy| format!("\nremedy: {remedy}"));
        note(&format!("not read: {}: {}{remedy}", self.about, self.reason));
    }
}
