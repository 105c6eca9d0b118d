//! The work queue: intents on their way to reconcile-records.

use super::call::failed;
use super::clients::Aws;
use crate::error::Error;
use crate::trigger::intent::{Intent, Message};

impl Aws {
    /// Sends an intent. Its account is its message group, so that a busy account does not keep others waiting
    /// ([fair queues](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html)).
    pub(super) async fn send(&self, intent: &Intent, delay_seconds: i32) -> Result<(), Error> {
        let body = serde_json::to_string(&Message::Reconcile(intent.clone()))
            .map_err(|error| Error::Unreadable { what: intent.to_string(), source: Box::new(error) })?;
        let call = self.sqs.send_message().queue_url(&self.config.queue_url).message_body(body);
        let call = call.message_group_id(intent.account.as_str()).delay_seconds(delay_seconds);
        call.send().await.map(drop).map_err(failed("sqs:SendMessage", intent))
    }

    /// Lets a message that was received come back after `seconds`.
    pub(super) async fn change_visibility(&self, receipt_handle: &str, seconds: i32) -> Result<(), Error> {
        let call = self.sqs.change_message_visibility().queue_url(&self.config.queue_url);
        let call = call.receipt_handle(receipt_handle).visibility_timeout(seconds);
        call.send().await.map(drop).map_err(failed("sqs:ChangeMessageVisibility", "a message"))
    }
}
