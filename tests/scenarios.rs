//! Each folder of tests/scenarios: from its event to the plan, on what was seen then.
//!
//! `zonelink replay --save` makes such a folder. With `ZONELINK_SCENARIOS=write` the plans are written anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::de::DeserializeOwned;
use shared::model::policy::Policy;
use shared::plan::digest::PlanContent;
use shared::scenario::{Allowed, EVENT, FACTS, Led, PLAN, POLICY, WORDS};

fn folders() -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap();
    let mut folders: Vec<_> = all.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read<T: DeserializeOwned>(folder: &Path, file: &str) -> T {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_scenario_leads_from_its_event_to_its_plan() {
    let writes = env::var_os("ZONELINK_SCENARIOS").is_some_and(|word| word == "write");
    let folders = folders();
    assert!(folders.len() >= 8, "there are {} scenarios", folders.len());
    for folder in folders {
        let policy = Policy::from(read::<Allowed>(&folder, POLICY));
        let facts: Vec<_> = read(&folder, FACTS);
        let led = Led::of(&read(&folder, EVENT), &policy, &facts).unwrap();
        if writes {
            fs::write(folder.join(PLAN), serde_json::to_string_pretty(&led).unwrap() + "\n").unwrap();
            fs::write(folder.join(WORDS), led.text()).unwrap();
        }
        let words = fs::read_to_string(folder.join(WORDS)).unwrap();
        assert_eq!(led.text(), words, "{}", folder.display());
        // As text says it: a waiting chain's moments are kept in whole seconds.
        let written = serde_json::to_value(&led).unwrap();
        assert_eq!(written, read::<serde_json::Value>(&folder, PLAN), "{}", folder.display());
    }
}

/// A digest that a person has read stays what it was: `zonelink apply` asks for it.
#[test]
fn digests_of_scenarios_are_those_written_down() {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/digests.txt");
    let lines = folders().into_iter().map(|folder| {
        let led: Led = read(&folder, PLAN);
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        format!("{name} {}\n", PlanContent::of(&led.plans).digest())
    });
    let digests: String = lines.collect();
    if env::var_os("ZONELINK_SCENARIOS").is_some_and(|word| word == "write") {
        fs::write(&written, &digests).unwrap();
    }
    assert_eq!(digests, fs::read_to_string(&written).unwrap());
}
