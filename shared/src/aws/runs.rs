//! DynamoDB: changing a run's item.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::call::failed;
use super::clients::Aws;
use super::table::{Attributes, attributes, unreadable};
use crate::error::Error;
use crate::model::run::RunEnd;
use crate::model::table::{Key, RunUpdate};

const UPDATE_ITEM: &str = "dynamodb:UpdateItem";

impl Aws {
    pub(super) async fn update_run_item(&self, run: &str, update: &RunUpdate) -> Result<(), Error> {
        match update {
            RunUpdate::CountRemoval { at_most, expires_at } => {
                self.count_removal(run, *at_most, *expires_at).await
            }
            RunUpdate::UncountRemoval => self.uncount_removal(run).await,
            RunUpdate::End(end) => self.end_run_item(run, end).await,
        }
    }

    async fn count_removal(&self, run: &str, at_most: u32, expires_at: i64) -> Result<(), Error> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let values = [
            (":none", number(0)),
            (":one", number(1)),
            (":at_most", number(at_most.into())),
            (":expires_at", number(expires_at)),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        let set = "SET deletes = if_not_exists(deletes, :none) + :one, \
                   expires_at = if_not_exists(expires_at, :expires_at)";
        // Of a run without an item, nothing is counted yet; one that may remove nothing has reached its limit.
        let condition = match at_most {
            0 => "deletes < :at_most",
            _ => "attribute_not_exists(deletes) OR deletes < :at_most",
        };
        let call = self.setting_in_run(&Key::run(run), set, None, values, Some(condition));
        call.send().await.map(drop).map_err(failed(UPDATE_ITEM, run))
    }

    async fn uncount_removal(&self, run: &str) -> Result<(), Error> {
        let values = [(":one".to_owned(), AttributeValue::N("1".into()))].into();
        let set = "SET deletes = deletes - :one";
        let call = self.setting_in_run(&Key::run(run), set, None, values, Some("deletes >= :one"));
        // The SDK's second try would subtract a second time, and the run could remove more than it may.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        call.customize().config_override(once).send().await.map(drop).map_err(failed(UPDATE_ITEM, run))
    }

    async fn end_run_item(&self, run: &str, end: &RunEnd) -> Result<(), Error> {
        let key = Key::run(run);
        let end: Attributes = serde_dynamo::to_item(end).map_err(|error| unreadable(&key, error))?;
        let set: Vec<_> = end.keys().map(|name| format!("#{name} = :{name}")).collect();
        let names = end.keys().map(|name| (format!("#{name}"), name.clone())).collect();
        let values = end.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        let call = self.setting_in_run(&key, &format!("SET {}", set.join(", ")), Some(names), values, None);
        call.send().await.map(drop).map_err(failed(UPDATE_ITEM, run))
    }

    fn setting_in_run(
        &self,
        key: &Key,
        set: &str,
        names: Option<HashMap<String, String>>,
        values: Attributes,
        condition: Option<&str>,
    ) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.config.table_name)
            .set_key(Some(attributes(key)))
            .update_expression(set)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(Some(values))
            .set_condition_expression(condition.map(ToOwned::to_owned))
    }
}
