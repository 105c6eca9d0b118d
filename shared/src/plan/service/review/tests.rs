use std::sync::LazyLock;

use super::*;
use crate::model::facts::{AllowListFacts, Connection, Membership, StoredEndpoint};
use crate::model::ids::Region;
use crate::model::policy::{Disallowed, OrganizationPath};
use crate::model::record::Addresses;

const SERVICE: &str = "vpce-svc-0123456789abcdef0";
const PARTNER: &str = "444455556666";
const STRANGER: &str = "777788889999";

static REGION: LazyLock<Region> = LazyLock::new(|| id("us-west-2"));

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn definition() -> ServiceDefinition {
    let json = format!(
        r#"{{"service":"{SERVICE}","names":["*.aws.example.com"],"allowed_principals":["{PARTNER}"]}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn vpce(number: usize) -> VpcEndpointId {
    id(&format!("vpce-{number:08x}"))
}

fn facts(connections: &[(usize, &str, &str)]) -> ServiceFacts {
    ServiceFacts {
        service: id(SERVICE),
        exists: Some(true),
        connections: connections
            .iter()
            .map(|(number, owner, state)| Connection {
                vpc_endpoint: vpce(*number),
                owner: id(owner),
                state: VpcEndpointState::from(*state),
                region: None,
            })
            .collect(),
        complete: true,
        allow_list: AllowListFacts::default(),
        stored: BTreeMap::new(),
        holds: BTreeMap::new(),
    }
}

fn plan_for(facts: &ServiceFacts, send_on: SendOn, accounts: &[&str]) -> Plan {
    let accounts = accounts.iter().map(|account| id(account)).collect();
    plan(facts, &definition(), &Question { send_on, ..asked(&accounts, 0) })
}

/// What a sweep asks, at this many seconds.
fn asked(accounts: &BTreeSet<AccountId>, now: i64) -> Question<'_> {
    Question {
        send_on: SendOn::All,
        region: &REGION,
        accounts,
        max_rejects: 10,
        allow_rejects: None,
        cause: "a test",
        since: None,
        now: Timestamp::from_second(now).unwrap(),
    }
}

/// A sweep of everything at this many seconds.
fn swept(facts: &ServiceFacts, definition: &ServiceDefinition, now: i64) -> Plan {
    plan(facts, definition, &asked(&BTreeSet::new(), now))
}

/// A definition that rejects, after a grace of that many seconds.
fn rejecting(principals: &[&str], revocation_grace: u32) -> ServiceDefinition {
    let allowed_principals = principals.iter().map(|principal| id(principal)).collect();
    ServiceDefinition { allowed_principals, disallowed: Disallowed::Reject, revocation_grace, ..definition() }
}

fn accepted(plan: &Plan) -> Vec<String> {
    let ids = plan.steps().filter_map(|step| match step {
        Step::AcceptConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().map(ToString::to_string)),
        _ => None,
    });
    ids.flatten().collect()
}

fn rejected(plan: &Plan) -> Vec<String> {
    let ids = plan.steps().filter_map(|step| match step {
        Step::RejectConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().map(ToString::to_string)),
        _ => None,
    });
    ids.flatten().collect()
}

fn held(plan: &Plan) -> Vec<String> {
    let names = plan.holds.values().map(|reason| reason.to_string().split(':').next().unwrap().to_owned());
    names.collect()
}

fn sent(plan: &Plan) -> Vec<(String, usize, bool)> {
    let intents = plan.steps().filter_map(|step| match step {
        Step::SendIntent { intent, .. } => {
            Some((intent.account.to_string(), intent.vpc_endpoints.len(), intent.announced))
        }
        _ => None,
    });
    intents.collect()
}

