//! The table: one item per thing, keyed so that each decision reads one partition.
//!
//! ```text
//! pk                sk                   item
//! service           vpce-svc-…           a service definition, in the attribute `definition`
//! service#vpce-svc… vpce-…               what is remembered of an endpoint
//! vpc#vpc-…         zone/name            a reference: the VPC adds to this claim
//! vpc#vpc-…         zone-claim/domain    a claim on a zone that is made for the VPC
//! zones#account     made                 how many such claims live in an account
//! zone-guests       zone/vpc-…           a further VPC that people had zonelink associate with a zone
//! claim#zone        name                 a claim
//! claims            zone/name            the index of claims: service, account and VPC of each
//! claims            zone-claim/vpc-…/domain   the same of a claim on a zone
//! run               moment-id            a run of backfill, until `expires_at`
//! run#moment-id     part                 what one message of a run came to, until `expires_at`
//! hold              subject              a hold
//! wait#vpce-…       wait                 a waiting chain
//! bucket#account    route53              when the account's share of Route 53 requests is whole again
//! journal#subject   time                 what was decided and done, until `expires_at`
//! ```

mod updates;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::claim::{Claim, IndexedClaim};
use super::dns::DnsName;
use super::facts::{StoredEndpoint, Wait};
use super::hold::{Hold, Subject};
use super::ids::{AccountId, HostedZoneId, ServiceId, VpcEndpointId, VpcId};
use super::journal::JournalEntry;
use super::policy::ServiceDefinition;
use super::record::RecordKey;
use super::run::{Part, Run};
use super::zone_claim::{ZoneClaim, ZoneCount};
use super::zone_guest::ZoneGuest;

pub use self::updates::{BucketUpdate, RunUpdate, ZoneStep};

/// A partition, which one `Query` lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// The service definitions.
    Definitions,
    /// What is remembered of a service's endpoints.
    Endpoints(ServiceId),
    /// The references of a VPC.
    References(VpcId),
    /// How many zone claims live in an account.
    ZoneCounts(AccountId),
    /// The further VPCs of zones.
    ZoneGuests,
    /// The claims of a zone.
    Claims(HostedZoneId),
    /// The index of all claims.
    ClaimIndex,
    /// The runs of backfill.
    Runs,
    /// The parts of one run.
    Parts(String),
    /// The holds.
    Holds,
    /// The waiting chain of an endpoint.
    Waits(VpcEndpointId),
    /// The bucket of an account.
    Buckets(AccountId),
    /// The journal of one thing.
    Journal(String),
}

impl Partition {
    /// The partition key.
    #[must_use]
    pub fn pk(&self) -> String {
        match self {
            Partition::Definitions => "service".into(),
            Partition::Endpoints(service) => format!("service#{service}"),
            Partition::References(vpc) => format!("vpc#{vpc}"),
            Partition::ZoneCounts(account) => format!("zones#{account}"),
            Partition::ZoneGuests => "zone-guests".into(),
            Partition::Claims(zone) => format!("claim#{zone}"),
            Partition::ClaimIndex => "claims".into(),
            Partition::Runs => "run".into(),
            Partition::Parts(run) => format!("run#{run}"),
            Partition::Holds => "hold".into(),
            Partition::Waits(vpc_endpoint) => format!("wait#{vpc_endpoint}"),
            Partition::Buckets(account) => format!("bucket#{account}"),
            Partition::Journal(place) => format!("journal#{place}"),
        }
    }
}

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The partition.
    pub partition: Partition,
    /// The sort key.
    pub sk: String,
}

impl Key {
    fn new(partition: Partition, sk: &(impl ToString + ?Sized)) -> Self {
        Self { partition, sk: sk.to_string() }
    }

    /// A service definition.
    #[must_use]
    pub fn definition(service: &ServiceId) -> Self {
        Self::new(Partition::Definitions, service)
    }

    /// What is remembered of an endpoint.
    #[must_use]
    pub fn endpoint(service: &ServiceId, vpc_endpoint: &VpcEndpointId) -> Self {
        Self::new(Partition::Endpoints(service.clone()), vpc_endpoint)
    }

