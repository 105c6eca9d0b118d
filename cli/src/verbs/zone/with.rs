//! The zone and the VPC of which a command speaks.

use std::str::FromStr;

use shared::model::ids::{AccountId, VpcId};

use crate::failure::Failure;
use crate::installation::Installation;

/// A zone, and a further VPC.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Parties {
    /// The zone: its id, Z0123, or a VPC that it answers by zonelink's doing
    #[arg(value_name = "ZONE|VPC")]
    pub(super) zone: String,
    /// The further VPC and the account that owns it
    #[arg(long, value_name = "ACCOUNT/VPC")]
    pub(super) with: With,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

/// A VPC and its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct With {
    pub(super) account: AccountId,
    pub(super) vpc: VpcId,
}

impl FromStr for With {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (account, vpc) =
            text.split_once('/').ok_or("expected ACCOUNT/VPC, as in 111122223333/vpc-0123")?;
        let account = account.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { account, vpc: vpc.parse().map_err(|error| format!("{error}"))? })
    }
}

/// Refuses what is of the provider's own account: no role there permits these calls.
pub(super) fn outside_of_provider(
    installation: &Installation,
    accounts: [&AccountId; 2],
) -> Result<(), Failure> {
    let own = &installation.config().account;
    if !accounts.contains(&own) {
        return Ok(());
    }
    let what = format!("{own} is the provider's own account, in which zonelink shares no zones");
    Err(Failure::new(what, "associate the VPC by hand: aws route53 associate-vpc-with-hosted-zone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_vpc_are_both_said() {
        let with: With = "111122223333/vpc-00000001".parse().unwrap();
        assert_eq!((with.account.as_str(), with.vpc.as_str()), ("111122223333", "vpc-00000001"));
        for wrong in ["vpc-00000001", "111122223333", "1111/vpc-00000001", "111122223333/subnet-00000001"] {
            assert!(wrong.parse::<With>().is_err(), "{wrong}");
        }
    }
}