#[test]
fn owner_of_thousands_of_endpoints_keeps_nobody_waiting() {
    let most = super::super::verdicts::MAX_ACCEPTS;
    let mut connections: Vec<_> =
        (0..2 * most).map(|number| (number, PARTNER, "pendingAcceptance")).collect();
    connections.push((2 * most, STRANGER, "pendingAcceptance"));
    let definition =
        ServiceDefinition { allowed_principals: [id(PARTNER), id(STRANGER)].into(), ..definition() };
    let first = swept(&facts(&connections), &definition, 0);
    let accepted_first = accepted(&first);
    assert_eq!(accepted_first.len(), most);
    assert!(accepted_first.contains(&vpce(2 * most).to_string()), "the other's one is among them");
    assert!(first.groups.iter().any(|group| group.reason.contains("1001 more wait for the next review")));
    let is_left = |(number, ..): &(usize, &str, &str)| !accepted_first.contains(&vpce(*number).to_string());
    connections.retain(is_left);
    assert_eq!(accepted(&swept(&facts(&connections), &definition, 0)).len(), most);
}

/// The connection of an endpoint in another region than the stack.
fn elsewhere(owner: &str, state: &str) -> ServiceFacts {
    let mut facts = facts(&[(1, owner, state)]);
    facts.connections.iter_mut().for_each(|one| one.region = Some(id("eu-west-1")));
    facts
}

#[test]
fn connection_from_another_region_is_accepted_and_held_and_not_sent_on() {
    let waiting = swept(&elsewhere(PARTNER, "pendingAcceptance"), &definition(), 0);
    assert_eq!(accepted(&waiting), [vpce(1).to_string()]);
    for plan in [waiting, swept(&elsewhere(PARTNER, "available"), &definition(), 0)] {
        assert_eq!(held(&plan), ["OtherRegion"]);
        assert_eq!(sent(&plan), []);
        assert!(plan.holds.values().any(|reason| reason.to_string().contains("eu-west-1")));
    }
    let stranger = swept(&elsewhere(STRANGER, "pendingAcceptance"), &definition(), 0);
    assert_eq!((accepted(&stranger), held(&stranger)), (vec![], vec!["NotAllowed".into()]));
}

#[test]
fn hold_of_another_region_ends_when_the_connection_goes() {
    let subject = Subject::Connection(id(SERVICE), vpce(1));
    let held = HoldReason::OtherRegion { owner: id(PARTNER), region: id("eu-west-1") };
    for connections in [vec![], vec![(1, PARTNER, "deleting")], vec![(1, PARTNER, "available")]] {
        let mut facts = facts(&connections);
        facts.holds = [(subject.clone(), held.clone())].into();
        let plan = swept(&facts, &definition(), 0);
        assert!(plan.holds.is_empty());
        assert!(plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })), "{connections:?}");
    }
    let mut facts = elsewhere(PARTNER, "available");
    facts.holds = [(subject, held)].into();
    assert!(swept(&facts, &definition(), 0).is_empty(), "and not before");
}

#[test]
fn pending_connection_from_allowed_owner_is_accepted_and_sent_on() {
    let plan = plan_for(&facts(&[(1, PARTNER, "pendingAcceptance")]), SendOn::Named([].into()), &[]);
    assert_eq!(accepted(&plan), [vpce(1).to_string()]);
    assert_eq!(sent(&plan), [(PARTNER.to_owned(), 1, true)]);
    assert!(plan.to_string().contains(&format!("of {PARTNER} (allowed by {PARTNER})")));
}

#[test]
fn pending_connection_from_stranger_is_held_and_not_sent_on() {
    let plan = plan_for(&facts(&[(1, STRANGER, "PendingAcceptance")]), SendOn::All, &[]);
    assert_eq!((accepted(&plan).len(), sent(&plan).len()), (0, 0));
    let shown = plan.to_string();
    let words = format!("NotAllowed: no rule of the allow list matches account {STRANGER}");
    assert!(shown.contains(&words), "{shown}");
    assert!(rejected(&plan).is_empty());
}

#[test]
fn established_connection_of_stranger_is_reported_and_left() {
    for state in ["pending", "available"] {
        let plan = plan_for(&facts(&[(1, STRANGER, state)]), SendOn::All, &[]);
        assert!(accepted(&plan).is_empty());
        assert!(plan.to_string().contains("Revoked"), "{state}");
    }
}

