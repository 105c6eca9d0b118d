//! By which a stack knows its own calls when they come back as events.

use crate::model::ids::AccountId;

/// By which its own calls are known to a stack when they come back as events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCalls {
    /// The account of the stack; any, where nobody has said which.
    pub account: Option<AccountId>,
    /// The stack's name: its functions' roles begin with it.
    pub stack: String,
    /// The role that it assumes in client accounts.
    pub client_role: String,
    /// The session's name there.
    pub session: String,
}

impl OwnCalls {
    /// Whether the caller is the function of this stack that changes records, in its own account or under the client
    /// role of the account from which the event came. Roles of other accounts may have the same names.
    #[must_use]
    pub fn changed_records(&self, caller: &str, account: &AccountId) -> bool {
        let Some(AssumedRole { of, role, session }) = AssumedRole::read(caller) else { return false };
        // arn:aws:sts::…:assumed-role/zonelink-ReconcileRecordsRole-…/zonelink-ReconcileRecords-…, the one function
        // that changes records. Lambda alone can take that role.
        let function = role.starts_with(&format!("{}-ReconcileRecordsRole-", self.stack));
        let client = role == self.client_role && session == self.session;
        (function && self.is_own(of)) || (client && of == account.as_str())
    }

    /// Whether the caller is a function of this stack in its own account: their roles and sessions are named after the
    /// stack, as in `arn:aws:sts::…:assumed-role/zonelink-BackfillRole-…/zonelink-Backfill-…`.
    #[must_use]
    pub fn reviewed(&self, caller: &str) -> bool {
        let Some(AssumedRole { of, role, session }) = AssumedRole::read(caller) else { return false };
        let prefix = format!("{}-", self.stack);
        self.is_own(of) && role.starts_with(&prefix) && session.starts_with(&prefix)
    }

    fn is_own(&self, account: &str) -> bool {
        self.account.as_ref().is_none_or(|own| own.as_str() == account)
    }
}

/// A session of a role, by its ARN.
struct AssumedRole<'a> {
    of: &'a str,
    role: &'a str,
    session: &'a str,
}

impl<'a> AssumedRole<'a> {
    fn read(arn: &'a str) -> Option<Self> {
        let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":sts::")?;
        let (of, name) = rest.split_once(":assumed-role/")?;
        let (role, session) = name.rsplit_once('/')?;
        // The ARN of a session leaves out the role's path.
        let sound = !partition.contains(':') && !role.contains('/');
        sound.then_some(Self { of, role, session })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> AccountId {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn own() -> OwnCalls {
        OwnCalls {
            account: Some(account("111122223333")),
            stack: "zonelink".into(),
            client_role: "zonelink-client-us-west-2".into(),
            session: "zonelink-111122223333".into(),
        }
    }

    #[test]
    fn own_changes_are_those_of_the_function_and_of_the_client_role_in_their_accounts_and_sessions() {
        let function = "assumed-role/zonelink-ReconcileRecordsRole-X/zonelink-ReconcileRecords-Y";
        let client = "assumed-role/zonelink-client-us-west-2/zonelink-111122223333";
        for (caller, ours) in [
            (format!("arn:aws:sts::444455556666:{client}"), true),
            (format!("arn:aws-cn:sts::444455556666:{client}"), true),
            (format!("arn:aws:sts::111122223333:{function}"), true),
            // The same names in other accounts.
            (format!("arn:aws:sts::777788889999:{client}"), false),
            (format!("arn:aws:sts::444455556666:{function}"), false),
            // A stack of another account, another region's stack, a person under the role, a look-alike, a user.
            (
                "arn:aws:sts::444455556666:assumed-role/zonelink-client-us-west-2/zonelink-999999999999"
                    .into(),
                false,
            ),
            (
                "arn:aws:sts::444455556666:assumed-role/zonelink-client-eu-west-1/zonelink-111122223333"
                    .into(),
                false,
            ),
            ("arn:aws:sts::444455556666:assumed-role/zonelink-client-us-west-2/somebody".into(), false),
            ("arn:aws:sts::444455556666:assumed-role/zonelink-person/somebody".into(), false),
            ("arn:aws:iam::444455556666:user/zonelink".into(), false),
            (client.into(), false),
            (String::new(), false),
        ] {
            assert_eq!(own().changed_records(&caller, &account("444455556666")), ours, "{caller}");
        }
    }

    #[test]
    fn own_reviews_are_those_of_the_functions_in_the_own_account() {
        let backfill = "assumed-role/zonelink-BackfillRole-X/zonelink-Backfill-Y";
        for (caller, ours) in [
            (format!("arn:aws:sts::111122223333:{backfill}"), true),
            (format!("arn:aws:sts::444455556666:{backfill}"), false),
            ("arn:aws:sts::111122223333:assumed-role/zonelink-OperatorRole-X/ada".into(), false),
            ("arn:aws:iam::111122223333:user/zonelink-a/zonelink-b".into(), false),
        ] {
            assert_eq!(own().reviewed(&caller), ours, "{caller}");
        }
    }
}
