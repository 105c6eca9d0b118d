//! Whether the owners of zones consent to VPCs of other accounts: what their guest roles say, for a while.

use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use tokio::sync::Mutex;

use super::clients::Aws;
use crate::error::Error;
use crate::model::consent::Consent;
use crate::model::ids::AccountId;

/// For how long a consent is believed: as long as the credentials of a client role are used. A refusal is not kept:
/// who has just consented waits for no more than the next look.
const LASTS: SignedDuration = SignedDuration::from_mins(50);

/// How many consents are kept, those used last.
const KEPT: usize = 1_000;

/// The owner of a zone, and the account of a VPC.
type Pair = (AccountId, AccountId);

/// The consents that owners have given, each until a moment.
pub(super) struct Consents(Mutex<LruCache<Pair, Timestamp>>);

impl Default for Consents {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(KEPT).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl Consents {
    async fn are_given(&self, pair: &Pair, now: Timestamp) -> bool {
        self.0.lock().await.get(pair).is_some_and(|until| *until > now)
    }

    async fn keep(&self, pair: Pair, now: Timestamp) {
        self.0.lock().await.put(pair, now + LASTS);
    }
}

impl Aws {
    /// Whether the owner of a zone consents to VPCs of another account.
    pub(super) async fn consent(
        &self,
        zone_account: &AccountId,
        vpc_account: &AccountId,
    ) -> Result<Consent, Error> {
        if *zone_account == self.config.account {
            let serves = self.config.serves_vpcs_of.serves(vpc_account);
            return Ok(if serves { Consent::Given } else { Consent::NotGiven });
        }
        let pair = (zone_account.clone(), vpc_account.clone());
        if self.consents.are_given(&pair, self.clock()).await {
            return Ok(Consent::Given);
        }
        let role = self.role_arn(zone_account, &self.config.guest_role_name());
        // The trust policy goes by the session's name: the role itself grants nothing, and its credentials are dropped.
        match self.assume(&role, format!("zonelink-{vpc_account}")).await {
            Ok(_) => self.consents.keep(pair, self.clock()).await,
            Err(error) if error.is_denied() => return Ok(Consent::NotGiven),
            Err(error) => return Err(error),
        }
        Ok(Consent::Given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_consent_is_believed_for_as_long_as_a_role_is_used_and_for_one_pair_alone() {
        let account = |text: &str| text.parse::<AccountId>().unwrap_or_else(|error| panic!("{error}"));
        let (owner, guest) = (account("444455556666"), account("555566667777"));
        let (kept, now) = (Consents::default(), Timestamp::UNIX_EPOCH);
        kept.keep((owner.clone(), guest.clone()), now).await;
        let given = async |owner: &AccountId, guest: &AccountId, minutes| {
            let pair = (owner.clone(), guest.clone());
            kept.are_given(&pair, now + SignedDuration::from_mins(minutes)).await
        };
        assert!(given(&owner, &guest, 49).await);
        assert!(!given(&owner, &guest, 50).await);
        assert!(!given(&guest, &owner, 0).await);
    }
}
