//! Service definitions in files: one, several documents, or a list under `services`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use serde_path_to_error::{Path as FieldPath, Segment};
use shared::model::ids::ServiceId;
use shared::model::policy::ServiceDefinition;

use crate::document::{self, Content, Node, Place, Problem};
use crate::failure::Failure;

/// How far a word may be from the one that was meant.
const NEAR: f64 = 0.7;

/// A definition as the functions read it, and as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Defined {
    pub(crate) definition: ServiceDefinition,
    pub(crate) value: Value,
}

/// Reads the definitions of a file; of standard input for `-`.
///
/// # Errors
/// All that is wrong with them, each with its place.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Defined>> {
    let (text, name) = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        (text, "standard input".to_owned())
    } else {
        let name = file.display().to_string();
        (fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?, name)
    };
    definitions(&text).map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{name}:{}: {}", problem.place, problem.what));
        let remedy = "zonelink service schema prints the form of a definition";
        Failure::new(lines.collect::<Vec<_>>().join("\n       "), remedy).into()
    })
}

/// The fields that this version knows, in the order of the type.
pub(crate) fn known_fields() -> Vec<String> {
    // The type itself is asked, so that the list cannot fall behind it.
    let nobodys = serde_json::json!({"": null});
    let refusal = serde_json::from_value::<ServiceDefinition>(nobodys).err().map(|error| error.to_string());
    let refusal = refusal.unwrap_or_default();
    refusal.split('`').skip(3).step_by(2).map(ToOwned::to_owned).collect()
}

