//! The architecture's invariants that can be read off the source and the templates.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

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
    let action = Regex::new(r"\b(ec2|route53|dynamodb|sqs|sts|organizations):[A-Z][A-Za-z]+\b").unwrap();
    let found = action.find_iter(text).map(|found| found.as_str().to_owned());
    // Condition keys of IAM look alike.
    let keys = ["NormalizedRecordNames", "ExternalId", "LeadingKeys"];
    let is_key = |name: &String| keys.iter().any(|key| name.contains(key));
    found
        .filter(|name| !is_key(name) && !name.ends_with("RecordTypes") && !name.ends_with("Actions"))
        .collect()
}

/// The actions in the `Action` lists of a template, comments aside.
fn granted(template: &str) -> BTreeSet<String> {
    let text: String = read(template)
        .lines()
        .filter(|line| !line.trim().starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n");
    actions(&text)
}

/// What the code calls, with what DynamoDB asks for in place of a transaction.
fn called() -> BTreeSet<String> {
    let code: String = sources("shared/src/aws").into_iter().map(|(_, text)| text).collect();
    let strings = Regex::new(r#""[^"\n]*""#).unwrap();
    let named: String = strings.find_iter(&code).map(|found| found.as_str()).collect::<Vec<_>>().join(" ");
    let mut called = actions(&named);
    assert!(called.remove("dynamodb:TransactWriteItems"));
    called
}

/// Calls that AWS makes in the functions' name.
const BY_LAMBDA: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
/// `route53:ListHostedZonesByVPC` asks for it besides its own right.
const BY_ROUTE53: [&str; 1] = ["ec2:DescribeVpcs"];

#[test]
fn every_call_is_granted_and_nothing_else() {
    let mut granted = granted("template.yaml");
    for extra in BY_LAMBDA.into_iter().chain(BY_ROUTE53) {
        assert!(granted.remove(extra), "{extra}");
    }
    assert_eq!(granted, called());
}

#[test]
fn the_client_role_grants_exactly_what_is_called_in_client_accounts() {
    let mut granted = granted("infra/client.yaml");
    for extra in BY_ROUTE53 {
        assert!(granted.remove(extra), "{extra}");
    }
    assert!(granted.remove("sts:AssumeRole"), "the trust policy");
    let of_clients = |action: &String| {
        let own = ["Connection", "ServiceConfigurations", "ServicePermissions"]
            .iter()
            .any(|part| action.contains(part));
        !own && (action.starts_with("ec2:") || action.starts_with("route53:"))
    };
    assert_eq!(granted, called().into_iter().filter(of_clients).collect());
}

#[test]
fn the_organizations_role_grants_exactly_what_is_called_there() {
    let mut granted = granted("infra/organizations.yaml");
    assert!(granted.remove("sts:AssumeRole"), "the trust policy");
    let there = called().into_iter().filter(|action| action.starts_with("organizations:"));
    assert_eq!(granted, there.collect());
}

#[test]
fn upsert_is_neither_written_nor_granted() {
    for (path, text) in sources("shared/src") {
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
fn the_sdk_is_named_in_the_aws_edge_only() {
    for folder in ["shared/src", "functions", "cli"] {
        for (path, text) in sources(folder) {
            let edge = path.to_string_lossy().contains("shared/src/aws");
            assert!(
                edge || !(text.contains("aws_sdk_") || text.contains("aws_config")),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn plans_know_no_events_no_clock_and_no_async() {
    for (path, text) in sources("shared/src/plan") {
        for word in ["crate::event", "async ", ".await", "Timestamp::now", "std::env"] {
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
