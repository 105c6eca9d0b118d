//! What the model's states are made of: the values of `shared`, small enough to be looked at by the million.

use std::fmt;

/// Addresses, one bit for each. No bit: no record set.
pub(crate) type Set = u8;

pub(crate) const NOTHING: Set = 0;
/// The first endpoint's.
pub(crate) const ONE: Set = 1;
/// The first endpoint's, once it has moved to another subnet.
pub(crate) const MOVED: Set = 2;
/// The second endpoint's.
pub(crate) const TWO: Set = 4;
/// No endpoint's: what only a person writes.
pub(crate) const FOREIGN: Set = 8;
/// The same, and AAAA.
pub(crate) const FOREIGN_AAAA: Set = 16;

/// Each bit with its address.
pub(crate) const ADDRESSES: [(Set, &str); 5] = [
    (ONE, "10.0.0.1"),
    (MOVED, "10.0.0.2"),
    (TWO, "10.0.0.3"),
    (FOREIGN, "192.0.2.9"),
    (FOREIGN_AAAA, "2001:db8::9"),
];

/// The record types, as bits of a [`Set`].
pub(crate) const TYPES: [Set; 2] = [ONE | MOVED | TWO | FOREIGN, FOREIGN_AAAA];

/// All that stands at the name.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Record {
    pub(crate) set: Set,
    /// The A record set has a TTL that is not the definition's.
    pub(crate) other_ttl: bool,
    /// A CNAME stands there, and nothing else.
    pub(crate) cname: bool,
}

/// Who wrote a record set. Only the check knows; Route 53 does not, and no worker can ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Author {
    /// We did. So it is said of nothing, too.
    #[default]
    Us,
    /// A person did.
    Person,
    /// A person wrote by hand what the claim names as ours: nobody can tell it from ours.
    PersonAsWeWould,
}

/// A claim as `shared::model::claim::Claim`, its version counted from the model's first moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Claim {
    pub(crate) contributions: [Set; 2],
    pub(crate) adopted: bool,
    pub(crate) confirmed: Set,
    pub(crate) pending: Option<Pending>,
    pub(crate) version: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pending {
    pub(crate) from: Set,
    pub(crate) to: Set,
    /// The minute with which its time is over.
    pub(crate) until: u8,
}

/// A change batch: the DELETEs, all with exact values and TTL, and the CREATEs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Batch {
    pub(crate) delete: Set,
    pub(crate) delete_other_ttl: bool,
    pub(crate) create: Set,
    /// What the claim announces.
    pub(crate) announced: Pending,
}

/// A step of a plan on the record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    Put { claim: Claim, expects: Option<u32>, joins: u8, leaves: u8 },
    Change(Batch),
    Release { expects: u32, leaves: u8 },
}

impl Record {
    /// What Route 53 makes of a batch: all of it, or nothing when a part does not fit.
    pub(crate) fn apply(self, batch: Batch) -> Option<Record> {
        let mut after = self;
        for of_type in TYPES {
            let (delete, create) = (batch.delete & of_type, batch.create & of_type);
            let is_a = of_type == TYPES[0];
            if delete != NOTHING {
                if self.set & of_type != delete || (is_a && self.other_ttl != batch.delete_other_ttl) {
                    return None;
                }
                after.set &= !of_type;
                after.other_ttl &= !is_a;
            }
            if create != NOTHING {
                if after.set & of_type != NOTHING || self.cname {
                    return None;
                }
                after.set |= create;
            }
        }
        Some(after)
    }
}

impl Step {
    /// Its change of records, if it is one.
    pub(crate) fn batch(&self) -> Option<Batch> {
        match self {
            Step::Change(batch) => Some(*batch),
            Step::Put { .. } | Step::Release { .. } => None,
        }
    }
}

impl Claim {
    /// Whether the claim says that we write, wrote or replace just these values of some types. What is written, it
    /// names under our TTL alone.
    pub(crate) fn names(&self, set: Set, of_types: Set, other_ttl: bool) -> bool {
        let written = self.pending.filter(|_| !other_ttl).map(|pending| pending.to);
        let replaced = self.pending.map(|pending| pending.from);
        [written, replaced, Some(self.confirmed)].into_iter().flatten().any(|named| named & of_types == set)
    }
}

/// A set in letters: the first endpoint's address is a, b once it has moved; the second's is c; a person's F.
pub(crate) struct Letters(pub(crate) Set);

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == NOTHING {
            return f.write_str("nothing");
        }
        for (bit, letter) in ADDRESSES.iter().map(|(bit, _)| bit).zip(["a", "b", "c", "F", "Faaaa"]) {
            f.write_str(if self.0 & bit == 0 { "" } else { letter })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ttl = if self.other_ttl { " (other TTL)" } else { "" };
        let cname = if self.cname { " CNAME" } else { "" };
        write!(f, "{:?}{ttl}{cname}", Letters(self.set))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} to {:?} until {}", Letters(self.from), Letters(self.to), self.until)
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Claim { contributions: [one, two], adopted, confirmed, pending, version } = self;
        let origin = if *adopted { "adopted" } else { "created" };
        let (one, two) = (Letters(*one), Letters(*two));
        write!(f, "v{version} {origin} [{one:?}, {two:?}] confirmed {:?}", Letters(*confirmed))?;
        pending.map_or(Ok(()), |pending| write!(f, " pending {pending:?}"))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Put { claim, expects, .. } => write!(f, "put claim if {expects:?}: {claim:?}"),
            Step::Release { expects, .. } => write!(f, "release claim if {expects}"),
            Step::Change(Batch { delete, delete_other_ttl, create, .. }) => {
                let ttl = if *delete_other_ttl { " (other TTL)" } else { "" };
                write!(f, "DELETE {:?}{ttl} CREATE {:?}", Letters(*delete), Letters(*create))
            }
        }
    }
}