    /// A claim.
    #[must_use]
    pub fn claim(key: &RecordKey) -> Self {
        Self::new(Partition::Claims(key.zone.clone()), &key.name)
    }

    /// What the index says of a claim.
    #[must_use]
    pub fn indexed_claim(key: &RecordKey) -> Self {
        Self::new(Partition::ClaimIndex, key)
    }

    /// The reference of a VPC to a claim.
    #[must_use]
    pub fn reference(vpc: &VpcId, key: &RecordKey) -> Self {
        Self::new(Partition::References(vpc.clone()), key)
    }

    /// A claim on a zone that is made for a VPC.
    #[must_use]
    pub fn zone_claim(vpc: &VpcId, domain: &DnsName) -> Self {
        Self::new(Partition::References(vpc.clone()), &format!("{ZONE_CLAIM}{domain}"))
    }

    /// What the index says of it.
    #[must_use]
    pub fn indexed_zone_claim(vpc: &VpcId, domain: &DnsName) -> Self {
        Self::new(Partition::ClaimIndex, &format!("{ZONE_CLAIM}{vpc}/{domain}"))
    }

    /// How many zone claims live in an account.
    #[must_use]
    pub fn zone_count(account: &AccountId) -> Self {
        Self::new(Partition::ZoneCounts(account.clone()), "made")
    }

    /// A further VPC of a zone.
    #[must_use]
    pub fn zone_guest(zone: &HostedZoneId, vpc: &VpcId) -> Self {
        Self::new(Partition::ZoneGuests, &format!("{zone}/{vpc}"))
    }

    /// Whether this is the key of a claim on a zone, or of what the index says of one.
    #[must_use]
    pub fn is_of_zone_claim(&self) -> bool {
        matches!(self.partition, Partition::References(_) | Partition::ClaimIndex)
            && is_of_zone_claim(&self.sk)
    }

    /// A hold.
    #[must_use]
    pub fn hold(subject: &Subject) -> Self {
        Self::new(Partition::Holds, subject)
    }

    /// A waiting chain.
    #[must_use]
    pub fn wait(vpc_endpoint: &VpcEndpointId) -> Self {
        Self::new(Partition::Waits(vpc_endpoint.clone()), "wait")
    }

    /// A bucket.
    #[must_use]
    pub fn bucket(account: &AccountId) -> Self {
        Self::new(Partition::Buckets(account.clone()), "route53")
    }

    /// What a message of a run came to.
    #[must_use]
    pub fn part(run: &str, name: &str) -> Self {
        Self::new(Partition::Parts(run.to_owned()), name)
    }

    /// A run of backfill.
    #[must_use]
    pub fn run(run: &str) -> Self {
        Self::new(Partition::Runs, run)
    }
}

/// How the sort keys of claims on zones begin, and of what the index says of them. No zone's id does: those have
/// capital letters and digits.
const ZONE_CLAIM: &str = "zone-claim/";

/// Whether a sort key of a VPC's references, or of the index, is one of a claim on a zone.
#[must_use]
pub fn is_of_zone_claim(sk: &str) -> bool {
    sk.starts_with(ZONE_CLAIM)
}

/// The claim on a zone of which an entry of the index says something; none where it speaks of a record.
#[must_use]
pub fn zone_claim_key(indexed: &str) -> Option<Key> {
    let (vpc, domain) = indexed.strip_prefix(ZONE_CLAIM)?.split_once('/')?;
    Some(Key::zone_claim(&vpc.parse().ok()?, &domain.parse().ok()?))
}

/// For how long an entry of the journal stays.
const JOURNAL_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The key and item of an entry of the journal on the thing that `place` names.
#[must_use]
pub fn journal_entry(place: &str, entry: JournalEntry) -> (Key, Item) {
    let expires_at = (entry.at + JOURNAL_KEPT).as_second();
    let key = Key::new(Partition::Journal(place.to_owned()), &format!("{:.9}", entry.at));
    (key, Expiring { value: entry, expires_at }.into())
}