/// The definitions in a text.
fn definitions(text: &str) -> Result<Vec<Defined>, Vec<Problem>> {
    let documents = document::parse(text).map_err(|problem| vec![problem])?;
    let mut found = Vec::new();
    for document in &documents {
        match document.field("services") {
            Some((_, services)) if document.field("service").is_none() => {
                list(document, services, &mut found)?;
            }
            _ => found.push((String::new(), document)),
        }
    }
    if found.is_empty() {
        let what = "no definition stands here; give an object with service and names".into();
        return Err(vec![Problem { place: Place { line: 1, column: 1 }, what }]);
    }
    let mut problems = Vec::new();
    let mut defined: Vec<Defined> = Vec::new();
    let mut places: BTreeMap<ServiceId, Place> = BTreeMap::new();
    for (prefix, node) in found {
        match definition(&prefix, node) {
            Ok(one) => {
                if let Some(first) = places.insert(one.definition.service.clone(), node.place) {
                    let service = &one.definition.service;
                    let what = format!("{service} is defined here and at {first}; keep one");
                    problems.push(Problem { place: node.place, what });
                }
                defined.push(one);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(defined) } else { Err(problems) }
}

/// The members of a list under `services`, which has nothing beside it.
fn list<'a>(
    document: &'a Node,
    services: &'a Node,
    found: &mut Vec<(String, &'a Node)>,
) -> Result<(), Vec<Problem>> {
    if let Content::Object(fields) = &document.content
        && let Some((other, _)) = fields.iter().find(|(key, _)| key.name != "services")
    {
        let what = format!("unknown field {}: beside services stands nothing else", other.name);
        return Err(vec![Problem { place: other.place, what }]);
    }
    let Content::List(items) = &services.content else {
        let what = "services: give a list of definitions".into();
        return Err(vec![Problem { place: services.place, what }]);
    };
    found.extend(items.iter().enumerate().map(|(index, node)| (format!("services[{index}]."), node)));
    Ok(())
}

fn definition(prefix: &str, node: &Node) -> Result<Defined, Problem> {
    // serde would take the members of a list too, in their order.
    if !matches!(node.content, Content::Object(_)) {
        let what = "a definition is an object with service and names; put several in a list under services";
        return Err(Problem { place: node.place, what: what.into() });
    }
    let value = node.value();
    let definition: ServiceDefinition = serde_path_to_error::deserialize(&value).map_err(|error| {
        let (name, value, field) = locate(node, error.path());
        let message = error.inner().to_string();
        // A field that nobody knows is wrong where its name stands; all else, where the value does.
        let place = if message.starts_with("unknown field") { name } else { value };
        let said = match field.as_str() {
            "" => String::new(),
            field => format!("{prefix}{field}: "),
        };
        Problem { place, what: format!("{said}{}", explained(&message)) }
    })?;
    definition
        .check()
        .map_err(|error| Problem { place: node.place, what: format!("{prefix}names: {error}") })?;
    Ok(Defined { definition, value })
}

/// The places of a path's last name and of its value, and the path as people write it.
fn locate(node: &Node, path: &FieldPath) -> (Place, Place, String) {
    let mut place = node.place;
    let mut here = Some(node);
    let mut field = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => {
                let found = here.and_then(|node| node.field(key));
                place = found.map_or(place, |(key, _)| key.place);
                here = found.map(|(_, node)| node);
                let _ = write!(field, "{}{key}", if field.is_empty() { "" } else { "." });
            }
            Segment::Seq { index } => {
                here = here.and_then(|node| node.item(*index));
                place = here.map_or(place, |node| node.place);
                let _ = write!(field, "[{index}]");
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    (place, here.map_or(place, |node| node.place), field)
}

/// serde's words in those of people, with the word that was meant when one is near.
fn explained(message: &str) -> String {
    let message = &message.replace("expected u32", "expected a whole number");
    let message = &message.replace("expected string or map", "expected a word");
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some(said) = quoted.next().filter(|_| is_unknown) else { return message.to_owned() };
    let near = quoted.map(|known| (strsim::jaro_winkler(said, known), known));
    let nearest = near.filter(|(nearness, _)| *nearness >= NEAR).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map_or_else(|| message.to_owned(), |(_, known)| format!("{message}; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = definitions(text).err().unwrap_or_else(|| panic!("{text} is accepted"));
        problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect()
    }

    fn services(text: &str) -> Vec<String> {
        let defined = definitions(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        defined.iter().map(|one| one.definition.service.to_string()).collect()
    }

    const FIRST: &str = "service: vpce-svc-0123456789abcdef0\nnames: ['*.a.example.com']\n";
    const SECOND: &str = "service: vpce-svc-0123456789abcdef1\nnames: ['*.b.example.com']\n";

    #[test]
    fn one_definition_several_documents_and_a_list_are_read() {
        assert_eq!(services(FIRST).len(), 1);
        assert_eq!(services(&format!("{FIRST}---\n{SECOND}")).len(), 2);
        let list =
            format!("services:\n- {}- {}", FIRST.replace("\nn", "\n  n"), SECOND.replace("\nn", "\n  n"));
        assert_eq!(services(&list), ["vpce-svc-0123456789abcdef0", "vpce-svc-0123456789abcdef1"]);
    }

    #[test]
    fn unknown_field_is_named_at_its_place_with_the_one_that_was_meant() {
        let said = problems(&format!("{FIRST}alowed_principals: [111122223333]\n"));
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("3:1: alowed_principals: unknown field"), "{said:?}");
        assert!(said[0].ends_with("did you mean `allowed_principals`?"), "{said:?}");
    }

    #[test]
    fn wrong_value_is_named_at_its_place_with_its_field() {
        let said = problems(&format!("{FIRST}allowed_principals:\n  - 111122223333\n  - '*'\n"));
        assert!(said[0].starts_with("5:5: allowed_principals[1]: "), "{said:?}");
        assert!(said[0].contains("it would accept everybody"), "{said:?}");
        let said = problems(&format!("{FIRST}adopt: anny\n"));
        assert!(said[0].starts_with("3:8: adopt: unknown variant"), "{said:?}");
        assert!(said[0].ends_with("did you mean `any`?"), "{said:?}");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let text = "services:\n- service: vpce-svc-1\n  names: [a.example.com]\n- names: [a.example.com]\n";
        let said = problems(text);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("2:12: services[0].service: "), "{said:?}");
        assert!(said[1].contains("missing field `service`"), "{said:?}");
    }

    #[test]
    fn all_fields_of_the_type_are_known() {
        let known = known_fields();
        assert_eq!(known.first().map(String::as_str), Some("service"));
        let sound = serde_json::json!({"service": "vpce-svc-0123456789abcdef0", "names": ["a.example.com"]});
        let definition: ServiceDefinition = serde_json::from_value(sound).unwrap_or_else(|e| panic!("{e}"));
        let written = serde_json::to_value(definition).unwrap_or_else(|e| panic!("{e}"));
        let fields = written.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
        assert!(fields.unwrap_or_default().iter().all(|field| known.contains(field)), "{known:?}");
    }

    #[test]
    fn service_that_is_defined_twice_is_refused() {
        let said = problems(&format!("{FIRST}---\n{FIRST}"));
        assert!(said[0].contains("is defined here and at 1:1"), "{said:?}");
    }

    #[test]
    fn lists_and_empty_files_are_refused_with_the_form_that_is_expected() {
        assert!(problems("[]")[0].contains("under services"));
        assert!(problems("# nothing")[0].contains("service and names"));
        assert!(problems(&format!("{FIRST}services: []\n"))[0].contains("unknown field"));
    }
}
