//! An item of every kind, each with its key.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::model::claim::{Claim, IndexedClaim};
use shared::model::facts::StoredEndpoint;
use shared::model::hold::Hold;
use shared::model::ids::{HostedZoneId, ServiceId, VpcId};
use shared::model::journal::JournalEntry;
use shared::model::record::RecordKey;
use shared::model::run::{Part, Run};
use shared::model::table::{Bucket, DefinitionItem, Expiring, Item, Key, WaitItem, journal_entry};

use shared::model::zone_claim::{ZoneClaim, ZoneCount};
use shared::model::zone_guest::ZoneGuest;

use crate::id;

/// A moment behind all tests, so that the table forgets nothing meanwhile: the year 2100.
pub(crate) const EXPIRES_AT: i64 = 4_102_444_800;
pub(crate) const SERVICE: &str = "vpce-svc-0a1b2c3d4e5f60718";
pub(crate) const ENDPOINT: &str = "vpce-0a1b2c3d4e5f60718";
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const ACCOUNT: &str = "044455556666";
const RUN: &str = "2026-03-02T09:15:00.000Z-word";
const AT: &str = "2026-03-02T09:15:00.123456789Z";

pub(crate) fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn service() -> ServiceId {
    id(SERVICE)
}

/// A claim on a name in `zone`.
pub(crate) fn claim(zone: &str, name: &str, version: u64) -> (Key, Item) {
    let key = RecordKey { zone: id::<HostedZoneId>(zone), name: id(name) };
    let claim: Claim = read(json!({
        "key": key, "zone_account": ACCOUNT, "service": SERVICE, "origin": "created", "version": version,
        "contributions": {ENDPOINT: {"vpc": VPC, "account": ACCOUNT, "addresses": {"a": ["10.0.0.1"]}}},
        "confirmed": {"a": ["10.0.0.1"], "aaaa": ["2001:db8::1"]},
        "pending": {"from": {}, "to": {"a": ["10.0.0.2"]}, "until": AT},
        "released": {"by": "arn:aws:iam::444455556666:user/x", "at": AT},
    }));
    (Key::claim(&key), claim.into())
}

/// A hold on the service, for want of access to an account.
pub(crate) fn hold(reason: &Value) -> (Key, Item) {
    let hold: Hold = read(json!({
        "subject": format!("{SERVICE}/{ENDPOINT}"), "reason": reason, "account": ACCOUNT, "since": AT,
        "expires_at": EXPIRES_AT,
    }));
    (Key::hold(&hold.subject), hold.into())
}

/// A turn of an endpoint's chain.
pub(crate) fn wait(due: Timestamp, turn: &str) -> (Key, Item) {
    let wait: WaitItem = read(json!({
        "vpc_endpoint": ENDPOINT, "due": due.as_second(), "deadline": due.as_second() + 1800,
        "delay_seconds": 10, "turn": turn, "expires_at": EXPIRES_AT,
    }));
    (Key::wait(&wait.vpc_endpoint), wait.into())
}

/// What a message of a run came to.
pub(crate) fn part(name: &str, failed: Option<&str>) -> (Key, Item) {
    let value = Part { vpcs: 1, changed: 2, held: 3, sent_on: 4, failed: failed.map(ToOwned::to_owned) };
    (Key::part(RUN, name), Expiring { value, expires_at: EXPIRES_AT }.into())
}

/// A run that has not ended.
pub(crate) fn run() -> (Key, Item, String) {
    let run: Run = read(json!({
        "run": RUN, "started": AT, "requested_by": "schedule", "request": {}, "expires_at": EXPIRES_AT,
    }));
    (Key::run(RUN), run.into(), RUN.to_owned())
}

/// What is remembered of an endpoint.
pub(crate) fn endpoint(id_text: &str) -> (Key, Item) {
    let stored: StoredEndpoint = read(json!({
        "service": SERVICE, "vpc_endpoint": id_text, "account": ACCOUNT, "vpc": VPC, "state": "available",
        "addresses": {"a": ["10.0.0.1"]}, "first_seen": AT, "expires_at": EXPIRES_AT,
    }));
    (Key::endpoint(&service(), &stored.vpc_endpoint), stored.into())
}

fn definition() -> (Key, Item) {
    let definition: DefinitionItem = read(json!({"definition": {
        "service": SERVICE, "names": ["*.aws.byoc.example.com"], "allowed_principals": [ACCOUNT],
    }}));
    (Key::definition(&service()), definition.into())
}

