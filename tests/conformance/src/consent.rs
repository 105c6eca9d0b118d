//! The consent of zones' owners to VPCs of other accounts.

use shared::cloud::Cloud;
use shared::error::CallFailure;
use shared::model::consent::Consent;

use crate::failures::kind;
use crate::{Refusal, World};

pub(crate) async fn an_owner_consents_to_the_accounts_that_it_names_and_no_other<C: Cloud, W: World>(
    cloud: &C,
    world: &W,
) {
    let setting = world.setting();
    let (client, other, closed) = (&setting.client, &setting.other, &setting.closed);
    world.serve(client, other);
    assert_eq!(cloud.assume_guest_role(client, other).await.unwrap(), Consent::Given);
    assert_eq!(cloud.assume_guest_role(client, closed).await.unwrap(), Consent::NotGiven);
    // It is no exchange.
    assert_eq!(cloud.assume_guest_role(other, client).await.unwrap(), Consent::NotGiven);
}

pub(crate) async fn an_account_without_a_role_does_not_consent<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    for owner in [&setting.own, &setting.closed] {
        assert_eq!(cloud.assume_guest_role(owner, &setting.client).await.unwrap(), Consent::NotGiven);
    }
}

pub(crate) async fn an_owner_that_cannot_be_asked_has_not_refused<C: Cloud, W: World>(cloud: &C, world: &W) {
    let setting = world.setting();
    world.serve(&setting.client, &setting.other);
    world.fail(&setting.client, "sts:AssumeRole", Refusal::Throttled);
    let answer = cloud.assume_guest_role(&setting.client, &setting.other).await;
    assert_eq!(kind(answer), CallFailure::Throttled);
    world.heal();
    let answer = cloud.assume_guest_role(&setting.client, &setting.other).await;
    assert_eq!(answer.unwrap(), Consent::Given);
}
