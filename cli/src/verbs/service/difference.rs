//! What an edit changes in a definition, field by field.

use serde::Serialize;
use serde_json::Value;

use crate::definition_file::known_fields;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// The field.
    pub(super) field: String,
    /// What it says; null where it says nothing.
    pub(super) before: Value,
    /// What it is to say; null where it says nothing.
    pub(super) after: Value,
}

/// The fields that differ, those of this version in its order, then the others.
pub(super) fn between(before: &Value, after: &Value) -> Vec<Difference> {
    let mut fields = known_fields();
    for object in [before, after].into_iter().filter_map(Value::as_object) {
        for field in object.keys() {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
    }
    let differs = |field: String| {
        let of = |value: &Value| value.get(&field).cloned().unwrap_or(Value::Null);
        let (before, after) = (of(before), of(after));
        (before != after).then_some(Difference { field, before, after })
    };
    fields.into_iter().filter_map(differs).collect()
}

impl Difference {
    /// In one line, as in "ttl: 60 → 30" and "names: + *.b.example.com".
    pub(super) fn words(&self) -> String {
        if let (Value::Array(before), Value::Array(after)) = (&self.before, &self.after) {
            let gone = before.iter().filter(|value| !after.contains(value)).map(|value| ("−", value));
            let come = after.iter().filter(|value| !before.contains(value)).map(|value| ("+", value));
            let parts: Vec<_> =
                gone.chain(come).map(|(sign, value)| format!("{sign} {}", shown(value))).collect();
            if !parts.is_empty() {
                return format!("{}: {}", self.field, parts.join(", "));
            }
        }
        if self.before.is_null() {
            return format!("{}: + {}", self.field, shown(&self.after));
        }
        format!("{}: {} → {}", self.field, shown(&self.before), shown(&self.after))
    }
}

/// A value as people write it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not said".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(before: &Value, after: &Value) -> Vec<String> {
        between(before, after).iter().map(Difference::words).collect()
    }

    #[test]
    fn lists_say_what_comes_and_goes_and_values_what_they_were() {
        let before = json!({"names": ["a", "b"], "ttl": 60, "adopt": "any"});
        let after = json!({"names": ["b", "c"], "ttl": 30, "x": 1});
        assert_eq!(
            words(&before, &after),
            ["names: − a, + c", "ttl: 60 → 30", "adopt: any → not said", "x: + 1"]
        );
    }

    #[test]
    fn what_is_equal_is_not_said() {
        assert_eq!(words(&json!({"names": ["a"]}), &json!({"names": ["a"]})), Vec::<String>::new());
    }
}
