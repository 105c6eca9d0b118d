//! An organization, and where its accounts stand.

use shared::cloud::Cloud;
use shared::error::CallFailure;

use crate::failures::kind;
use crate::{World, all};

pub(crate) async fn the_organization_has_its_id<C: Cloud, W: World>(cloud: &C, world: &W) {
    assert_eq!(cloud.describe_organization().await.unwrap(), world.organization().id);
    cloud.forget_organizations_role().await;
    assert_eq!(cloud.describe_organization().await.unwrap(), world.organization().id);
}

pub(crate) async fn a_member_stands_below_its_parent<C: Cloud, W: World>(cloud: &C, world: &W) {
    let organization = world.organization();
    let page = async |token| cloud.list_parents(organization.member.as_str(), token).await.unwrap();
    assert_eq!(all(page).await.0, [organization.parent]);
}

pub(crate) async fn a_child_that_does_not_exist_is_refused<C: Cloud, W: World>(cloud: &C, world: &W) {
    let stranger = world.setting().closed;
    let answer = cloud.list_parents(stranger.as_str(), None).await;
    let known = answer.as_ref().is_err_and(|error| error.has_code(&["ChildNotFoundException"]));
    assert!(known, "{answer:?}");
    assert_eq!(kind(answer), CallFailure::Refused);
}