fn indexed() -> (Key, Item) {
    let key: RecordKey = id("Z0123456789/*.aws.byoc.example.com");
    let indexed: IndexedClaim = read(json!({
        "service": SERVICE, "account": ACCOUNT, "vpc": VPC, "others": {"vpc-0fedcba9876543210": ACCOUNT},
    }));
    (Key::indexed_claim(&key), indexed.into())
}

/// A claim on a zone.
pub(crate) fn zone_claim(version: u64) -> (Key, Item) {
    let claim: ZoneClaim = read(json!({
        "vpc": VPC, "account": ACCOUNT, "domain": "aws.byoc.example.com", "service": SERVICE, "version": version,
        "caller_reference": "zl-00112233445566778899aabbccddeeff-7", "state": "making", "until": AT, "made_anew": AT,
    }));
    (Key::zone_claim(&claim.vpc, &claim.domain), claim.into())
}

fn zone_count() -> (Key, Item) {
    (Key::zone_count(&id(ACCOUNT)), ZoneCount { zones: 3 }.into())
}

fn zone_guest() -> (Key, Item) {
    let guest: ZoneGuest = read(json!({
        "zone": "Z0123456789", "zone_account": ACCOUNT, "domain": "aws.byoc.example.com", "vpc": VPC,
        "vpc_account": "777788889999", "by": "arn:aws:iam::111122223333:role/operator", "version": 3,
        "state": "associating", "until": AT,
        "refused": {"reason": "ZoneConflict", "code": "route53:AssociateVPCWithHostedZone: ConflictingDomainExists",
                    "message": "it has one"},
    }));
    (Key::zone_guest(&guest.zone, &guest.vpc), guest.into())
}

fn reference() -> (Key, Item) {
    let key: RecordKey = id("Z0123456789/*.aws.byoc.example.com");
    (Key::reference(&id::<VpcId>(VPC), &key), key.into())
}

fn ended_run() -> (Key, Item) {
    let run: Run = read(json!({
        "run": "another", "started": AT, "requested_by": "hand", "request": {"dry_run": true}, "deletes": 7,
        "ended": AT, "endpoints": 1, "vpcs": 2, "messages": 3, "accepted": 4, "held": 5, "failed": 6,
        "expires_at": EXPIRES_AT,
    }));
    (Key::run("another"), run.into())
}

fn bucket() -> (Key, Item) {
    let bucket = Bucket { full_at: Some(1_772_442_900_123), turn_at: None, expires_at: EXPIRES_AT };
    (Key::bucket(&id(ACCOUNT)), bucket.into())
}

fn journal() -> (Key, Item) {
    let entry: JournalEntry = read(json!({
        "subject": VPC, "at": "2099-03-02T09:15:00.123456789Z", "cause": "a test", "reason": "it is due",
        "steps": ["one", "two"], "outcome": "done", "milliseconds": 12,
    }));
    journal_entry(VPC, entry)
}

/// One of every kind.
pub(crate) fn of_every_kind() -> Vec<(Key, Item)> {
    let (run_key, run, _) = run();
    let at: Timestamp = id("2099-03-02T09:15:00Z");
    vec![
        definition(),
        endpoint(ENDPOINT),
        reference(),
        claim("Z0123456789", "*.aws.byoc.example.com", 7),
        indexed(),
        zone_claim(7),
        zone_count(),
        zone_guest(),
        (run_key, run),
        ended_run(),
        part("1", None),
        part("2", Some("it was late")),
        hold(&json!({"reason": "NotAllowed", "owner": ACCOUNT})),
        wait(at, "turn"),
        bucket(),
        journal(),
    ]
}

/// Which kind it is: a new one is missing here, and above.
pub(crate) fn kind(item: &Item) -> &'static str {
    match item {
        Item::Definition(_) => "definition",
        Item::Endpoint(_) => "endpoint",
        Item::Reference(_) => "reference",
        Item::Claim(_) => "claim",
        Item::ZoneClaim(_) => "zone claim",
        Item::ZoneCount(_) => "zone count",
        Item::ZoneGuest(_) => "zone guest",
        Item::IndexedClaim(_) => "indexed claim",
        Item::Run(_) => "run",
        Item::Part(_) => "part",
        Item::Hold(_) => "hold",
        Item::Wait(_) => "wait",
        Item::Bucket(_) => "bucket",
        Item::JournalEntry(_) => "journal entry",
    }
}

/// How many kinds there are.
pub(crate) const KINDS: usize = 14;
