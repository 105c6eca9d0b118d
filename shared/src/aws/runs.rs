//! The items of runs: when each began and ended, what it may still remove, and what its messages came to.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::call::failed;
use super::clients::Aws;
use super::inspect::sort_key;
use super::table::{Item, Key, read, unreadable};
use crate::error::Error;
use crate::run::{Part, Run, RunEnd, RunPart};

/// For how long a run and its parts stay.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
const RUNS: &str = "run";
/// Of the latest runs one is a complete sweep, unless something is wrong.
const RUNS_AT_ONCE: i32 = 10;

/// A part as it stands in the table.
#[derive(Serialize)]
struct PartItem<'a> {
    #[serde(flatten)]
    part: &'a Part,
    expires_at: i64,
}

impl Aws {
    /// Until when an item of a run that begins now is kept, in seconds since 1970.
    #[must_use]
    pub fn run_expires_at(&self) -> i64 {
        (self.now() + KEPT).as_second()
    }

    /// Writes that a run has begun.
    ///
    /// # Errors
    /// A condition that does not hold when a run of this id has begun before, or that of the write.
    pub async fn begin_run(&self, run: &Run) -> Result<(), Error> {
        self.put(&Key::new(RUNS, &run.run), run, Some(("attribute_not_exists(pk)", None))).await
    }

    /// A run as it stands now; none when there is none of this id.
    ///
    /// # Errors
    /// When the item cannot be read.
    pub async fn inspect_run(&self, run: &str) -> Result<Option<Run>, Error> {
        let key = Key::new(RUNS, run);
        self.get_items([key].into()).await?.pop().map(read).transpose()
    }

    /// The ids of the runs that the table remembers, by time.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn inspect_run_ids(&self) -> Result<Vec<String>, Error> {
        Ok(self.query(RUNS, "").await?.iter().map(sort_key).collect())
    }

    /// When the last whole sweep ended that failed in nothing; none when the table remembers no such run. One that
    /// cannot be read is none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn last_complete_sweep(&self) -> Result<Option<Timestamp>, Error> {
        let call = self
            .dynamodb
            .query()
            .table_name(&self.config.table_name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(RUNS.into()))
            .scan_index_forward(false)
            .limit(RUNS_AT_ONCE);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let items = page.map_err(failed("dynamodb:Query", RUNS))?.items.unwrap_or_default();
            let complete = items.into_iter().find_map(|item| read::<Run>(item).ok()?.completed());
            if complete.is_some() {
                return Ok(complete);
            }
        }
        Ok(None)
    }

    /// The parts of a run that are there now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub async fn inspect_parts(&self, run: &str) -> Result<Vec<Part>, Error> {
        self.query(&format!("{RUNS}#{run}"), "").await?.into_iter().map(read).collect()
    }

    /// Writes what a run has come to. Its messages may be under way, and count its removals meanwhile.
    ///
    /// # Errors
    /// When the item cannot be written.
    pub async fn end_run(&self, run: &str, end: &RunEnd) -> Result<(), Error> {
        let key = Key::new(RUNS, run);
        let end: Item = serde_dynamo::to_item(end).map_err(|error| unreadable(&key, error))?;
        let set: Vec<_> = end.keys().map(|name| format!("#{name} = :{name}")).collect();
        let names = end.keys().map(|name| (format!("#{name}"), name.clone())).collect();
        let values = end.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        self.update_run(&key, &format!("SET {}", set.join(", ")), Some(names), values, None).await
    }

    /// Takes one of the removals that a run may make.
    ///
    /// # Errors
    /// A condition that does not hold when none is left, or that of the update.
    pub(super) async fn reserve_deletion(&self, run: &str, at_most: u32) -> Result<(), Error> {
        let number = |n: i64| AttributeValue::N(n.to_string());
        let values = [
            (":none", number(0)),
            (":one", number(1)),
            (":at_most", number(at_most.into())),
            (":expires_at", number(self.run_expires_at())),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        let set = "SET deletes = if_not_exists(deletes, :none) + :one, \
                   expires_at = if_not_exists(expires_at, :expires_at)";
        let condition = "attribute_not_exists(deletes) OR deletes < :at_most";
        self.update_run(&Key::new(RUNS, run), set, None, values, Some(condition)).await
    }

    async fn update_run(
        &self,
        key: &Key,
        set: &str,
        names: Option<HashMap<String, String>>,
        values: Item,
        condition: Option<&str>,
    ) -> Result<(), Error> {
        let call = self
            .dynamodb
            .update_item()
            .table_name(&self.config.table_name)
            .set_key(Some(key.attributes()))
            .update_expression(set)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(Some(values))
            .set_condition_expression(condition.map(ToOwned::to_owned));
        call.send().await.map(drop).map_err(failed("dynamodb:UpdateItem", &key.sk))
    }

    /// Writes what a message of a run came to, if its messages are counted. The first delivery that succeeds
    /// counts: another of the same message finds nothing left to do.
    ///
    /// # Errors
    /// When the item cannot be written.
    pub async fn put_part(&self, run: &RunPart, part: &Part) -> Result<(), Error> {
        let Some(name) = &run.part else { return Ok(()) };
        let item = PartItem { part, expires_at: self.run_expires_at() };
        let key = Key::new(format!("{RUNS}#{}", run.run), name);
        // `failed` is no attribute of a part that is done.
        let condition = "attribute_not_exists(pk) OR attribute_exists(failed)";
        match self.put(&key, &item, Some((condition, None))).await {
            Err(error) if error.is_condition_failed() => Ok(()),
            other => other,
        }
    }
}