#[test]
fn other_states_are_neither_accepted_nor_held() {
    for state in ["pending", "available", "rejected", "deleting", "expired", "failed", "resting"] {
        let plan = plan_for(&facts(&[(1, PARTNER, state)]), SendOn::Named([].into()), &[]);
        assert!(plan.is_empty() && plan.holds.is_empty(), "{state}");
    }
}

#[test]
fn sweep_sends_every_listed_and_every_remembered_endpoint_in_hundreds() {
    let connections: Vec<_> = (0..150).map(|number| (number, PARTNER, "available")).collect();
    let mut facts = facts(&connections);
    let gone = StoredEndpoint {
        service: id(SERVICE),
        vpc_endpoint: vpce(999),
        account: id(PARTNER),
        vpc: id("vpc-00000001"),
        state: None,
        addresses: Addresses::default(),
        allowed: None,
        first_seen: Timestamp::UNIX_EPOCH,
        expires_at: None,
    };
    facts.stored.insert(vpce(999), gone);
    let plan = plan_for(&facts, SendOn::All, &[]);
    let of = |count, announced| (PARTNER.to_owned(), count, announced);
    assert_eq!(sent(&plan), [of(100, true), of(50, true), of(1, false)]);
}

#[test]
fn two_hundred_fifty_connections_are_accepted_in_three_calls() {
    let connections: Vec<_> = (0..250).map(|number| (number, PARTNER, "pendingAcceptance")).collect();
    let plan = plan_for(&facts(&connections), SendOn::All, &[]);
    let calls = plan.steps().filter(|step| matches!(step, Step::AcceptConnections { .. })).count();
    assert_eq!((calls, accepted(&plan).len()), (3, 250));
}

#[test]
fn only_the_named_accounts_are_looked_at() {
    let facts = facts(&[(1, PARTNER, "pendingAcceptance"), (2, STRANGER, "pendingAcceptance")]);
    let plan = plan_for(&facts, SendOn::All, &[STRANGER]);
    assert!(accepted(&plan).is_empty());
    assert_eq!(plan.holds.len(), 1);
}

#[test]
fn service_that_does_not_exist_is_held_once() {
    let mut facts = facts(&[]);
    facts.exists = Some(false);
    let holds = |plan: &Plan| plan.steps().filter(|step| matches!(step, Step::PutHold { .. })).count();
    let plan = plan_for(&facts, SendOn::All, &[]);
    assert_eq!(holds(&plan), 1);
    facts.holds = plan.holds;
    assert_eq!(holds(&plan_for(&facts, SendOn::All, &[])), 0);
}

#[test]
fn hold_on_a_connection_that_waits_no_longer_ends() {
    let mut facts = facts(&[(1, STRANGER, "pendingAcceptance")]);
    facts.holds = plan_for(&facts, SendOn::All, &[]).holds;
    assert!(plan_for(&facts, SendOn::All, &[]).is_empty(), "written once");
    facts.connections.clear();
    facts.complete = false;
    let plan = plan_for(&facts, SendOn::Named([].into()), &[]);
    assert!(plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })));
}

#[test]
fn review_that_saw_only_waiting_connections_says_nothing_about_established_ones() {
    let mut facts = facts(&[(1, STRANGER, "available")]);
    facts.holds = plan_for(&facts, SendOn::All, &[]).holds;
    facts.connections.clear();
    facts.complete = false;
    assert!(plan_for(&facts, SendOn::Named([].into()), &[]).is_empty());
}

#[test]
fn pending_connection_of_stranger_is_rejected_where_the_definition_says_so() {
    let facts = facts(&[(1, STRANGER, "pendingAcceptance"), (2, PARTNER, "pendingAcceptance")]);
    let plan = swept(&facts, &rejecting(&[PARTNER], 86_400), 0);
    assert_eq!(rejected(&plan), [vpce(1).to_string()]);
    assert_eq!(accepted(&plan), [vpce(2).to_string()]);
    assert!(plan.holds.is_empty());
    assert_eq!(sent(&plan), [(PARTNER.to_owned(), 1, true)], "nobody looks into a stranger's account");
    let shown = plan.to_string();
    assert!(shown.contains("no rule of the allow list matches their owners (disallowed: reject)"), "{shown}");
    assert!(shown.contains(&format!("of {STRANGER} (no rule matches)")), "{shown}");
}

