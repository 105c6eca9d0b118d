//! The architecture's invariants that can be read off the source and the templates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "architecture/graph.rs"]
mod graph;
#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use graph::Imports;
use imports::imports_of;

/// The crates in which no two modules may import each other.
const WITHOUT_CIRCLES: [&str; 2] = ["cli/src", "shared/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The AWS actions named in a text, such as `ec2:DescribeVpcEndpoints`.
fn actions(text: &str) -> BTreeSet<String> {
    let services = "cloudtrail|dynamodb|ec2|elasticloadbalancing|events|lambda|organizations|route53|route53profiles|route53resolver|sqs|sts";
    let action = Regex::new(&format!(r"\b({services}):[A-Z][A-Za-z]+\b")).unwrap();
    let found = action.find_iter(text).map(|found| found.as_str().to_owned());
    // Condition keys of IAM look alike.
    let keys = ["NormalizedRecordNames", "ExternalId", "LeadingKeys"];
    let is_key = |name: &String| keys.iter().any(|key| name.contains(key));
    found
        .filter(|name| !is_key(name) && !name.ends_with("RecordTypes") && !name.ends_with("Actions"))
        .collect()
}

/// The actions in the `Action` lists of a text of a template, comments aside.
fn granted(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.trim().starts_with('#'));
    actions(&lines.fold(String::new(), |text, line| text + line + "\n"))
}

/// What stands in the provider's template: the text of the operators' role, and all else.
fn operators_and_functions() -> (String, String) {
    let (mut operators, mut functions) = (String::new(), String::new());
    let mut is_role = false;
    for line in read("template.yaml").lines() {
        if line.starts_with("  OperatorRole:") {
            is_role = true;
        } else if !line.is_empty() && !line.starts_with("   ") {
            // The next resource, output or section.
            is_role = false;
        }
        let part = if is_role { &mut operators } else { &mut functions };
        part.push_str(line);
        part.push('\n');
    }
    assert!(!operators.is_empty(), "template.yaml has no OperatorRole");
    (operators, functions)
}

/// What the code of a folder calls, with what DynamoDB asks for in place of a transaction.
fn called(folder: &str) -> BTreeSet<String> {
    called_by(&sources(folder).into_iter().map(|(_, text)| text).collect::<String>())
}

