//! The ids that AWS gives to things, each with a type of its own, checked where it enters.
//!
//! A wrong id never travels: an event, a definition or a table item that holds one is refused on
//! reading, with the field's kind and value in the message.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::aws_partition::AwsPartition;

/// A text that is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {kind}: expected {expected}")]
pub struct InvalidId {
    /// What was looked for, with its article: "a VPC endpoint id".
    pub kind: &'static str,
    /// The text that was found.
    pub value: String,
    /// The form that it should have.
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $normalise:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as AWS writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let normalise: fn(&str) -> Option<String> = $normalise;
                normalise(text.trim()).map(Self).ok_or_else(|| InvalidId {
                    kind: $kind,
                    value: text.to_owned(),
                    expected: $expected,
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// EC2 resource ids: the prefix and 8 to 32 hexadecimal digits.
fn resource(text: &str, prefix: &str) -> Option<String> {
    let digits = text.strip_prefix(prefix)?;
    let sound =
        (8..=32).contains(&digits.len()) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| text.to_owned())
}

id!(
    /// An interface endpoint in a client VPC.
    VpcEndpointId,
    "a VPC endpoint id",
    "vpce- and hexadecimal digits",
    |text| resource(text, "vpce-")
);
id!(
    /// An endpoint service, the provider's side of PrivateLink.
    ServiceId,
    "an endpoint service id",
    "vpce-svc- and hexadecimal digits",
    |text| resource(text, "vpce-svc-")
);
id!(
    /// A VPC.
    VpcId,
    "a VPC id",
    "vpc- and hexadecimal digits",
    |text| resource(text, "vpc-")
);
id!(
    /// A subnet; an interface endpoint has at most one per Availability Zone.
    SubnetId,
    "a subnet id",
    "subnet- and hexadecimal digits",
    |text| resource(text, "subnet-")
);
id!(
    /// A network interface; an interface endpoint has one in each of its subnets.
    NetworkInterfaceId,
    "a network interface id",
    "eni- and hexadecimal digits",
    |text| resource(text, "eni-")
);
id!(
    /// A hosted zone. Route 53 writes it with and without `/hostedzone/`; this is without.
    HostedZoneId,
    "a hosted zone id",
    "up to 32 capital letters and digits, with or without /hostedzone/",
    |text| {
        let id = text.strip_prefix("/hostedzone/").unwrap_or(text);
        let sound = (1..=32).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        sound.then(|| id.to_owned())
    }
);
id!(
    /// A Route 53 Profile.
    ProfileId,
    "the id of a Route 53 Profile",
    "rp- and letters and digits",
    |text| {
        let id = text.strip_prefix("rp-")?;
        let sound = (1..=61).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        sound.then(|| text.to_owned())
    }
);
id!(
    /// An AWS account.
    AccountId,
    "an AWS account id",
    "12 digits",
    |text| (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
);
id!(
    /// An organization of AWS Organizations.
    OrganizationId,
    "an organization id",
    "o- and 10 to 32 lower-case letters and digits",
    |text| {
        let id = text.strip_prefix("o-")?;
        let sound = (10..=32).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        sound.then(|| text.to_owned())
    }
);
id!(
    /// A role, by its ARN.
    RoleArn,
    "the ARN of a role",
    "arn:aws:iam:: and a 12-digit account id, then :role/ and its name",
    |text| {
        let (_, rest) = text.strip_prefix("arn:")?.split_once(":iam::")?;
        let (account, name) = rest.split_once(":role/")?;
        (account.parse::<AccountId>().is_ok() && !name.is_empty()).then(|| text.to_owned())
    }
);
id!(
    /// An AWS region.
    Region,
    "an AWS region",
    "lower-case letters, digits and hyphens, in the partition aws, aws-cn, aws-us-gov or aws-eusc",
    |text| {
        let sound = text.len() >= 4
            && AwsPartition::of_region(text).is_some()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        sound.then(|| text.to_owned())
    }
);

impl AccountId {
    /// An account id that CloudTrail's XML-to-JSON step has turned into a number, which loses
    /// leading zeros. Gives none for a number of more than 12 digits.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        format!("{number:012}").parse().ok()
    }
}

impl Region {
    /// Its partition.
    #[must_use]
    pub fn partition(&self) -> AwsPartition {
        AwsPartition::of_region(&self.0).unwrap_or_default()
    }
}

impl ServiceId {
    /// The name by which consumers in `region` know the service.
    #[must_use]
    pub fn service_name(&self, region: &Region) -> String {
        self.service_names(region).next().unwrap_or_default()
    }

    /// The names by which consumers in `region` may know the service, the usual one first.
    pub fn service_names(&self, region: &Region) -> impl Iterator<Item = String> {
        let prefixes = region.partition().service_name_prefixes().iter();
        prefixes.map(move |prefix| format!("{prefix}.{region}.{self}"))
    }

    /// The service in a name such as `com.amazonaws.vpce.us-west-2.vpce-svc-…`; none for the
    /// services of AWS itself.
    #[must_use]
    pub fn from_service_name(name: &str) -> Option<Self> {
        let (prefix, id) = name.rsplit_once('.')?;
        prefix.contains("vpce").then(|| id.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_id_is_not_an_endpoint_id() {
        assert!("vpce-svc-0123456789abcdef0".parse::<VpcEndpointId>().is_err());
        assert!("vpce-0123456789abcdef0".parse::<ServiceId>().is_err());
    }

    #[test]
    fn an_account_that_became_a_number_gets_its_zeros_back() {
        assert_eq!(AccountId::from_number(44_444_444_444).map(String::from), Some("044444444444".into()));
        assert_eq!(AccountId::from_number(1_000_000_000_000), None);
    }

    #[test]
    fn hosted_zone_ids_are_one_with_and_without_their_path() {
        assert_eq!("/hostedzone/Z1".parse::<HostedZoneId>(), "Z1".parse());
    }

    #[test]
    fn a_wrong_id_names_kind_value_and_form() {
        let error = "12345".parse::<AccountId>().map_err(|e| e.to_string());
        assert_eq!(error, Err("\"12345\" is not an AWS account id: expected 12 digits".into()));
    }

    #[test]
    fn service_names_carry_the_service_id() {
        let id = ServiceId::from_service_name("com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0");
        assert_eq!(id.map(String::from), Some("vpce-svc-0123456789abcdef0".into()));
        assert_eq!(ServiceId::from_service_name("com.amazonaws.us-west-2.s3"), None);
        let region = |text: &str| text.parse::<Region>().unwrap_or_else(|error| panic!("{error}"));
        let names = |region: &Region| -> Vec<_> {
            let id = "vpce-svc-0123456789abcdef0".parse::<ServiceId>();
            let id = id.unwrap_or_else(|error| panic!("{error}"));
            let names: Vec<_> = id.service_names(region).collect();
            assert!(names.iter().all(|name| ServiceId::from_service_name(name).as_ref() == Some(&id)));
            assert_eq!(names.first(), Some(&id.service_name(region)));
            names
        };
        assert_eq!(names(&region("us-west-2")), ["com.amazonaws.vpce.us-west-2.vpce-svc-0123456789abcdef0"]);
        let china = names(&region("cn-north-1"));
        assert!(china.contains(&"cn.com.amazonaws.vpce.cn-north-1.vpce-svc-0123456789abcdef0".into()));
    }

    #[test]
    fn a_region_of_a_partition_that_is_not_served_is_refused_by_its_name() {
        let error = "us-iso-east-1".parse::<Region>().map_err(|error| error.to_string());
        assert!(
            error.is_err_and(|error| error.contains("\"us-iso-east-1\"") && error.contains("aws-us-gov"))
        );
        for region in ["us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1"] {
            assert!(region.parse::<Region>().is_err(), "{region}");
        }
    }
}
