//! Checks one claim of `conformance` against the port over the SDK, in the AWS of its environment.
//!
//! `conformance-aws CLAIM` writes what the claim wants of its world to standard output, a line of JSON each, and reads
//! the answer to each from standard input: `tests/conformance/world.py` gives them. `conformance-aws --list` names all
//! claims. Configuration and credentials come from the environment, as a function's do.

use std::cell::RefCell;
use std::io::{BufRead, Stdin, Write, stdin, stdout};
use std::process::ExitCode;

use conformance::{CLAIMS, Kind, Organization, Refusal, Setting, World, check};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::aws::{Aws, Session};
use shared::config::Config;
use shared::model::ids::{AccountId, HostedZoneId, ProfileId, VpcEndpointId, VpcId};
use shared::model::record::RecordKey;
use shared::worker::Worker;

/// A world that somebody else makes, who stands at the other end of two pipes.
struct Pipes(RefCell<Stdin>);

impl Pipes {
    /// What comes of it.
    #[expect(clippy::unwrap_used, reason = "without its world, no claim can go on")]
    fn ask<T: DeserializeOwned>(&self, what: &str, with: &Value) -> T {
        let mut line = json!({"what": what, "with": with}).to_string();
        line.push('\n');
        stdout().write_all(line.as_bytes()).unwrap();
        stdout().flush().unwrap();
        let mut answer = String::new();
        self.0.borrow_mut().lock().read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{what}: {error}: {answer:?}"))
    }

    /// The same, where nothing comes of it.
    fn tell(&self, what: &str, with: &Value) {
        let () = self.ask(what, with);
    }

    /// A part of what is there from the beginning.
    fn part<T: DeserializeOwned>(&self, name: &str) -> T {
        self.ask("part", &json!({"name": name}))
    }
}

impl World for Pipes {
    fn setting(&self) -> Setting {
        Setting {
            own: self.part("own"),
            client: self.part("client"),
            other: self.part("other"),
            closed: self.part("closed"),
            region: self.part("region"),
            service: self.part("service"),
        }
    }

    fn organization(&self) -> Organization {
        Organization {
            id: self.part("organization"),
            member: self.part("member"),
            parent: self.part("parent"),
        }
    }

    fn permit(&self, principal: &str) {
        self.tell("permit", &json!({"principal": principal}));
    }

    fn vpc(&self, account: &AccountId) -> VpcId {
        self.ask("vpc", &json!({"account": account}))
    }

    fn endpoint(&self, vpc: &VpcId, subnets: usize) -> VpcEndpointId {
        self.ask("endpoint", &json!({"vpc": vpc, "subnets": subnets}))
    }

    fn zone(&self, account: &AccountId, name: &str, vpc: &VpcId) -> HostedZoneId {
        self.ask("zone", &json!({"account": account, "name": name, "vpc": vpc}))
    }

    fn serve(&self, owner: &AccountId, guest: &AccountId) {
        self.tell("serve", &json!({"owner": owner, "guest": guest}));
    }

    fn zone_of_aws(&self, service: &str, name: &str, vpc: &VpcId) -> HostedZoneId {
        self.ask("zone_of_aws", &json!({"service": service, "name": name, "vpc": vpc}))
    }

    fn profile(&self, vpc: &VpcId, zones: &[HostedZoneId]) -> ProfileId {
        self.ask("profile", &json!({"vpc": vpc, "zones": zones}))
    }

    fn disassociate(&self, zone: &HostedZoneId, vpc: &VpcId) {
        self.tell("disassociate", &json!({"zone": zone, "vpc": vpc}));
    }

    fn delete_zone(&self, zone: &HostedZoneId) {
        self.tell("delete_zone", &json!({"zone": zone}));
    }

    fn write(&self, key: &RecordKey, kind: Kind) {
        let kind = match kind {
            Kind::Cname => "CNAME",
            Kind::Txt => "TXT",
            Kind::Mark => "mark",
        };
        self.tell("write", &json!({"zone": key.zone, "name": key.name, "kind": kind}));
    }

    fn pages_of(&self, items: usize) {
        self.tell("pages_of", &json!({"items": items}));
    }

    fn fail(&self, account: &AccountId, operation: &'static str, how: Refusal) {
        let how = match how {
            Refusal::Denied => "denied",
            Refusal::Throttled => "throttled",
            Refusal::Lost => "lost",
            Refusal::Slow => "slow",
        };
        self.tell("fail", &json!({"account": account, "operation": operation, "how": how}));
    }

    fn heal(&self) {
        self.tell("heal", &json!({}));
    }

    fn messages(&self) -> Vec<String> {
        self.ask("messages", &json!({}))
    }

    fn take_message(&self) -> String {
        self.ask("take_message", &json!({}))
    }

    fn end_delays(&self) {
        self.tell("end_delays", &json!({}));
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for a terminal, or a test")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [list] if list == "--list" => {
            for claim in CLAIMS {
                println!("{claim}");
            }
            ExitCode::SUCCESS
        }
        [claim] => {
            let config = match Config::from_environment() {
                Ok(config) => config,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            };
            let worker = Worker::<Aws>::with(&Session::of_environment().await, config);
            check(claim, &worker.cloud, &Pipes(RefCell::new(stdin()))).await;
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: conformance-aws CLAIM | --list");
            ExitCode::from(2)
        }
    }
}
