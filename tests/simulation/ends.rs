//! A hold whose cause is gone ends by a sweep alone, whatever it is on and whatever it says.
//!
//! Each reason is put on a subject of each kind, in a world in which it has no cause: once on what is there, and all is
//! right with it, and once on what is gone altogether. No event tells of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use shared::model::denied::{Denied, Tried};
use shared::model::facts::VpcEndpointState::Available;
use shared::model::hold::{Hold, HoldReason, Subject};
use shared::model::ids::AccountId;
use shared::model::policy::SharedZones;
use shared::model::record::{Addresses, RecordKey};
use shared::model::table::{Item, Key};

use super::drive::Drive;
use super::script::{SERVICE, record};
use super::setting::{CLIENTS, id};
use super::world::World;

const VPC: &str = "vpc-00000001";
const ENDPOINT: &str = "vpce-00000001";
const MINUTE: i64 = 60_000;

/// One VPC with its endpoint, known for long, and the record that answers its address.
fn settled() -> Drive {
    let mut world = World::scripted(SharedZones::Refuse, &[VPC]);
    world.client_creates(ENDPOINT, VPC, &["10.1.0.1"]);
    world.turns(ENDPOINT, Available);
    let drive = Drive::new(world);
    drive.look_at(VPC);
    drive.world.borrow_mut().pass(11 * MINUTE);
    drive.sweep();
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
    drive
}

/// A subject of each kind: of what is there, or of what is not.
fn subjects(is_there: bool) -> Vec<Subject> {
    let of = |there: &'static str, gone: &'static str| if is_there { there } else { gone };
    let account = CLIENTS[usize::from(!is_there)];
    let (vpc, vpc_endpoint) = (of(VPC, "vpc-00000009"), of(ENDPOINT, "vpce-00000009"));
    let service = of(SERVICE, "vpce-svc-00000009");
    let key = if is_there { record() } else { RecordKey { zone: id("Z9"), name: id("*.gone.example.com") } };
    let subjects = vec![
        Subject::Account(id(account)),
        Subject::Service(id(service)),
        Subject::AllowList(id(service)),
        Subject::Definition(service.to_owned()),
        Subject::Connection(id(service), id(vpc_endpoint)),
        Subject::VpcEndpoint(id(vpc), id(vpc_endpoint)),
        Subject::UnknownEndpoint(id(account), id(vpc_endpoint)),
        Subject::Name(id(vpc), key.name.clone()),
        Subject::Record(id(vpc), key),
    ];
    let kinds: BTreeSet<_> = subjects.iter().map(kind).collect();
    assert_eq!(kinds, (0..KINDS).collect(), "a subject of each kind");
    subjects
}

const KINDS: usize = 9;

/// Whoever adds a kind of subject adds it above.
fn kind(subject: &Subject) -> usize {
    match subject {
        Subject::Account(_) => 0,
        Subject::Service(_) => 1,
        Subject::AllowList(_) => 2,
        Subject::Definition(_) => 3,
        Subject::Connection(..) => 4,
        Subject::VpcEndpoint(..) => 5,
        Subject::UnknownEndpoint(..) => 6,
        Subject::Name(..) => 7,
        Subject::Record(..) => 8,
    }
}

