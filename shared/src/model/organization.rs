//! What is remembered of organizations, from one review to the next.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::ids::AccountId;
use super::policy::OrganizationPath;

/// What is remembered from one review to the next.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<Memory>);

#[derive(Debug, Default, Clone)]
pub(crate) struct Memory {
    /// Where accounts stand, each until when that is believed.
    pub(crate) places: HashMap<AccountId, (OrganizationPath, Timestamp)>,
    /// What stands above a unit or an account.
    pub(crate) parents: HashMap<String, (String, Timestamp)>,
}

impl Remembered {
    /// What is not too old at `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Memory {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.places.retain(|_, (_, until)| *until > now);
        memory.parents.retain(|_, (_, until)| *until > now);
        memory.clone()
    }

    /// Replaces it.
    pub(crate) fn keep(&self, memory: Memory) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = memory;
    }
}
