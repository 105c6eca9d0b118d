use super::*;

fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn place() -> Place {
    Place {
        stack: "zonelink".into(),
        account: id("111111111111"),
        region: id("us-west-2"),
        own_service: Some(id("vpce-svc-0123456789abcdef0")),
    }
}

fn ways(subject: &str, reason: HoldReason) -> Vec<Way> {
    let account = Some(id("222222222222"));
    let since = jiff::Timestamp::UNIX_EPOCH;
    Hold { subject: id(subject), reason, account, since, expires_at: None }.ways(&place())
}

const RECORD: &str = "vpc-0123456789abcdef0/Z0123/*.aws.example.com";

#[test]
fn what_a_hold_knows_stands_in_its_commands() {
    let ways = ways("vpc-0123456789abcdef0/*.aws.example.com", HoldReason::NoZone { tried: None });
    assert_eq!(ways[0].says, "to give the VPC a zone, in account 222222222222");
    let create = "aws route53 create-hosted-zone --name aws.example.com --caller-reference \"$(date +%s)\" \
                  --vpc VPCRegion=us-west-2,VPCId=vpc-0123456789abcdef0";
    assert_eq!(ways[0].commands, [create]);
}

#[test]
fn a_full_record_and_a_shared_one_have_the_same_ways_but_for_merging() {
    let shared = ways(RECORD, HoldReason::SharedZone { vpc: id("vpc-0123456789abcdef1") });
    let full = ways(RECORD, HoldReason::RecordFull { values: 401, at_most: 400 });
    assert_eq!(shared[..2], full[..]);
    assert!(shared[2].says.starts_with("where the VPCs are routed to each other"), "{shared:?}");
}

#[test]
fn whom_a_definition_in_the_table_allows_is_said_in_its_own_file() {
    let reason = || HoldReason::NotAllowed { owner: id("222222222222") };
    let of_stack = ways("vpce-svc-0123456789abcdef0/vpce-0123456789abcdef0", reason());
    assert!(of_stack[0].says.starts_with("to allow it"), "{of_stack:?}");
    let of_table = ways("vpce-svc-0fedcba9876543210/vpce-0123456789abcdef0", reason());
    assert_eq!(of_table.len(), 1, "{of_table:?}");
    assert!(of_table[0].says.starts_with("to reject"), "{of_table:?}");
}

#[test]
fn a_set_is_deleted_only_where_all_of_it_is_the_mark() {
    let reason = HoldReason::ForeignController { controller: "external-dns".into(), owner: None };
    let [way] = &ways(RECORD, reason)[..] else { panic!("one way is expected") };
    assert!(way.commands[0].contains("&& !ResourceRecords[1] &&"), "{way:?}");
}

#[test]
fn principals_of_accounts_are_permitted_as_these_and_none_ends_the_quotes() {
    let principals = ["arn:aws:iam::333333333333:role/App", "*", "a'; b"].map(ToOwned::to_owned).into();
    let ways = ways(
        "vpce-svc-0123456789abcdef0/allowed_principals",
        HoldReason::UncheckablePrincipals { principals },
    );
    let said = &ways[0].commands[0];
    assert!(said.contains("--add-allowed-principals arn:aws:iam::333333333333:root --remove"), "{said}");
    assert!(said.ends_with("'arn:aws:iam::333333333333:role/App' '*' 'a; b'"), "{said}");
}

#[test]
fn the_provider_mends_its_own_rights_by_no_client_stack() {
    let denied = |account: &str| {
        HoldReason::NoAccess(crate::model::denied::Denied {
            account: id(account),
            operation: "route53:ListHostedZonesByVPC".into(),
            message: "AccessDenied".into(),
            tried: None,
        })
    };
    assert_eq!(ways("111111111111/", denied("111111111111")), []);
    assert!(ways("222222222222/", denied("222222222222"))[0].commands[0].contains("ClientStackCommand"));
}
