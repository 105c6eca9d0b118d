//! Whether the owner of a zone lets zonelink write a VPC of another account there.
//!
//! That a zone is associated with a VPC says that the VPC may read it. What the zone answers, and to all its VPCs, is
//! its owner's to say (docs/decisions/0026).

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, InvalidId};

/// What the owner of a zone says about a VPC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nobody was asked: zone and VPC are of one account, or the VPC has nothing to write there.
    #[default]
    Unasked,
    /// The zone's account serves VPCs of this account.
    Given,
    /// It does not, or has never said so.
    NotGiven,
}

impl Consent {
    /// Whether nobody was asked.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        *self == Consent::Unasked
    }
}

/// A consent that was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consented {
    /// Since when the owner denies it again; none while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_since: Option<Timestamp>,
}

impl Consented {
    /// For how long it is denied before it is believed to be gone. A stack that is made anew is back by then.
    pub const GONE_AFTER: SignedDuration = SignedDuration::from_mins(15);

    /// The same, denied at `now` as well.
    #[must_use]
    pub fn denied(&self, now: Timestamp) -> Self {
        Self { denied_since: Some(self.denied_since.unwrap_or(now)) }
    }

    /// Whether a denial at `now` is the second one, long enough after the first.
    #[must_use]
    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.denied_since.is_some_and(|since| now.duration_since(since) >= Self::GONE_AFTER)
    }
}

/// The accounts whose VPCs an account serves with its zones, besides its own: none, some, or `*` for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Served {
    accounts: BTreeSet<AccountId>,
    all: bool,
}

impl Served {
    /// Whether an account is among them.
    #[must_use]
    pub fn serves(&self, account: &AccountId) -> bool {
        self.all || self.accounts.contains(account)
    }
}

impl FromStr for Served {
    type Err = InvalidId;

    /// Account ids with commas between them, or `*`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut served = Served::default();
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            match one {
                "*" => served.all = true,
                one => _ = served.accounts.insert(one.parse()?),
            }
        }
        Ok(served)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(text: &str) -> Served {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_account_serves_those_that_it_lists_or_all() {
        let one: AccountId = "444455556666".parse().unwrap_or_else(|error| panic!("{error}"));
        assert!(!Served::default().serves(&one) && !served("").serves(&one));
        assert!(served("111122223333, 444455556666").serves(&one));
        assert!(!served("111122223333").serves(&one));
        assert!(served("*").serves(&one));
        assert!("44445555666".parse::<Served>().is_err());
    }
}