/// What an item holds besides its key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Item {
    /// A service definition.
    Definition(Box<DefinitionItem>),
    /// What is remembered of an endpoint.
    Endpoint(Box<StoredEndpoint>),
    /// A reference: the key of the claim.
    Reference(Box<RecordKey>),
    /// A claim.
    Claim(Box<Claim>),
    /// A claim on a zone.
    ZoneClaim(Box<ZoneClaim>),
    /// How many of them live in an account.
    ZoneCount(Box<ZoneCount>),
    /// A further VPC of a zone.
    ZoneGuest(Box<ZoneGuest>),
    /// What the index says of a claim.
    IndexedClaim(Box<IndexedClaim>),
    /// A run of backfill.
    Run(Box<Run>),
    /// What a message of a run came to.
    Part(Box<Expiring<Part>>),
    /// A hold.
    Hold(Box<Hold>),
    /// A waiting chain.
    Wait(Box<WaitItem>),
    /// An account's bucket.
    Bucket(Box<Bucket>),
    /// An entry of the journal.
    JournalEntry(Box<Expiring<JournalEntry>>),
}

/// A service definition as an item holds it, beside what people may have added there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionItem {
    /// The definition.
    pub definition: ServiceDefinition,
}

/// A value that the table forgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring<T> {
    /// The value.
    #[serde(flatten)]
    pub value: T,
    /// When the table forgets it, in seconds since 1970 (DynamoDB's TTL).
    pub expires_at: i64,
}

/// A waiting chain: moments in seconds, so that conditions can compare them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitItem {
    /// The endpoint.
    pub vpc_endpoint: VpcEndpointId,
    /// The turn.
    #[serde(flatten)]
    pub wait: Wait,
    /// Which worker's turn it is: its moment to the nanosecond, so that no two workers take the same one.
    pub turn: String,
    /// When the table forgets a chain that nobody ends, in seconds since 1970 (DynamoDB's TTL).
    pub expires_at: i64,
}

/// How much of an account's share of Route 53 requests is used. Moments in milliseconds since 1970, so that
/// DynamoDB can compare and add them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// When it is full again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<i64>,
    /// When the next turn of a sweep's message is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_at: Option<i64>,
    /// When the table forgets it, in seconds since 1970 (DynamoDB's TTL).
    #[serde(default)]
    pub expires_at: i64,
}

/// What must be so for a write to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// No item stands there.
    Absent,
    /// An item stands there.
    Present,
    /// A claim of this version stands there, on a record or on a zone, or a further VPC of a zone.
    Version(u64),
    /// No hold stands there, or one for another reason.
    OtherReason,
    /// No chain stands there, or one that is due by this moment, or this very turn.
    TurnIsFree(Timestamp),
    /// No part stands there, or one that failed.
    NotDone,
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// `Put`.
    Put(Key, Item, Condition),
    /// `Delete`.
    Delete(Key, Condition),
    /// `Update` of the number of zone claims that live in an account.
    CountZone(AccountId, ZoneStep),
}

macro_rules! kinds {
    ($($variant:ident $value:ty;)*) => {$(
        impl From<$value> for Item {
            fn from(value: $value) -> Self {
                Item::$variant(Box::new(value))
            }
        }

        impl TryFrom<Item> for $value {
            type Error = Item;

            fn try_from(item: Item) -> Result<Self, Item> {
                if let Item::$variant(value) = item { Ok(*value) } else { Err(item) }
            }
        }
    )*};
}

kinds! {
    Definition DefinitionItem;
    Endpoint StoredEndpoint;
    Reference RecordKey;
    Claim Claim;
    ZoneClaim ZoneClaim;
    ZoneCount ZoneCount;
    ZoneGuest ZoneGuest;
    IndexedClaim IndexedClaim;
    Run Run;
    Part Expiring<Part>;
    Hold Hold;
    Wait WaitItem;
    Bucket Bucket;
    JournalEntry Expiring<JournalEntry>;
}
