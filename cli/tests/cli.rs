//! What the command line says, as a person sees it.

use std::process::Command;

/// Exit code, standard output, standard error.
fn zonelink(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zonelink"));
    let command = command
        .args(arguments)
        .env_remove("AWS_REGION")
        .env_remove("ZONELINK_STACK")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap_or_else(|error| panic!("{error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn replay(event: &str) -> (Option<i32>, String, String) {
    let event = format!("../tests/events/{event}.json");
    let service = "tests/definitions/sound.json";
    zonelink(&["replay", &event, "--service", service, "--region", "us-west-2"])
}

#[test]
fn sound_definition_is_said_back_in_words() {
    let expected = "vpce-svc-0a1b2c3d4e5f60718 publishes *.aws-us-west-2.byoc.example.com with TTL 60; \
                    may connect: 444455556666";
    assert_eq!(
        zonelink(&["check", "tests/definitions/sound.json"]),
        (Some(0), expected.into(), String::new())
    );
}

#[test]
fn definition_that_lets_in_everybody_is_refused_with_its_place_and_the_remedy() {
    let expected = "error: tests/definitions/everybody.json:4:26: allowed_principals[0]: allowed principal \
                    \"*\" is refused: it would accept everybody; list account ids\n\
                    remedy: zonelink service schema prints the form of a definition";
    let (code, _, error) = zonelink(&["check", "tests/definitions/everybody.json"]);
    assert_eq!((code, error.as_str()), (Some(1), expected));
}

#[test]
fn what_a_definition_dares_is_said_and_what_says_nothing_is_refused() {
    let (code, said, _) = zonelink(&["check", "tests/definitions/daring.json"]);
    assert_eq!((code, said.lines().count()), (Some(0), 7), "{said}");
    for (file, words) in
        [("nameless", "give at least one name"), ("list", "put several in a list under services")]
    {
        let (code, _, error) = zonelink(&["check", &format!("tests/definitions/{file}.json")]);
        assert_eq!(code, Some(1));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn allow_list_that_aws_is_asked_about_and_rejection_are_said() {
    let expected = "\
vpce-svc-0a1b2c3d4e5f60718 publishes *.aws-us-west-2.byoc.example.com with TTL 60; \
may connect: 444455556666, o-exampleorgid/r-ab12/ou-ab12-11111111/, service-permissions
organizations: who is a member is read with ReadOrganizations or OrganizationsRoleArn
service-permissions: accounts only; everybody (*), users and roles match nobody
disallowed reject: others are rejected when they ask, and 3600 s after they are allowed no more";
    assert_eq!(
        zonelink(&["check", "tests/definitions/strict.json"]),
        (Some(0), expected.into(), String::new())
    );
}

#[test]
fn replay_says_what_an_event_means_to_each_function() {
    let expected = "\
accept-connections  ignored: DeleteVpcEndpoints names no endpoint service
reconcile-records   reconcile vpce-01234567890abcdef of 444455556666 \
(DeleteVpcEndpoints event 10000000-0000-4000-8000-000000000010)";
    assert_eq!(replay("delete_one"), (Some(0), expected.into(), String::new()));
}

#[test]
fn replay_of_a_message_that_nobody_can_read_names_the_dead_letter_queue() {
    let (code, _, error) = replay("forged_account");
    assert_eq!(code, Some(1));
    assert!(error.contains("would end in the dead-letter queue"), "{error}");
}

#[test]
fn missing_files_and_arguments_give_a_sentence() {
    let (code, _, error) = zonelink(&["check", "nowhere.json"]);
    assert_eq!((code, error.split(':').nth(1)), (Some(1), Some(" nowhere.json cannot be read")));
    let (code, _, error) = zonelink(&["replay", "nowhere.json"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("nowhere.json cannot be read"), "{error}");
    let event = "../tests/events/delete_one.json";
    let (code, _, error) = zonelink(&["replay", event, "--service", "nowhere.json"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("give --region, or set AWS_REGION"), "{error}");
    let service = "tests/definitions/sound.json";
    let (code, _, error) = zonelink(&["replay", event, "--service", service, "--save", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("'--service <FILE>' cannot be used with '--save <DIR>'"), "{error}");
}
