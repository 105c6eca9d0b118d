//! What the SDK may not send a second time by itself.

use std::time::Duration;

use aws_config::retry::RetryConfig;

use super::{Player, parsed};
use crate::cloud::Cloud;
use crate::error::Error;
use crate::model::record::{Change, ChangeAction, RecordKey, RecordSet, RecordType};
use crate::model::table::RunUpdate;
use crate::model::zone_claim::NewZone;

const RUN: &str = "2026-03-02T09:17:07.407Z-00000027";
const FAULT: (u16, &str) = (500, "");

/// A player that answers with faults only, to clients that try twice.
async fn faulty() -> Player {
    let quick = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1));
    Player::retrying(vec![FAULT; 4], quick).await
}

/// How often a call that failed was sent.
fn sent(player: &Player, answer: &Result<(), Error>) -> usize {
    assert!(matches!(answer, Err(Error::Call { .. })), "{answer:?}");
    player.asked().len()
}

#[tokio::test]
async fn change_of_records_and_new_zone_are_sent_once() {
    let (player, time) = (faulty().await, Duration::from_secs(5));
    let key =
        RecordKey { zone: parsed("Z0123456789ABCDEFGHIJ"), name: parsed("*.aws-us-west-2.byoc.example.com") };
    let set = RecordSet { ttl: 60, values: ["10.1.0.4".to_owned()].into() };
    let change = Change { action: ChangeAction::Create, record_type: RecordType::A, set };
    let answer = player.worker.cloud.own().change_resource_record_sets(&key, &[change], time).await;
    assert_eq!(sent(&player, &answer), 1);
    let player = faulty().await;
    let zone = NewZone {
        domain: parsed("aws-us-west-2.byoc.example.com"),
        vpc: parsed("vpc-0a1b2c3d4e5f60718"),
        region: parsed("us-west-2"),
        caller_reference: "zl-1-1".to_owned(),
        comment: String::new(),
    };
    let answer = player.worker.cloud.own().create_hosted_zone(&zone, time).await;
    assert_eq!(sent(&player, &answer), 1);
}

#[tokio::test]
async fn removal_is_taken_off_a_runs_count_once_and_counted_as_often_as_it_takes() {
    let player = faulty().await;
    let answer = player.worker.cloud.update_run(RUN, &RunUpdate::UncountRemoval).await;
    assert_eq!(sent(&player, &answer), 1);
    let player = faulty().await;
    let counted = RunUpdate::CountRemoval { at_most: 20, expires_at: 1_775_035_643 };
    let answer = player.worker.cloud.update_run(RUN, &counted).await;
    assert_eq!(sent(&player, &answer), 2);
}
