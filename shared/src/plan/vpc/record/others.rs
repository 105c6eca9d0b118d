//! Those who write the same record: their marks, and how often what they wrote was put right.
//!
//! What the endpoints or the definition have changed is no repair, and neither is a change that was announced and not
//! made.

use super::{Ownership, Row};
use crate::model::claim::Claim;
use crate::model::hold::HoldReason;
use crate::model::record::Addresses;
use crate::model::repairs::{Repairs, Rest};

impl Row<'_> {
    /// What keeps the record from being written, whatever stands in the claim.
    pub(super) fn in_the_way(&self) -> Option<HoldReason> {
        let kinds: Vec<_> = self.seen.incompatible.iter().cloned().collect();
        let incompatible = || (!kinds.is_empty()).then_some(HoldReason::IncompatibleRecord { kinds });
        self.marked().or_else(incompatible).or_else(|| self.contended())
    }

    /// Another controller's mark, as what stands in the way.
    fn marked(&self) -> Option<HoldReason> {
        let mark = self.seen.mark.clone()?;
        Some(HoldReason::ForeignController { controller: mark.controller, owner: mark.owner })
    }

    /// Whether a record of ours, which is to answer `addresses`, was written by somebody else.
    pub(super) fn is_drift(&self, ownership: &Ownership, addresses: &Addresses) -> bool {
        let Ownership::Ours { confirmed } = ownership else { return false };
        let seen = self.seen.addresses();
        if seen == *addresses { self.edited_ttl().is_some() } else { seen != *confirmed }
    }

    /// The TTL that we wrote, and the one that stands there, which neither we wrote nor the definition wants.
    pub(super) fn edited_ttl(&self) -> Option<(u32, u32)> {
        let claim = self.facts.claim.as_ref()?;
        let made = claim.pending.as_ref().filter(|pending| pending.is_made(self.seen));
        let ours = made.map_or(claim.ttl, |pending| pending.ttl)?;
        let other = self.seen.ttls().find(|ttl| *ttl != ours && *ttl != self.desired.ttl)?;
        Some((ours, other))
    }

    /// Why a record that somebody else has written is not put right once more.
    fn contended(&self) -> Option<HoldReason> {
        let Rest { by, repairs, until } = self.made_repairs().rest(self.now).filter(|_| self.is_drift)?;
        Some(HoldReason::Contended { by, repairs, until })
    }

    /// What the claim is to say of repairs from now on.
    pub(super) fn repairs(&self) -> Repairs {
        let made = self.made_repairs();
        if self.is_drift { made.and(self.now, self.by) } else { made.at(self.now) }
    }

    /// The repairs that were made. Of one that was announced, that is known when its time is over.
    pub(super) fn made_repairs(&self) -> Repairs {
        let Some(Claim { repairs, pending, .. }) = &self.facts.claim else { return Repairs::default() };
        match pending {
            Some(pending) if !pending.is_made(self.seen) => repairs.without(pending.announced()),
            _ => repairs.clone(),
        }
    }
}
