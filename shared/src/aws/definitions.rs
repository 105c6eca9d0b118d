//! Service definitions as people write them. Functions only read them, and IAM denies them more.
//!
//! A definition is written on condition that it still is what was read, in one transaction with the journal's
//! entry: nobody's edit is lost, and none goes untold.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};
use serde_json::Value;

use super::clients::Aws;
use super::table::{Attributes, attributes, sort_key, unreadable};
use crate::cloud::Order;
use crate::error::Error;
use crate::model::hold::Subject;
use crate::model::ids::ServiceId;
use crate::model::journal::{JournalEntry, place};
use crate::model::table::{Condition, Key, Write, journal_entry};

/// The attribute, whose name is a word of DynamoDB's own in expressions.
const DEFINITION: &str = "definition";

/// A definition in the table, sound or not.
#[derive(Debug, Clone)]
pub struct StoredDefinition {
    /// Its sort key: a service id, when it is sound.
    pub key: String,
    /// What it says, with all that this version does not know.
    pub definition: Value,
    /// As DynamoDB holds it; none for an item without a definition.
    raw: Option<AttributeValue>,
}

/// An edit of one definition.
#[derive(Debug)]
pub struct DefinitionChange<'a> {
    /// The service.
    pub service: &'a ServiceId,
    /// What must stand there; none when nothing may.
    pub before: Option<&'a StoredDefinition>,
    /// What is to stand there; none when nothing is.
    pub after: Option<&'a Value>,
    /// Who makes it and how, for the journal.
    pub cause: &'a str,
    /// What it changes, field by field, for the journal.
    pub changes: Vec<String>,
}

impl Aws {
    /// All definitions of the table, as they stand there.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn stored_definitions(&self) -> Result<Vec<StoredDefinition>, Error> {
        let (mut stored, mut page) = (Vec::new(), None);
        loop {
            let answer = self.query_attributes("service", "", Order::Ascending, page).await?;
            for item in answer.items {
                stored.push(stored_definition(item)?);
            }
            if answer.next.is_none() {
                return Ok(stored);
            }
            page = answer.next;
        }
    }

    /// Writes a definition and its journal entry, both or none.
    ///
    /// # Errors
    /// With [`Error::is_condition_failed`] when the definition is not what was read any more; otherwise when
    /// the table cannot be written.
    pub async fn change_definition(&self, change: DefinitionChange<'_>) -> Result<(), Error> {
        let edit = self.edit(&Key::definition(change.service), &change)?;
        let subject = Subject::Service(change.service.clone());
        let entry = JournalEntry {
            subject: subject.to_string(),
            at: self.clock(),
            cause: change.cause.to_owned(),
            by: None,
            reason: "by hand".into(),
            steps: change.changes,
            outcome: "done".into(),
            milliseconds: None,
        };
        let (key, entry) = journal_entry(&place(&subject), entry);
        let entry = self.transact_item(&Write::Put(key, entry, Condition::None))?;
        self.transact_items(change.service.as_str(), vec![edit, entry]).await
    }

    fn edit(&self, key: &Key, change: &DefinitionChange<'_>) -> Result<TransactWriteItem, Error> {
        let table = &self.config.table_name;
        let after = change.after.map(|value| attribute(key, value)).transpose()?;
        let before = change.before.and_then(|before| before.raw.clone());
        let unchanged =
            if before.is_some() { "#definition = :before" } else { "attribute_not_exists(#definition)" };
        let mut values: HashMap<_, _> =
            before.map(|before| (":before".to_owned(), before)).into_iter().collect();
        let item = TransactWriteItem::builder();
        let Some(after) = after else {
            let delete = Delete::builder().table_name(table).set_key(Some(attributes(key)));
            let values = Some(values).filter(|values| !values.is_empty());
            let delete = delete.condition_expression(unchanged).set_expression_attribute_values(values);
            let delete = delete.expression_attribute_names("#definition", DEFINITION);
            return Ok(item.delete(delete.build().map_err(|error| unreadable(key, error))?).build());
        };
        // An update, so that whatever else the item holds stays.
        values.insert(":after".to_owned(), after);
        let update = Update::builder().table_name(table).set_key(Some(attributes(key)));
        let update = update.update_expression("SET #definition = :after").condition_expression(unchanged);
        let update = update.expression_attribute_names("#definition", DEFINITION);
        let update = update.set_expression_attribute_values(Some(values)).build();
        Ok(item.update(update.map_err(|error| unreadable(key, error))?).build())
    }
}

fn stored_definition(mut item: Attributes) -> Result<StoredDefinition, Error> {
    let key = sort_key(&item);
    let raw = item.remove(DEFINITION);
    let value = raw.clone().unwrap_or(AttributeValue::Null(true));
    let definition = serde_dynamo::from_attribute_value(value).map_err(|error| Error::Unreadable {
        what: format!("table item service / {key}"),
        source: Box::new(error),
    })?;
    Ok(StoredDefinition { key, definition, raw })
}

fn attribute(key: &Key, value: &Value) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(value).map_err(|error| unreadable(key, error))
}