#[test]
fn hold_on_a_stranger_ends_with_the_rejection_and_not_before() {
    let mut facts = facts(&[(1, STRANGER, "pendingAcceptance")]);
    facts.holds = swept(&facts, &definition(), 0).holds;
    let plan = swept(&facts, &rejecting(&[PARTNER], 0), 0);
    let steps = &plan.groups[0].steps;
    assert!(matches!(steps.as_slice(), [Step::RejectConnections { .. }, Step::DeleteHold { .. }]), "{plan}");
    assert_eq!(plan.groups.len(), 1, "{plan}");
}

#[test]
fn established_connection_is_rejected_after_the_grace_and_held_until_then() {
    let definition = rejecting(&[PARTNER], 3600);
    for state in ["pending", "available"] {
        let mut facts = facts(&[(1, STRANGER, state)]);
        let first = swept(&facts, &definition, 1000);
        assert!(rejected(&first).is_empty());
        assert!(first.to_string().contains("Revoked"), "{first}");
        facts.holds = first.holds;
        let within = swept(&facts, &definition, 4599);
        assert!(rejected(&within).is_empty(), "{within}");
        assert_eq!(within.holds, facts.holds, "the moment since when stays");
        let after = swept(&facts, &definition, 4600);
        assert_eq!(rejected(&after), [vpce(1).to_string()]);
        assert!(after.to_string().contains("for 3600 s or longer (disallowed: reject)"), "{after}");
        assert!(after.to_string().contains("(no rule matches since 1970-01-01T00:16:40Z)"), "{after}");
        assert_eq!(sent(&after).len(), 1, "its records go");
    }
}

#[test]
fn established_connection_is_rejected_at_once_without_a_grace() {
    let plan = swept(&facts(&[(1, STRANGER, "available")]), &rejecting(&[PARTNER], 0), 0);
    assert_eq!(rejected(&plan), [vpce(1).to_string()]);
    assert!(plan.holds.is_empty());
}

#[test]
fn grace_begins_anew_for_an_owner_who_was_allowed_in_between() {
    let definition = rejecting(&[PARTNER], 3600);
    let mut facts = facts(&[(1, STRANGER, "available")]);
    facts.holds = swept(&facts, &definition, 0).holds;
    let allowed = swept(&facts, &rejecting(&[PARTNER, STRANGER], 3600), 1800);
    assert!(allowed.steps().any(|step| matches!(step, Step::DeleteHold { .. })));
    facts.holds = allowed.holds;
    assert!(rejected(&swept(&facts, &definition, 3600)).is_empty());
}

#[test]
fn empty_list_rejects_nobody_and_lets_no_grace_run_out() {
    let mut facts = facts(&[(1, STRANGER, "available"), (2, STRANGER, "pendingAcceptance")]);
    let plan = swept(&facts, &rejecting(&[], 0), 0);
    assert!(rejected(&plan).is_empty());
    assert_eq!(held(&plan), ["AllowListEmpty", "Revoked", "NotAllowed"]);
    facts.holds = plan.holds;
    let restored = swept(&facts, &rejecting(&[PARTNER], 3600), 90_000);
    assert_eq!(rejected(&restored), [vpce(2).to_string()]);
    assert_eq!(held(&restored), ["Revoked"]);
    assert!(held(&swept(&facts, &definition(), 0)).iter().all(|reason| reason != "AllowListEmpty"));
}

fn strangers(count: usize, state: &'static str) -> Vec<(usize, &'static str, &'static str)> {
    (1..=count).map(|number| (number, STRANGER, state)).collect()
}

