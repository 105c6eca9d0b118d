//! DynamoDB: writes, each on its condition.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};

use super::call::failed;
use super::clients::Aws;
use super::table::{Attributes, attributes, item, unreadable};
use crate::error::Error;
use crate::model::ids::AccountId;
use crate::model::table::{Condition, Item, Key, Write, ZoneStep};

/// A condition as DynamoDB writes it.
#[derive(Default)]
struct Expression {
    text: Option<&'static str>,
    names: Option<HashMap<String, String>>,
    values: Option<Attributes>,
}

/// `version` and `reason` are named by placeholders, for words that DynamoDB may reserve.
fn expression(key: &Key, condition: Condition, written: Option<&Item>) -> Result<Expression, Error> {
    let number = |number: String| AttributeValue::N(number);
    let (text, values) = match condition {
        Condition::None => return Ok(Expression::default()),
        Condition::Absent => ("attribute_not_exists(pk)", Vec::new()),
        Condition::Present => ("attribute_exists(pk)", Vec::new()),
        Condition::Version(version) => {
            ("#version = :version", vec![(":version", number(version.to_string()))])
        }
        Condition::OtherReason => {
            let Some(Item::Hold(hold)) = written else { return Err(misplaced(key)) };
            let reason = serde_dynamo::to_attribute_value(&hold.reason);
            let reason = reason.map_err(|error| unreadable(key, error))?;
            ("attribute_not_exists(pk) OR reason <> :reason", vec![(":reason", reason)])
        }
        Condition::TurnIsFree(due_by) => {
            let Some(Item::Wait(wait)) = written else { return Err(misplaced(key)) };
            let limit = (":limit", number(due_by.as_second().to_string()));
            let turn = (":turn", AttributeValue::S(wait.turn.clone()));
            // The last: the SDK tries again when an answer is lost, and finds its own turn.
            ("attribute_not_exists(pk) OR due <= :limit OR turn = :turn", vec![limit, turn])
        }
        // `failed` is no attribute of a part that is done.
        Condition::NotDone => ("attribute_not_exists(pk) OR attribute_exists(failed)", Vec::new()),
    };
    let named = matches!(condition, Condition::Version(_));
    let values: Attributes = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Expression {
        text: Some(text),
        names: named.then(|| HashMap::from([("#version".to_owned(), "version".to_owned())])),
        values: (!values.is_empty()).then_some(values),
    })
}

fn misplaced(key: &Key) -> Error {
    unreadable(key, std::io::Error::other("its condition is one of another kind of item"))
}

impl Aws {
    pub(super) async fn put(&self, key: &Key, value: &Item, condition: Condition) -> Result<(), Error> {
        let Expression { text, names, values } = expression(key, condition, Some(value))?;
        let call = self.dynamodb.put_item().table_name(&self.config.table_name);
        let call = call.set_item(Some(item(key, value)?)).set_expression_attribute_names(names);
        let call =
            call.set_condition_expression(text.map(Into::into)).set_expression_attribute_values(values);
        call.send().await.map(drop).map_err(failed("dynamodb:PutItem", &key.sk))
    }

    pub(super) async fn delete(&self, key: &Key, condition: Condition) -> Result<(), Error> {
        let Expression { text, names, values } = expression(key, condition, None)?;
        let call = self.dynamodb.delete_item().table_name(&self.config.table_name);
        let call = call.set_key(Some(attributes(key))).set_expression_attribute_names(names);
        let call =
            call.set_condition_expression(text.map(Into::into)).set_expression_attribute_values(values);
        call.send().await.map(drop).map_err(failed("dynamodb:DeleteItem", &key.sk))
    }

    pub(super) async fn transact(&self, subject: &str, writes: &[Write]) -> Result<(), Error> {
        let writes: Result<Vec<_>, _> = writes.iter().map(|write| self.transact_item(write)).collect();
        self.transact_items(subject, writes?).await
    }

    /// Writes several items, all or none.
    pub(super) async fn transact_items(
        &self,
        subject: &str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<(), Error> {
        let call = self.dynamodb.transact_write_items().set_transact_items(Some(writes));
        call.send().await.map(drop).map_err(failed("dynamodb:TransactWriteItems", subject))
    }

    pub(super) fn transact_item(&self, write: &Write) -> Result<TransactWriteItem, Error> {
        match write {
            Write::Put(key, value, condition) => self.put_write(key, value, *condition),
            Write::Delete(key, condition) => self.delete_write(key, *condition),
            Write::CountZone(account, step) => self.count_zone(account, *step),
        }
    }

    fn put_write(&self, key: &Key, value: &Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let Expression { text, names, values } = expression(key, condition, Some(value))?;
        let put = Put::builder().table_name(&self.config.table_name).set_item(Some(item(key, value)?));
        let put = put.set_condition_expression(text.map(Into::into));
        let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
        let put = put.build().map_err(|error| unreadable(key, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete_write(&self, key: &Key, condition: Condition) -> Result<TransactWriteItem, Error> {
        let Expression { text, names, values } = expression(key, condition, None)?;
        let delete = Delete::builder().table_name(&self.config.table_name).set_key(Some(attributes(key)));
        let delete = delete.set_condition_expression(text.map(Into::into));
        let delete = delete.set_expression_attribute_names(names);
        let delete = delete.set_expression_attribute_values(values).build();
        let delete = delete.map_err(|error| unreadable(key, error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn count_zone(&self, account: &AccountId, step: ZoneStep) -> Result<TransactWriteItem, Error> {
        let key = Key::zone_count(account);
        let (by, condition, at_most) = match step {
            // Of an account that has no number, none is counted yet.
            ZoneStep::Up { at_most: 0 } => (1, Some("zones < :at_most"), Some(0)),
            ZoneStep::Up { at_most } => {
                (1, Some("attribute_not_exists(zones) OR zones < :at_most"), Some(at_most))
            }
            ZoneStep::Down => (-1, None, None),
        };
        let number = |number: i64| AttributeValue::N(number.to_string());
        let update = Update::builder().table_name(&self.config.table_name).set_key(Some(attributes(&key)));
        let update = update.update_expression("ADD zones :by");
        let update = update.expression_attribute_values(":by", number(by));
        let update = match at_most {
            Some(most) => update.expression_attribute_values(":at_most", number(most.into())),
            None => update,
        };
        let update = update.set_condition_expression(condition.map(Into::into)).build();
        let update = update.map_err(|error| unreadable(&key, error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
