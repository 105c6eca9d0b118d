//! YAML, and with it JSON, as a tree in which every value knows where it stands.
//!
//! Only the parser's events are used: a tree that forgets duplicate keys, or the text of what looks like a
//! number, could not say what is wrong. Account ids in particular look like numbers, some with a leading zero.

use std::fmt;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

/// Where something stands, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl From<&Marker> for Place {
    fn from(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// What a value holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<(Key, Node)>),
}

/// A key of an object.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) name: String,
}

/// What cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    pub(crate) what: String,
}

/// YAML reads an asterisk as the use of an anchor; definitions have none.
const STAR: &str =
    "a name with * stands in quotes: \"*.example.com\" (anchors and aliases, &… and *…, are not read)";

/// All documents of a text.
///
/// # Errors
/// At the first place that is no YAML, or that uses what definitions do without.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, Problem> {
    let mut events = Events(Parser::new_from_str(text));
    let mut documents = Vec::new();
    loop {
        match events.next()? {
            None | Some((Event::StreamEnd, _)) => return Ok(documents),
            Some((Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _)) => {
            }
            Some((event, span)) => documents.push(events.node(event, span)?),
        }
    }
}

struct Events<'a>(Parser<'a, saphyr_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Problem> {
        let failed = |error: saphyr_parser::ScanError| {
            let place = error.marker().into();
            let what = match error.info() {
                // What else would begin with an asterisk in a definition?
                alias if alias.contains("unknown anchor") => STAR.to_owned(),
                other => format!("this is neither YAML nor JSON: {other}"),
            };
            Problem { place, what }
        };
        self.0.next_event().transpose().map_err(failed)
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Problem> {
        let place = Place::from(&span.start);
        let content = match event {
            Event::Scalar(text, style, _, tag) => {
                if tag.is_some() {
                    return Err(Problem { place, what: "tags (!…) are not read; leave them out".into() });
                }
                Content::Scalar(scalar(&text, style))
            }
            Event::SequenceStart(..) => Content::List(self.list(place)?),
            Event::MappingStart(..) => Content::Object(self.object(place)?),
            Event::Alias(_) => {
                let what =
                    "anchors and aliases (&…, *…) are not read; write the value out, a name with * in quotes";
                return Err(Problem { place, what: what.into() });
            }
            other => return Err(Problem { place, what: format!("{other:?} was not expected here") }),
        };
        Ok(Node { place, content })
    }

    fn list(&mut self, start: Place) -> Result<Vec<Node>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some((Event::SequenceEnd, _)) => return Ok(items),
                Some((event, span)) => items.push(self.node(event, span)?),
                None => return Err(Problem { place: start, what: "this list does not end".into() }),
            }
        }
    }

    fn object(&mut self, start: Place) -> Result<Vec<(Key, Node)>, Problem> {
        let mut fields: Vec<(Key, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                Some((Event::MappingEnd, _)) => return Ok(fields),
                Some((Event::Scalar(name, ..), span)) => {
                    Key { place: Place::from(&span.start), name: name.into_owned() }
                }
                Some((_, span)) => {
                    let place = Place::from(&span.start);
                    return Err(Problem { place, what: "the name of a field must be a word".into() });
                }
                None => return Err(Problem { place: start, what: "this object does not end".into() }),
            };
            if let Some((first, _)) = fields.iter().find(|(other, _)| other.name == key.name) {
                let what = format!("{} stands here twice, first at {}; keep one", key.name, first.place);
                return Err(Problem { place: key.place, what });
            }
            let value = self
                .next()?
                .ok_or_else(|| Problem { place: key.place, what: format!("{} has no value", key.name) })?;
            let value = self.node(value.0, value.1)?;
            fields.push((key, value));
        }
    }
}

/// A scalar by YAML's core schema, but for account ids: twelve digits are a text.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_account => Value::String(text.to_owned()),
        // JSON's numbers, which have no leading zeros.
        _ => text.parse::<Number>().map_or_else(|_| Value::String(text.to_owned()), Value::Number),
    }
}

impl Node {
    /// The value, without its places.
    pub(crate) fn value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => Value::Array(items.iter().map(Node::value).collect()),
            Content::Object(fields) => {
                let fields = fields.iter().map(|(key, node)| (key.name.clone(), node.value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// The field of this name, if this is an object that has it.
    pub(crate) fn field(&self, name: &str) -> Option<&(Key, Node)> {
        match &self.content {
            Content::Object(fields) => fields.iter().find(|(key, _)| key.name == name),
            _ => None,
        }
    }

    /// The item at this position, if this is a list that has it.
    pub(crate) fn item(&self, index: usize) -> Option<&Node> {
        match &self.content {
            Content::List(items) => items.get(index),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<Value> {
        parse(text).unwrap_or_else(|problem| panic!("{problem:?}")).iter().map(Node::value).collect()
    }

    fn problem(text: &str) -> (Place, String) {
        let problem = parse(text).err().unwrap_or_else(|| panic!("{text} is read"));
        (problem.place, problem.what)
    }

    #[test]
    fn account_ids_are_texts_with_or_without_quotes_and_keep_their_leading_zero() {
        let read = read("[044444444444, '111122223333', 111122223333, 60, 1.5, true, ~]");
        assert_eq!(read, [json!(["044444444444", "111122223333", "111122223333", 60, 1.5, true, null])]);
    }

    #[test]
    fn json_is_read_with_tabs_and_escapes() {
        let read = read("{\n\t\"names\": [\"*.a.example.com\"],\n\t\"ttl\":60, \"x\": \"\\u0041\"}");
        assert_eq!(read, [json!({"names": ["*.a.example.com"], "ttl": 60, "x": "A"})]);
    }

    #[test]
    fn documents_are_read_one_after_the_other() {
        assert_eq!(read("a: 1\n---\na: 2\n"), [json!({"a": 1}), json!({"a": 2})]);
        assert_eq!(read("# nothing\n"), Vec::<Value>::new());
    }

    #[test]
    fn field_that_stands_twice_is_refused_at_the_second_place() {
        let (place, what) = problem("ttl: 60\nnames: []\nttl: 30\n");
        assert_eq!((place.line, place.column), (3, 1));
        assert!(what.contains("ttl stands here twice, first at 1:1"), "{what}");
    }

    #[test]
    fn wildcard_without_quotes_is_told_apart_from_an_alias() {
        let (place, what) = problem("names:\n  - *.example.com\n");
        assert_eq!(place.line, 2);
        assert!(what.starts_with("a name with * stands in quotes"), "{what}");
        let (place, _) = problem("names: &all\n  - a.example.com\nmore: *all\n");
        assert_eq!(place.line, 3);
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        let (place, _) = problem("names: [\n");
        assert!(place.line >= 1);
    }
}