#[test]
fn more_rejects_than_one_review_may_reject_nobody_and_hold_the_service() {
    let definition = rejecting(&[PARTNER], 0);
    assert_eq!(rejected(&swept(&facts(&strangers(10, "pendingAcceptance")), &definition, 0)).len(), 10);
    let mut facts = facts(&strangers(11, "pendingAcceptance"));
    facts.connections.extend(self::facts(&[(12, PARTNER, "pendingAcceptance")]).connections);
    let plan = swept(&facts, &definition, 0);
    assert!(rejected(&plan).is_empty());
    assert_eq!(accepted(&plan), [vpce(12).to_string()], "who is allowed does not wait for it");
    assert!(
        plan.to_string().contains("TooManyRejects: 11 connections would be rejected, and 10 may be at once")
    );
    assert_eq!(plan.holds.len(), 12, "each is held too");

    facts.holds = plan.holds;
    let accounts = BTreeSet::new();
    let allowing = |allow| Question { allow_rejects: Some(allow), ..asked(&accounts, 0) };
    assert!(rejected(&super::plan(&facts, &definition, &allowing(10))).is_empty());
    let plan = super::plan(&facts, &definition, &allowing(11));
    assert_eq!(rejected(&plan).len(), 11);
    assert!(plan.holds.is_empty());
    assert_eq!(plan.steps().filter(|step| matches!(step, Step::DeleteHold { .. })).count(), 12);
}

#[test]
fn a_part_of_too_many_is_not_few() {
    let definition = rejecting(&[PARTNER], 0);
    let mut facts = facts(&strangers(11, "available"));
    facts.holds = swept(&facts, &definition, 0).holds;
    // An event's review, which sees only who waits.
    let waiting = self::facts(&[(20, STRANGER, "pendingAcceptance")]).connections;
    let seen = ServiceFacts { connections: waiting, complete: false, exists: None, ..facts.clone() };
    let plan = plan_with(&seen, &definition, &[]);
    assert!(rejected(&plan).is_empty(), "{plan}");
    assert_eq!(held(&plan), ["TooManyRejects", "NotAllowed"]);
    // A sweep of one account of many.
    assert!(rejected(&plan_with(&facts, &definition, &[STRANGER])).is_empty());
}

fn plan_with(facts: &ServiceFacts, definition: &ServiceDefinition, accounts: &[&str]) -> Plan {
    let accounts = accounts.iter().map(|account| id(account)).collect();
    plan(facts, definition, &asked(&accounts, 0))
}

const UNIT: &str = "o-exampleorgid/r-ab12/ou-ab12-11111111/";

/// A service whose list asks for a unit, and what was read of the owners.
fn asking(
    connections: &[(usize, &str, &str)],
    places: &[(&str, Result<Option<&str>, &str>)],
) -> (ServiceDefinition, ServiceFacts) {
    let place = |path: &str| {
        let mut ids = path.trim_end_matches('/').split('/').map(ToOwned::to_owned);
        OrganizationPath::new(id(&ids.next().unwrap()), ids.next().unwrap(), ids.collect()).unwrap()
    };
    let membership =
        |path: Option<&str>| Membership { organization: id("o-exampleorgid"), place: path.map(place) };
    let memberships =
        places.iter().map(|(owner, read)| (id(owner), read.map(membership).map_err(ToOwned::to_owned)));
    let mut facts = facts(connections);
    facts.allow_list.memberships = memberships.collect();
    (rejecting(&[UNIT], 0), facts)
}

#[test]
fn member_of_the_unit_is_accepted_and_all_others_are_not() {
    let below = format!("{UNIT}ou-ab12-22222222/");
    let (definition, facts) = asking(
        &[
            (1, PARTNER, "pendingAcceptance"),
            (2, "555566667777", "pendingAcceptance"),
            (3, "666677778888", "pendingAcceptance"),
            (4, STRANGER, "pendingAcceptance"),
        ],
        &[
            (PARTNER, Ok(Some(UNIT))),
            ("555566667777", Ok(Some(&below))),
            ("666677778888", Ok(Some("o-exampleorgid/r-ab12/ou-ab12-33333333/"))),
            (STRANGER, Ok(None)),
        ],
    );
    let plan = swept(&facts, &definition, 0);
    assert_eq!(accepted(&plan), [vpce(1).to_string(), vpce(2).to_string()]);
    assert_eq!(rejected(&plan), [vpce(3).to_string(), vpce(4).to_string()]);
    assert!(plan.to_string().contains(&format!("their owners are allowed by {UNIT}")), "{plan}");
}

