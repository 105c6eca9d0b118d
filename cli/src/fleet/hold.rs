//! A hold as it is shown.

use jiff::Timestamp;
use serde::Serialize;
use shared::model::hold::{Hold, Subject};
use shared::model::ids::{AccountId, ServiceId, VpcId};
use shared::model::remedy::{Place, Way};

use crate::terminal::age;

/// A hold as it is shown.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HoldView {
    /// What is held.
    pub(crate) subject: Subject,
    /// Why, in the one word of the table in docs/HOLDS.md.
    pub(crate) reason: String,
    /// Why, in words.
    pub(crate) message: String,
    /// What an operator can do about it.
    pub(crate) remedy: String,
    /// The commands that do so, for each way that there is.
    pub(crate) ways: Vec<Way>,
    /// The client account whose VPC is held, if a VPC is.
    pub(crate) account: Option<AccountId>,
    /// Since when.
    pub(crate) since: Timestamp,
}

impl HoldView {
    /// A hold of the table, in this installation.
    pub(crate) fn new(hold: Hold, place: &Place) -> Self {
        let words = hold.reason.to_string();
        let (reason, message) = words.split_once(": ").unwrap_or((&words, &words));
        HoldView {
            reason: reason.to_owned(),
            message: message.to_owned(),
            remedy: hold.reason.remedy().into_owned(),
            ways: hold.ways(place),
            account: hold.account.or(match &hold.subject {
                Subject::Account(account) | Subject::UnknownEndpoint(account, _) => Some(account.clone()),
                _ => None,
            }),
            subject: hold.subject,
            since: hold.since,
        }
    }

    /// A hold in an installation that does not matter.
    #[cfg(test)]
    pub(crate) fn somewhere(hold: Hold) -> Self {
        let place = Place {
            stack: "zonelink".into(),
            account: "111111111111".parse().unwrap(),
            region: "us-west-2".parse().unwrap(),
            own_service: None,
        };
        Self::new(hold, &place)
    }

    /// The service that its subject names.
    pub(crate) fn service(&self) -> Option<&ServiceId> {
        match &self.subject {
            Subject::Service(service) | Subject::AllowList(service) | Subject::Connection(service, _) => {
                Some(service)
            }
            _ => None,
        }
    }

    /// The VPC that its subject names.
    pub(crate) fn vpc(&self) -> Option<&VpcId> {
        match &self.subject {
            Subject::VpcEndpoint(vpc, _) | Subject::Name(vpc, _) | Subject::Record(vpc, _) => Some(vpc),
            _ => None,
        }
    }

    /// The hold and its remedy, for people.
    pub(crate) fn text(&self, now: Timestamp) -> String {
        let since = age(self.since, now);
        let HoldView { subject, reason, message, .. } = self;
        let advice = self.advice().replace('\n', "\n    ");
        format!("  {subject}  {reason}, for {since}\n    {message}\n    remedy: {advice}")
    }

    /// The remedy and its commands, each on a line of its own, so that it can be copied whole.
    pub(crate) fn advice(&self) -> String {
        let mut lines = vec![self.remedy.clone()];
        for Way { says, commands } in &self.ways {
            lines.push(format!("  {says}:"));
            lines.extend(commands.iter().map(|command| format!("    {command}")));
        }
        lines.join("\n")
    }
}
