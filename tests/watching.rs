//! What the code tells, and what the documents say that it tells: metrics, log fields and messages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;
use shared::metrics::Metric;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The rows of the table under a heading of a document, cell by cell, without backticks.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(document);
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn each_metric_is_documented_and_each_that_is_documented_is_there() {
    let documented: BTreeSet<_> = rows("docs/METRICS.md", "The metrics")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
        .collect();
    let there: BTreeSet<_> = Metric::ALL
        .iter()
        .map(|metric| {
            (metric.to_string(), metric.unit().to_owned(), metric.dimension().unwrap_or_default().to_owned())
        })
        .collect();
    assert_eq!(documented, there);
}

#[test]
fn each_metric_is_counted_or_measured_somewhere() {
    let code: String =
        sources().into_iter().filter(|(path, _)| !path.ends_with("metrics.rs")).map(|(_, t)| t).collect();
    for metric in Metric::ALL {
        assert!(code.contains(&format!("Metric::{metric},")), "{metric} is never told");
    }
    let enumerated = read("shared/src/metrics.rs");
    let body =
        enumerated.split("pub enum Metric {").nth(1).unwrap().split("\n}\n").next().unwrap().to_owned();
    let variants = body.lines().filter(|line| line.ends_with(',') && !line.contains("///")).count();
    assert_eq!(variants, Metric::ALL.len(), "Metric::ALL leaves one out");
}

/// The library's code without its tests, by path.
fn sources() -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join("shared/src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text.split("#[cfg(test)]").next().unwrap().to_owned()));
            }
        }
    }
    found
}

/// What stands between the parentheses of a call, cut at its commas.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut before) = (0, false, ' ');
    let mut arguments = vec![String::new()];
    for c in text.chars() {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().unwrap().push(c);
        before = c;
    }
    arguments.into_iter().map(|argument| argument.trim().to_owned()).filter(|a| !a.is_empty()).collect()
}

/// Each message that the library logs, with its levels, and all fields.
fn logged() -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let call = Regex::new(r"tracing::(\$level|error|warn|info|debug|trace)!\(").unwrap();
    let (mut messages, mut fields): (BTreeMap<String, BTreeSet<String>>, _) =
        (BTreeMap::new(), BTreeSet::new());
    for (path, text) in sources() {
        for found in call.captures_iter(&text) {
            let mut arguments = arguments(&text[found.get(0).unwrap().end()..]);
            let message = arguments.pop().unwrap();
            let message = message.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let message = message.unwrap_or_else(|| panic!("{}: a call without a message", path.display()));
            let levels = messages.entry(message.to_owned()).or_default();
            match &found[1] {
                "$level" => levels.extend(["INFO".to_owned(), "WARN".to_owned()]),
                level => _ = levels.insert(level.to_uppercase()),
            }
            fields.extend(arguments.iter().map(|argument| {
                argument.split('=').next().unwrap().trim().trim_start_matches(['%', '?']).to_owned()
            }));
        }
    }
    (messages, fields)
}

#[test]
fn each_message_is_documented_with_its_level_and_no_other_is() {
    let documented: BTreeMap<String, BTreeSet<String>> = rows("docs/LOGGING.md", "Messages")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].split(", ").map(ToOwned::to_owned).collect()))
        .collect();
    assert_eq!(documented, logged().0);
}

#[test]
fn each_field_is_documented_and_no_other_is() {
    let documented: BTreeSet<_> =
        rows("docs/LOGGING.md", "Fields of a message").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, logged().1);
}

#[test]
fn fields_are_words_in_snake_case() {
    let word = Regex::new("^[a-z]+(_[a-z]+)*$").unwrap();
    // They would stand beside those of the line itself.
    let taken = ["timestamp", "level", "message", "target", "spans"];
    for field in logged().1 {
        assert!(word.is_match(&field) && !taken.contains(&field.as_str()), "{field}");
    }
}
