//! The clock.

use jiff::SignedDuration;
use shared::cloud::Cloud;

use crate::World;

pub(crate) async fn a_moment_is_reached_and_not_before<C: Cloud, W: World>(cloud: &C, _: &W) {
    let moment = cloud.now() + SignedDuration::from_millis(120);
    cloud.reached(moment).await;
    assert!(cloud.now() >= moment);
    // One that has passed is reached at once.
    cloud.reached(moment).await;
}