#[test]
fn owner_of_whom_nobody_knows_is_neither_accepted_nor_rejected() {
    let why = "organizations:ListParents: AccessDeniedException";
    for state in ["pendingAcceptance", "pending", "available"] {
        let (mut definition, facts) =
            asking(&[(1, STRANGER, state), (2, PARTNER, state)], &[(STRANGER, Err(why))]);
        definition.allowed_principals.extend([id(PARTNER)]);
        let plan = swept(&facts, &definition, 0);
        assert!(rejected(&plan).is_empty(), "{plan}");
        let waits = state == "pendingAcceptance";
        assert_eq!(accepted(&plan).len(), usize::from(waits), "one listed by id is accepted all the same");
        assert_eq!(held(&plan).len(), if waits { 2 } else { 1 });
        assert!(held(&plan).iter().all(|reason| reason == "AllowListUnreadable"), "{plan}");
        assert!(plan.to_string().contains(why), "{plan}");
    }
}

#[test]
fn grace_goes_on_while_the_list_cannot_be_read() {
    let (definition, mut facts) = asking(&[(1, STRANGER, "available")], &[(STRANGER, Ok(None))]);
    let definition = ServiceDefinition { revocation_grace: 3600, ..definition };
    facts.holds = swept(&facts, &definition, 0).holds;
    facts.allow_list.memberships = [(id(STRANGER), Err("throttled".to_owned()))].into();
    let unknown = swept(&facts, &definition, 3600);
    assert!(rejected(&unknown).is_empty());
    assert_eq!(held(&unknown), ["AllowListUnreadable", "Revoked"]);
    facts.holds = unknown.holds;
    facts.allow_list.memberships =
        [(id(STRANGER), Ok(Membership { organization: id("o-exampleorgid"), place: None }))].into();
    assert_eq!(rejected(&swept(&facts, &definition, 3601)).len(), 1);
}

#[test]
fn organization_that_the_credentials_are_not_of_is_unknown() {
    let (_, facts) = asking(
        &[(1, STRANGER, "pendingAcceptance"), (2, PARTNER, "pendingAcceptance")],
        &[(STRANGER, Ok(None)), (PARTNER, Ok(Some(UNIT)))],
    );
    let plan = swept(&facts, &rejecting(&["o-otherorgid1"], 0), 0);
    assert!(accepted(&plan).is_empty());
    assert_eq!(rejected(&plan), [vpce(2).to_string()], "an account is in one organization at most");
    assert!(plan.to_string().contains("the credentials at hand are of o-exampleorgid, not of o-otherorgid1"));
}

/// A service that mirrors its permissions, which are these.
fn mirroring(
    connections: &[(usize, &str, &str)],
    permissions: Result<&[&str], &str>,
) -> (ServiceDefinition, ServiceFacts) {
    let mut facts = facts(connections);
    let listed = permissions.map(|listed| listed.iter().map(ToString::to_string).collect());
    facts.allow_list.permissions = Some(listed.map_err(ToOwned::to_owned));
    (rejecting(&["service-permissions"], 0), facts)
}

#[test]
fn mirrored_account_is_accepted_and_what_stands_for_more_or_less_matches_nobody() {
    let role = format!("arn:aws:iam::{STRANGER}:role/App");
    let root = format!("arn:aws:iam::{PARTNER}:root");
    let connections = [(1, PARTNER, "pendingAcceptance"), (2, STRANGER, "pendingAcceptance")];
    let listed = ["*", &role, &root, "o-exampleorgid", "something.amazonaws.com"];
    let (definition, facts) = mirroring(&connections, Ok(&listed));
    let plan = swept(&facts, &definition, 0);
    assert_eq!(accepted(&plan), [vpce(1).to_string()]);
    assert_eq!(rejected(&plan), [vpce(2).to_string()]);
    assert!(plan.to_string().contains(&format!("allowed by service-permissions: {root}")), "{plan}");
    let said = format!("name *, {role}, o-exampleorgid, something.amazonaws.com, which match nobody here");
    assert!(plan.to_string().contains(&said), "{plan}");
}

