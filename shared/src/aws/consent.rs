//! The consents of zones' owners to VPCs of other accounts, kept for a while.

use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use tokio::sync::Mutex;

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
    /// Whether an owner has consented a short while ago.
    pub(super) async fn are_given(&self, pair: &Pair, now: Timestamp) -> bool {
        self.0.lock().await.get(pair).is_some_and(|until| *until > now)
    }

    /// An owner consents.
    pub(super) async fn keep(&self, pair: Pair, now: Timestamp) {
        self.0.lock().await.put(pair, now + LASTS);
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