fn called_by(code: &str) -> BTreeSet<String> {
    let strings = Regex::new(r#""[^"\n]*""#).unwrap();
    let named: String = strings.find_iter(code).map(|found| found.as_str()).collect::<Vec<_>>().join(" ");
    let mut called = actions(&named);
    // A transaction is checked against the actions of its single items.
    called.remove("dynamodb:TransactWriteItems");
    // AWS answers it to everybody.
    called.remove("sts:GetCallerIdentity");
    called
}

/// Calls that AWS makes in the functions' name.
const BY_LAMBDA: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
/// What the work queue is told of a message that failed.
const BY_RECONCILE_RECORDS: [&str; 1] = ["sqs:ChangeMessageVisibility"];
/// The right of schedules, rules and topics to call a function.
const TO_LAMBDA: [&str; 1] = ["lambda:InvokeFunction"];
/// The right of rules to put events on the bus.
const TO_BUS: [&str; 1] = ["events:PutEvents"];
/// The files with what doctor reads, and people do, in client accounts.
const OF_CLIENTS: [&str; 6] = [
    "doctor_events.rs",
    "doctor_firewall.rs",
    "doctor_network.rs",
    "doctor_vpc.rs",
    "doctor_zones.rs",
    "sharing.rs",
];
/// What doctor asks in the provider's account alone.
const OF_PROVIDER: [&str; 2] = ["events:ListEventBuses", "events:ListRuleNamesByTarget"];
/// What is never called in the provider's account: in one of its VPCs the services may stand.
const NEVER_IN_PROVIDER: [&str; 2] = ["route53:CreateHostedZone", "route53:DeleteHostedZone"];
/// What brings a VPC into a zone and out of it. People ask for it, in client accounts: no function may do it.
const BY_PEOPLE_IN_CLIENTS: [&str; 4] = [
    "route53:AssociateVPCWithHostedZone",
    "route53:CreateVPCAssociationAuthorization",
    "route53:DeleteVPCAssociationAuthorization",
    "route53:DisassociateVPCFromHostedZone",
];
/// `route53:ListHostedZonesByVPC` asks for it besides its own right.
const BY_ROUTE53: [&str; 1] = ["ec2:DescribeVpcs"];

#[test]
fn every_call_is_granted_and_nothing_else() {
    let (_, functions) = operators_and_functions();
    let mut granted = granted(&functions);
    for extra in BY_LAMBDA.into_iter().chain(TO_LAMBDA).chain(TO_BUS).chain(BY_ROUTE53) {
        assert!(granted.remove(extra), "{extra}");
    }
    let mut called = called("shared/src/aws");
    for call in NEVER_IN_PROVIDER {
        assert!(called.remove(call), "{call}");
    }
    assert_eq!(granted, called);
}

#[test]
fn the_operator_role_grants_exactly_what_the_cli_calls() {
    let (operators, _) = operators_and_functions();
    let called = called("shared/src/aws").into_iter().chain(called("cli/src/aws"));
    // People take no message from the queue.
    let never = |call: &str| NEVER_IN_PROVIDER.contains(&call) || BY_RECONCILE_RECORDS.contains(&call);
    let in_clients = |call: &str| BY_PEOPLE_IN_CLIENTS.contains(&call);
    let theirs = |call: &String| !never(call) && !in_clients(call);
    let called: BTreeSet<_> = called.filter(theirs).collect();
    assert_eq!(granted(&operators), called);
}

#[test]
fn no_function_associates_a_zone_or_ends_an_association() {
    let (by_functions, by_people) = (called("shared/src/aws"), called("cli/src/aws"));
    for call in BY_PEOPLE_IN_CLIENTS {
        assert!(!by_functions.contains(call) && by_people.contains(call), "{call}");
        assert!(!read("template.yaml").contains(call), "{call}");
    }
}

#[test]
fn the_client_role_trusts_the_function_and_the_operators_and_nobody_else() {
    let client = read("infra/client.yaml");
    let role = Regex::new(r"role/\$\{ProviderStackName\}-([A-Za-z]+)-\*").unwrap();
    let trusted: Vec<_> = role.captures_iter(&client).map(|found| found[1].to_owned()).collect();
    // SAM names a function's role after the function.
    assert_eq!(
        trusted,
        ["ReconcileRecordsRole", "OperatorRole"].repeat(2),
        "the client role, and that of guests"
    );
    let provider = read("template.yaml");
    for resource in ["\n  ReconcileRecords:\n", "\n  OperatorRole:\n"] {
        assert!(provider.contains(resource), "{resource}");
    }
}

#[test]
fn the_role_of_guests_grants_nothing_and_goes_by_the_sessions_name() {
    let client = read("infra/client.yaml");
    let role = client.split("\n  GuestRole:\n").nth(1).unwrap().split("\nOutputs:\n").next().unwrap();
    assert!(
        !role.contains("Polic") || role.matches("Polic").count() == role.matches("AssumeRolePolicy").count()
    );
    for part in ["sts:RoleSessionName", "sts:ExternalId", "aws:PrincipalArn", "Condition: ServesOthers"] {
        assert!(role.contains(part), "{part}");
    }
}

#[test]
fn the_client_role_grants_exactly_what_is_called_in_client_accounts() {
    let mut granted = granted(&read("infra/client.yaml"));
    // Two trust policies, the key by which one of them tells guests, and the one by which a new zone is private.
    for extra in TO_BUS.into_iter().chain(["sts:AssumeRole", "sts:RoleSessionName", "route53:VPCs"]) {
        assert!(granted.remove(extra), "{extra}");
    }
    let of_clients = |action: &String| {
        let own = ["Connection", "ServiceConfigurations", "ServicePermissions"]
            .iter()
            .any(|part| action.contains(part));
        let services = ["ec2:", "route53:", "route53profiles:"];
        !own && services.iter().any(|service| action.starts_with(service))
    };
    let of_doctor = sources("cli/src/aws")
        .into_iter()
        .filter(|(path, _)| path.file_name().is_some_and(|name| OF_CLIENTS.iter().any(|file| *file == name)));
    let mut by_doctor = called_by(&of_doctor.map(|(_, text)| text).collect::<String>());
    for action in OF_PROVIDER {
        assert!(by_doctor.remove(action), "{action} is not called any more");
    }
    let by_functions = called("shared/src/aws").into_iter().filter(of_clients);
    assert_eq!(granted, by_functions.chain(by_doctor).collect());
}

#[test]
fn the_organizations_role_grants_exactly_what_is_called_there() {
    let mut granted = granted(&read("infra/organizations.yaml"));
    assert!(granted.remove("sts:AssumeRole"), "the trust policy");
    let there = called("shared/src/aws").into_iter().filter(|action| action.starts_with("organizations:"));
    assert_eq!(granted, there.collect());
}

#[test]
fn upsert_is_neither_written_nor_granted() {
    for (path, text) in sources("shared/src").into_iter().chain(sources("cli/src")) {
        let code = text.lines().filter(|line| !line.trim().starts_with("//"));
        assert!(!code.map(str::to_ascii_lowercase).any(|line| line.contains("upsert")), "{}", path.display());
    }
    for template in ["template.yaml", "infra/client.yaml"] {
        let text = read(template);
        let mut granting = text.lines().filter(|line| !line.trim().starts_with('#'));
        assert!(!granting.any(|line| line.contains("UPSERT")), "{template}");
    }
}

#[test]
fn the_sdk_is_named_in_the_aws_edges_only() {
    for folder in ["shared/src", "functions", "cli"] {
        for (path, text) in sources(folder) {
            let path = path.to_string_lossy();
            let edge = path.contains("shared/src/aws") || path.contains("cli/src/aws");
            assert!(edge || !(text.contains("aws_sdk_") || text.contains("aws_config")), "{path}");
        }
    }
}

#[test]
fn lists_are_cut_into_requests_in_one_place() {
    let cuts = Regex::new(r"\.(r?chunks(_exact|_mut)?|array_chunks|as_chunks)\(").unwrap();
    for (path, text) in sources("shared/src").into_iter().chain(sources("cli/src")) {
        assert!(
            path.ends_with("limits.rs") || !cuts.is_match(&text),
            "{}: see shared/src/limits.rs",
            path.display()
        );
    }
    // What one request is built of a list in is the adapter, and that is given pieces.
    let limits = read("shared/src/limits.rs");
    for call in ["FilterValues", "BatchGetKeys", "TransactItems", "Connections", "IntentSubjects"] {
        let taken = format!("Limit::{call}.");
        let used = sources("shared/src").into_iter().filter(|(path, _)| !path.ends_with("limits.rs"));
        assert!(limits.contains(call) && used.into_iter().any(|(_, text)| text.contains(&taken)), "{call}");
    }
}

#[test]
fn plans_know_no_events_no_clock_and_no_async() {
    for (path, text) in sources("shared/src/plan") {
        for word in ["trigger::event", "async ", ".await", "Timestamp::now", "std::env"] {
            assert!(!text.contains(word), "{word} in {}", path.display());
        }
    }
}

#[test]
fn mains_are_wiring_only() {
    for (path, text) in sources("functions") {
        assert!(text.lines().count() <= 40, "{}", path.display());
    }
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    for (path, text) in sources("shared/src").into_iter().chain(sources("cli")) {
        let tests = path.file_name().is_some_and(|name| name == "tests.rs");
        assert!(tests || text.lines().count() <= 400, "{}", path.display());
    }
}

/// The circles of a crate in words, in its files and in its folders.
fn circles_of(folder: &str) -> Vec<String> {
    let root = root().join(folder);
    let below = |path: PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    let files: Vec<_> = sources(folder).into_iter().map(|(path, text)| (below(path), text)).collect();
    let files = imports_of(&files);
    let folders = files.of_folders();
    let words = |imports: &Imports| -> Vec<String> {
        imports.circles().iter().map(|circle| format!("{folder}: {}", imports.words(circle))).collect()
    };
    [words(&files), words(&folders)].concat()
}

#[test]
fn no_two_modules_import_each_other() {
    let found: Vec<_> = WITHOUT_CIRCLES.into_iter().flat_map(circles_of).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}