#[test]
fn mirrored_list_that_cannot_be_read_or_names_no_account_rejects_nobody() {
    let connections = [(1, PARTNER, "available"), (2, STRANGER, "pendingAcceptance")];
    for (permissions, reason) in [
        (Err("ec2:DescribeVpcEndpointServicePermissions: RequestLimitExceeded"), "AllowListUnreadable"),
        (Ok(&[] as &[&str]), "AllowListEmpty"),
        (Ok(&["*"] as &[&str]), "AllowListEmpty"),
    ] {
        let (definition, facts) = mirroring(&connections, permissions);
        let plan = swept(&facts, &definition, 0);
        assert!(rejected(&plan).is_empty() && accepted(&plan).is_empty(), "{plan}");
        assert!(held(&plan).contains(&reason.to_owned()), "{plan}");
    }
}

#[test]
fn holds_on_the_list_are_written_once_and_ended_by_a_look_at_all() {
    let (definition, mut facts) = mirroring(&[], Ok(&["*"]));
    facts.holds = swept(&facts, &definition, 0).holds;
    assert_eq!(facts.holds.len(), 1);
    assert!(swept(&facts, &definition, 1).is_empty(), "written once");
    facts.allow_list.permissions = Some(Ok([format!("arn:aws:iam::{PARTNER}:root")].into()));
    let part = ServiceFacts { complete: false, ..facts.clone() };
    assert!(swept(&part, &definition, 1).is_empty(), "a look at a part ends nothing");
    let ended = swept(&facts, &definition, 1);
    assert!(matches!(ended.steps().collect::<Vec<_>>()[..], [Step::DeleteHold { .. }]), "{ended}");
}

#[test]
fn many_rules_are_counted_and_the_first_are_named() {
    let owners: Vec<String> = (1..=7).map(|number| format!("{number:012}")).collect();
    let names: Vec<&str> = owners.iter().map(String::as_str).collect();
    let connections: Vec<_> =
        names.iter().enumerate().map(|(n, owner)| (n, *owner, "pendingAcceptance")).collect();
    let plan = swept(&facts(&connections), &rejecting(&names, 0), 0);
    assert!(plan.to_string().contains("000000000005 and 2 more rules"), "{plan}");
}

fn plan_definitions_for(refused: &[(&str, &str)], holds: &BTreeMap<Subject, HoldReason>) -> Plan {
    let refused = refused.iter().map(|(key, reason)| ((*key).to_owned(), (*reason).to_owned())).collect();
    let services = [(id(SERVICE), definition())].into();
    let policy = Policy { region: id("us-west-2"), services };
    plan_definitions(&refused, &policy, holds, Timestamp::UNIX_EPOCH)
}

#[test]
fn definition_that_is_refused_is_held_until_it_is_mended() {
    let refused = [("vpce-svc-0ffffffffffffffff", "\"*\" is refused"), ("my-database", "its key is wrong")];
    let held = plan_definitions_for(&refused, &BTreeMap::new());
    assert!(held.to_string().contains("InvalidDefinition: \"*\" is refused"));
    assert_eq!(held.holds.len(), 2);
    assert!(plan_definitions_for(&refused, &held.holds).is_empty(), "written once");
    let mended = plan_definitions_for(&[], &held.holds);
    assert_eq!(mended.steps().filter(|step| matches!(step, Step::DeleteHold { .. })).count(), 2);
}

#[test]
fn holds_of_a_service_go_with_its_definition() {
    let of = |service: &str| {
        let owner = id(STRANGER);
        (Subject::Connection(id(service), vpce(1)), HoldReason::NotAllowed { owner })
    };
    let holds = [of(SERVICE), of("vpce-svc-0ffffffffffffffff")].into();
    let ended = plan_definitions_for(&[], &holds);
    let subjects: Vec<_> = ended.groups.iter().map(|group| group.subject.to_string()).collect();
    assert_eq!(subjects, [format!("vpce-svc-0ffffffffffffffff/{}", vpce(1))]);
}

