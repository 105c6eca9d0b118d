//! Whether the VPC asks private hosted zones at all.

use super::check::{Check, paste};
use super::dhcp::dhcp;
use super::facts::Facts;
use crate::observed::Read;

pub(super) const SUPPORT: &str = "enableDnsSupport";
pub(super) const HOSTNAMES: &str = "enableDnsHostnames";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let network = &facts.network;
    vec![
        attribute(facts, SUPPORT, &network.dns_support, "--enable-dns-support"),
        attribute(facts, HOSTNAMES, &network.dns_hostnames, "--enable-dns-hostnames"),
        dhcp(facts),
    ]
}

fn attribute(facts: &Facts, check: &'static str, value: &Read<bool>, option: &str) -> Check {
    let region = &facts.installation.region;
    let vpc = facts.vpc.as_ref().map_or("VPC", |vpc| vpc.as_str());
    match value {
        Ok(true) => Check::ok(check, format!("true for {vpc}")),
        Ok(false) => Check::fail(
            check,
            format!("false for {vpc}: it does not answer from private hosted zones"),
            paste(
                format!("in account {}", facts.account),
                &[format!("aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc} {option}")],
            ),
        ),
        Err(why) => Check::not_read(check, facts, why),
    }
}