/// Some reasons of each sort: those that a plan looks at when it meets them again, and those that it does not.
fn reasons(now: Timestamp) -> Vec<HoldReason> {
    let denied = |operation: &str, tried| {
        let (account, message) = (id(CLIENTS[0]), "AccessDenied".into());
        HoldReason::NoAccess(Denied { account, operation: operation.into(), message, tried })
    };
    let tried = Tried { first: now, last: now };
    let change = "route53:ChangeResourceRecordSets";
    let owner = id(CLIENTS[0]);
    vec![
        HoldReason::NotAllowed { owner },
        HoldReason::Revoked { owner: id(CLIENTS[0]), since: Some(now) },
        HoldReason::OtherRegion { owner: id(CLIENTS[0]), region: id("eu-west-1") },
        HoldReason::AllowListUnreadable { why: "organizations:ListParents".into() },
        HoldReason::AllowListEmpty,
        HoldReason::UncheckablePrincipals { principals: vec!["*".into()] },
        HoldReason::TooManyRejects { wanted: 3, allowed: 2 },
        HoldReason::ServiceNotFound,
        HoldReason::InvalidDefinition { message: "ttl".into() },
        denied("sts:AssumeRole", None),
        denied("ec2:DescribeNetworkInterfaces", None),
        denied(change, Some(tried)),
        HoldReason::NoZone { tried: None },
        HoldReason::NoZone { tried: Some(tried) },
        HoldReason::ProfileZone { profile: id("rp-0123456789abcdef"), zone: id("Z8"), tried },
        HoldReason::ProviderVpc,
        HoldReason::TooManyZones { at_most: 20 },
        HoldReason::ZoneQuota { message: "TooManyHostedZones".into() },
        HoldReason::ZoneTakenAway { domain: id("aws.byoc.example.com"), made: now },
        HoldReason::ZoneDisassociated { domain: id("aws.byoc.example.com"), zone: None },
        HoldReason::ShadowedByPrivateDns { zone: id("Z8"), service: "vpce.amazonaws.com".into() },
        HoldReason::CloudMapZone { message: "AWS Cloud Map".into() },
        HoldReason::Shadowed { because: Box::new(denied(change, Some(tried))) },
        HoldReason::NoSubnet,
        HoldReason::Stalled { state: None },
        HoldReason::ForeignRecord { seen: Addresses::default() },
        HoldReason::ForeignController { controller: "external-dns".into(), owner: None },
        HoldReason::Contended { by: None, repairs: 4, until: now },
        HoldReason::IncompatibleRecord { kinds: vec!["CNAME".into()] },
        HoldReason::NameTaken { service: id("vpce-svc-00000008") },
        HoldReason::SharedZone { vpc: id("vpc-00000008") },
        HoldReason::ZoneOwnerConsent { zone_account: id(CLIENTS[1]), vpc_account: id(CLIENTS[0]) },
        HoldReason::Route53Refused { message: "InvalidChangeBatch".into() },
        HoldReason::RecordFull { values: 401, at_most: 400 },
        HoldReason::NotDefined { service: id("vpce-svc-00000008") },
        HoldReason::TooManyDeletes { run: "a-run".into(), at_most: 20 },
        HoldReason::Released { by: "arn:aws:iam::1:root".into(), at: now },
        HoldReason::Unknown,
    ]
}

/// What only a look at an available endpoint shows is not shown where there is none: such a hold is written with a
/// moment at which the table forgets it. Notes are taken of records alone.
fn is_left_out(subject: &Subject, reason: &HoldReason, is_there: bool) -> bool {
    let is_rare = matches!(reason, HoldReason::NoAccess(denied) if denied.is_rarely_met());
    let is_forgotten = is_rare && !is_there && matches!(subject, Subject::Account(_));
    is_forgotten || (reason.is_note() && !matches!(subject, Subject::Record(..)))
}

#[test]
fn a_hold_on_any_subject_ends_by_a_sweep_alone_when_its_cause_is_gone() {
    let drive = settled();
    for is_there in [true, false] {
        let account: AccountId = id(CLIENTS[usize::from(!is_there)]);
        let now = drive.world.borrow().timestamp();
        for reason in reasons(now) {
            let subjects = subjects(is_there);
            for subject in subjects.into_iter().filter(|subject| !is_left_out(subject, &reason, is_there)) {
                let hold = Hold {
                    account: subject.vpc().map(|_| account.clone()),
                    subject: subject.clone(),
                    reason: reason.clone(),
                    since: now,
                    expires_at: None,
                };
                let item = Item::Hold(Box::new(hold));
                drive.world.borrow_mut().table.insert(&Key::hold(&subject), &item);
            }
            // Route 53's share fills up again between two sweeps.
            drive.world.borrow_mut().pass(15 * MINUTE);
            drive.sweep();
            let world = drive.world.borrow();
            let left: Vec<_> = world.table.holds().map(|hold| hold.subject.to_string()).collect();
            assert_eq!(
                left,
                Vec::<String>::new(),
                "{reason}, on what is {}",
                if is_there { "there" } else { "gone" }
            );
        }
    }
    assert_eq!(drive.world.borrow().differences(), Vec::<String>::new());
}