#[test]
fn hold_on_an_account_goes_with_its_last_connection() {
    let denied = crate::model::facts::Denied {
        account: id(PARTNER),
        operation: "sts:AssumeRole".into(),
        message: "AccessDenied".into(),
        tried: None,
    };
    let holds = [(Subject::Account(id(PARTNER)), HoldReason::NoAccess(denied))].into();
    let (none, now) = (BTreeSet::new(), Timestamp::UNIX_EPOCH);
    assert!(plan_left_holds(&[id(PARTNER)].into(), &none, &holds, now).is_empty());
    assert_eq!(plan_left_holds(&BTreeSet::new(), &none, &holds, now).steps().count(), 1);
}

#[test]
fn hold_on_an_endpoint_that_nobody_ever_saw_goes_when_no_service_has_a_connection_of_it() {
    let subject = Subject::UnknownEndpoint(id(PARTNER), vpce(1));
    let holds = [(subject, HoldReason::Stalled { state: None })].into();
    let (accounts, now) = (BTreeSet::from([id(PARTNER)]), Timestamp::UNIX_EPOCH);
    assert!(
        plan_left_holds(&accounts, &[(id(PARTNER), vpce(1))].into(), &holds, now).is_empty(),
        "its message tells"
    );
    assert_eq!(
        plan_left_holds(
            &accounts,
            &[(id("777788889999"), vpce(1)), (id(PARTNER), vpce(2))].into(),
            &holds,
            now
        )
        .steps()
        .count(),
        1
    );
}

#[test]
fn accounts_are_asked_for_their_endpoints_of_a_service_that_is_not_ours_and_one_that_lives_ends_the_hold() {
    let mut facts = facts(&[]);
    facts.exists = Some(false);
    let mut definition = definition();
    definition.allowed_principals.extend([id(STRANGER), id("o-a1b2c3d4e5")]);
    let first = swept(&facts, &definition, 0);
    assert!(first.holds.values().any(|reason| *reason == HoldReason::ServiceNotFound));
    assert_eq!(sent(&first), [(PARTNER.to_owned(), 0, false), (STRANGER.to_owned(), 0, false)]);
    let stored = |state: &str| StoredEndpoint {
        service: id(SERVICE),
        vpc_endpoint: vpce(1),
        account: id(PARTNER),
        vpc: id("vpc-00000001"),
        state: Some(state.into()),
        addresses: Addresses::default(),
        allowed: None,
        first_seen: Timestamp::UNIX_EPOCH,
        expires_at: None,
    };
    for (state, held) in [("pendingAcceptance", 0), ("available", 0), ("deleted", 1), ("rejected", 1)] {
        facts.stored = [(vpce(1), stored(state))].into();
        assert_eq!(swept(&facts, &definition, 0).holds.len(), held, "{state}");
    }
}

#[test]
fn removed_service_accepts_and_holds_nobody_and_sends_on_what_is_remembered() {
    let mut facts = facts(&[(1, PARTNER, "pendingAcceptance"), (2, STRANGER, "available")]);
    facts.exists = Some(false);
    for (number, account) in [(3, PARTNER), (4, STRANGER)] {
        let stored = StoredEndpoint {
            service: id(SERVICE),
            vpc_endpoint: vpce(number),
            account: id(account),
            vpc: id("vpc-00000001"),
            state: None,
            addresses: Addresses::default(),
            allowed: None,
            first_seen: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        facts.stored.insert(vpce(number), stored);
    }
    facts.holds.insert(Subject::Service(id(SERVICE)), HoldReason::ServiceNotFound);
    let mut definition = definition();
    definition.removed = Some(crate::model::policy::Removal::KeepRecords);
    let none = BTreeSet::new();
    let question = asked(&none, 0);
    let plan = plan(&facts, &definition, &question);
    assert_eq!(accepted(&plan), [""; 0]);
    assert!(plan.holds.is_empty());
    assert!(plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })));
    assert_eq!(sent(&plan), [(PARTNER.to_owned(), 1, false), (STRANGER.to_owned(), 1, false)]);
}
