//! AWS's partitions, against what botocore's data says of them. `tests/tools/test_partitions.py` holds
//! that `partitions.json` is what botocore says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use shared::model::aws_partition::AwsPartition;
use shared::model::ids::{Region, ServiceId};

#[derive(Deserialize)]
struct Known {
    id: String,
    regions: Vec<String>,
    route53_region: Option<String>,
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn known() -> Vec<Known> {
    serde_json::from_str(&read("partitions.json")).unwrap()
}

#[test]
fn each_region_is_of_its_partition_or_refused() {
    let served: BTreeMap<_, _> = AwsPartition::ALL.into_iter().map(|one| (one.id(), one)).collect();
    for partition in known() {
        let expected = served.get(partition.id.as_str()).copied();
        for region in partition.regions {
            let read = region.parse::<Region>();
            assert_eq!(read.as_ref().ok().map(Region::partition), expected, "{region}");
            assert!(expected.is_some() || read.is_err_and(|error| error.to_string().contains(&region)));
        }
    }
    let ids: Vec<_> = known().into_iter().map(|partition| partition.id).collect();
    assert!(served.keys().all(|id| ids.iter().any(|known| known == id)), "{ids:?}");
}

#[test]
fn route_53_stands_where_botocore_says() {
    for partition in known() {
        let Some(served) = AwsPartition::ALL.into_iter().find(|one| one.id() == partition.id) else {
            continue;
        };
        match partition.route53_region {
            Some(region) => assert_eq!(served.route53_region(), region),
            // botocore does not say. A partition of one region leaves no choice.
            None => assert_eq!(partition.regions, [served.route53_region()]),
        }
    }
}

#[test]
fn templates_know_the_same_partitions() {
    for template in ["../infra/route53-events.yaml", "../infra/terraform/route53-events/main.tf"] {
        let text = read(template);
        for partition in AwsPartition::ALL {
            assert!(text.contains(partition.route53_region()), "{template}: {}", partition.id());
        }
    }
    for template in ["../template.yaml", "../infra/client.yaml"] {
        let text = read(template);
        for prefix in AwsPartition::ALL.iter().flat_map(|one| one.service_name_prefixes()) {
            assert!(
                text.contains(&format!("prefix: !Sub \"{prefix}.${{AWS::Region}}.vpce-svc-\"")),
                "{template}: {prefix}"
            );
        }
    }
}

#[test]
fn no_partition_is_named_anywhere_else_in_the_code() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src")];
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/src"));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code = code.lines().filter(|line| !line.trim().starts_with("//"));
            let names = |line: &&str| {
                ["\"aws-cn\"", "\"aws-us-gov\"", "\"com.amazonaws", "\"us-gov-"]
                    .iter()
                    .any(|word| line.contains(word))
            };
            let found: Vec<_> = code.filter(names).collect();
            assert!(found.is_empty() || path.ends_with("aws_partition.rs"), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn service_is_known_by_every_name_that_it_may_have() {
    let id: ServiceId = "vpce-svc-0123456789abcdef0".parse().unwrap();
    for region in known().into_iter().flat_map(|partition| partition.regions) {
        let Ok(region) = region.parse::<Region>() else { continue };
        assert!(
            id.service_names(&region).all(|name| ServiceId::from_service_name(&name).as_ref() == Some(&id))
        );
    }
}
