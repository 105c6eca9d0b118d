//! AWS's partitions: groups of regions that share accounts, and the words that differ between them.
//!
//! `tests/partitions.json` has what botocore's own data says of each; `tests/partitions.rs` compares.

/// A partition in which zonelink runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AwsPartition {
    /// `aws`.
    #[default]
    Standard,
    /// `aws-cn`.
    China,
    /// `aws-us-gov`.
    GovCloud,
    /// `aws-eusc`.
    EuropeanSovereignCloud,
}

impl AwsPartition {
    /// All of them.
    pub const ALL: [AwsPartition; 4] = [
        AwsPartition::Standard,
        AwsPartition::China,
        AwsPartition::GovCloud,
        AwsPartition::EuropeanSovereignCloud,
    ];

    /// The partition of a region; none when it is one that zonelink does not know. A region of the standard partition
    /// is known by being of no other, because new ones have new prefixes.
    #[must_use]
    pub fn of_region(region: &str) -> Option<Self> {
        let isolated = region.split('-').nth(1).is_some_and(|word| word.starts_with("iso"));
        match region {
            _ if isolated => None,
            _ if region.starts_with("cn-") => Some(AwsPartition::China),
            _ if region.starts_with("us-gov-") => Some(AwsPartition::GovCloud),
            _ if region.starts_with("eusc-") => Some(AwsPartition::EuropeanSovereignCloud),
            _ => Some(AwsPartition::Standard),
        }
    }

    /// Its name, as ARNs begin with it: `arn:aws-cn:…`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            AwsPartition::Standard => "aws",
            AwsPartition::China => "aws-cn",
            AwsPartition::GovCloud => "aws-us-gov",
            AwsPartition::EuropeanSovereignCloud => "aws-eusc",
        }
    }

    /// What the names of endpoint services begin with, the usual one first. Where AWS's own pages do not settle
    /// which it is, both are asked for: a name that nobody has matches nothing.
    #[must_use]
    pub fn service_name_prefixes(self) -> &'static [&'static str] {
        match self {
            AwsPartition::Standard | AwsPartition::GovCloud => &["com.amazonaws.vpce"],
            AwsPartition::China => &["cn.com.amazonaws.vpce", "com.amazonaws.vpce"],
            AwsPartition::EuropeanSovereignCloud => &["eu.amazonaws.vpce", "com.amazonaws.vpce"],
        }
    }

    /// Where Route 53 stands, and where CloudTrail records its calls.
    #[must_use]
    pub fn route53_region(self) -> &'static str {
        match self {
            AwsPartition::Standard => "us-east-1",
            AwsPartition::China => "cn-northwest-1",
            AwsPartition::GovCloud => "us-gov-west-1",
            AwsPartition::EuropeanSovereignCloud => "eusc-de-east-1",
        }
    }
}
