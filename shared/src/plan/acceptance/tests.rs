use super::*;
use crate::facts::{Connection, StoredEndpoint};
use crate::record::Addresses;

const SERVICE: &str = "vpce-svc-0123456789abcdef0";
const PARTNER: &str = "444455556666";
const STRANGER: &str = "777788889999";

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
            })
            .collect(),
        complete: true,
        stored: BTreeMap::new(),
        holds: BTreeMap::new(),
    }
}

fn plan_for(facts: &ServiceFacts, send_on: SendOn, accounts: &[&str]) -> Plan {
    let accounts = accounts.iter().map(|account| id(account)).collect();
    let question =
        Question { send_on, accounts: &accounts, cause: "a test", since: None, now: Timestamp::UNIX_EPOCH };
    plan(facts, &definition(), &question)
}

fn accepted(plan: &Plan) -> Vec<String> {
    let ids = plan.steps().filter_map(|step| match step {
        Step::AcceptConnections { vpc_endpoints, .. } => Some(vpc_endpoints.keys().map(ToString::to_string)),
        _ => None,
    });
    ids.flatten().collect()
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
    assert!(shown.contains(&format!("NotAllowed: account {STRANGER} is on no allow list")), "{shown}");
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
    let plan = plan_for(&facts, SendOn::All, &[]);
    assert_eq!(plan.steps().count(), 1);
    facts.holds = plan.holds;
    assert!(plan_for(&facts, SendOn::All, &[]).is_empty());
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
    let denied = crate::facts::Denied {
        account: id(PARTNER),
        operation: "sts:AssumeRole".into(),
        message: "AccessDenied".into(),
    };
    let holds = [(Subject::Account(id(PARTNER)), HoldReason::NoAccess(denied))].into();
    assert!(plan_accounts(&[id(PARTNER)].into(), &holds, Timestamp::UNIX_EPOCH).is_empty());
    assert_eq!(plan_accounts(&BTreeSet::new(), &holds, Timestamp::UNIX_EPOCH).steps().count(), 1);
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
            first_seen: Timestamp::UNIX_EPOCH,
            expires_at: None,
        };
        facts.stored.insert(vpce(number), stored);
    }
    facts.holds.insert(Subject::Service(id(SERVICE)), HoldReason::ServiceNotFound);
    let mut definition = definition();
    definition.removed = Some(crate::policy::Records::KeepRecords);
    let none = BTreeSet::new();
    let now = Timestamp::UNIX_EPOCH;
    let question = Question { send_on: SendOn::All, accounts: &none, cause: "a test", since: None, now };
    let plan = plan(&facts, &definition, &question);
    assert_eq!(accepted(&plan), [""; 0]);
    assert!(plan.holds.is_empty());
    assert!(plan.steps().any(|step| matches!(step, Step::DeleteHold { .. })));
    assert_eq!(sent(&plan), [(PARTNER.to_owned(), 1, false), (STRANGER.to_owned(), 1, false)]);
}
