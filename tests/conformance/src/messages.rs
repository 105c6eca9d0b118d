//! The work queue.

use shared::cloud::Cloud;
use shared::trigger::intent::{Intent, Message};

use crate::World;

fn intent<W: World>(world: &W, cause: &str) -> Intent {
    let account = world.setting().client;
    serde_json::from_value(serde_json::json!({"account": account, "cause": cause})).unwrap()
}

fn received<W: World>(world: &W) -> Vec<Intent> {
    let read = |body: &String| match serde_json::from_str(body).unwrap() {
        Message::Reconcile(intent) => intent,
    };
    world.messages().iter().map(read).collect()
}

pub(crate) async fn a_message_is_on_the_queue_and_one_with_a_delay_not_yet<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let (first, second) = (intent(world, "first"), intent(world, "second"));
    cloud.send_message(&first, 0).await.unwrap();
    cloud.send_message(&second, 600).await.unwrap();
    let mut all = received(world);
    assert_eq!(all, std::slice::from_ref(&first));
    world.end_delays();
    all.extend(received(world));
    all.dedup();
    assert!(all.contains(&second), "{all:?}");
}

pub(crate) async fn a_message_that_was_received_comes_back_when_it_is_let<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let sent = intent(world, "sent");
    cloud.send_message(&sent, 0).await.unwrap();
    let receipt_handle = world.take_message();
    assert_eq!(received(world), []);
    cloud.change_message_visibility(&receipt_handle, 600).await.unwrap();
    assert_eq!(received(world), []);
    cloud.change_message_visibility(&receipt_handle, 0).await.unwrap();
    assert_eq!(received(world), [sent]);
}
