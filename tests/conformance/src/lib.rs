//! What every implementation of the port (`shared/src/cloud.rs`) keeps to, as claims.
//!
//! Each claim is a function over any `Cloud` and any [`World`], in which it sets its stage. The simulated cloud keeps
//! all of them in `cargo test -p zonelink-tests --test simulation`, and `Aws` in the local AWS, where
//! `tests/conformance/test_local_aws.py` asks the binary of `tests/conformance/aws`. So what the simulation proves
//! over the one holds over the other, as far as a claim says it.
//!
//! The claims say nothing of what an implementation does besides: neither of the order of network interfaces, nor of
//! AWS's words.

#![expect(clippy::unwrap_used, reason = "a claim that does not hold fails")]

use std::str::FromStr;

use shared::cloud::Cloud;
use shared::model::listed::Page;

pub use world::{Kind, Organization, Refusal, Setting, World};

mod clock;
mod conditions;
mod connections;
mod consent;
mod counters;
mod endpoints;
mod failures;
mod items;
mod messages;
mod organization;
mod profiles;
mod records;
mod refusals;
mod table;
mod transactions;
mod world;
mod zones;

/// Hands all claims to a macro, which gets their modules and names.
#[macro_export]
macro_rules! claims {
    ($with:path) => {
        $with! {
            clock::a_moment_is_reached_and_not_before,
            conditions::an_item_is_put_where_none_stands_and_nowhere_else,
            conditions::an_item_is_put_where_one_stands_and_nowhere_else,
            conditions::a_claim_is_put_over_its_version_and_no_other,
            conditions::a_hold_is_put_for_another_reason_and_not_for_the_same,
            conditions::a_turn_is_taken_when_it_is_due_or_ones_own,
            conditions::a_part_is_put_unless_one_is_done,
            conditions::an_item_is_deleted_on_its_condition_and_stays_without,
            connections::a_connection_is_seen_with_its_owner_and_its_state,
            connections::connections_come_in_pages,
            connections::acceptance_names_those_that_were_unsuccessful,
            connections::rejection_names_those_that_were_unsuccessful,
            connections::decisions_on_a_service_that_does_not_exist_are_refused,
            connections::a_service_is_listed_and_one_that_does_not_exist_is_not,
            connections::permissions_are_listed_as_they_were_given,
            consent::an_account_without_a_role_does_not_consent,
            consent::an_owner_consents_to_the_accounts_that_it_names_and_no_other,
            consent::an_owner_that_cannot_be_asked_has_not_refused,
            counters::a_bucket_is_full_at_a_moment_that_only_an_earlier_one_allows,
            counters::a_bucket_that_does_not_exist_is_not_full_later,
            counters::a_turn_and_a_bucket_leave_each_other_alone,
            counters::removals_of_a_run_are_counted_up_to_their_limit,
            counters::the_end_of_a_run_leaves_its_count,
            counters::zones_of_an_account_are_counted_up_to_their_limit,
            endpoints::endpoints_are_listed_by_id_by_service_and_by_vpc,
            endpoints::an_endpoint_that_does_not_exist_is_left_out_of_a_list,
            endpoints::an_unknown_endpoint_is_none_and_no_error,
            endpoints::an_endpoint_is_nothing_to_another_account,
            endpoints::endpoints_come_in_pages,
            endpoints::each_subnet_has_a_network_interface_with_an_address,
            endpoints::network_interfaces_come_in_pages_without_those_that_do_not_exist,
            failures::an_account_that_nobody_may_enter_is_denied,
            failures::a_role_that_was_assumed_is_used_until_it_is_forgotten,
            failures::reads_of_ec2_that_are_denied_say_so,
            failures::calls_of_route_53_that_are_denied_say_so,
            failures::reads_of_profiles_that_are_denied_say_so,
            failures::decisions_on_connections_that_are_denied_say_so,
            failures::an_organization_that_may_not_be_read_is_denied,
            failures::route_53_throttles_an_account,
            failures::ec2_asks_for_patience,
            failures::a_change_whose_answer_is_lost_is_no_answer_and_whole_or_not_done,
            failures::a_change_that_takes_longer_than_its_time_is_no_answer,
            messages::a_message_is_on_the_queue_and_one_with_a_delay_not_yet,
            messages::a_message_that_was_received_comes_back_when_it_is_let,
            organization::the_organization_has_its_id,
            organization::a_member_stands_below_its_parent,
            organization::a_child_that_does_not_exist_is_refused,
            profiles::profiles_of_a_vpc_bring_zones_of_whichever_account,
            profiles::profiles_and_their_zones_come_in_pages,
            profiles::a_zone_has_a_name_and_one_that_does_not_exist_has_none,
            records::record_sets_of_a_zone_that_does_not_exist_are_none,
            records::record_sets_that_are_created_are_listed,
            records::record_sets_begin_where_the_list_starts,
            records::record_sets_come_in_route_53s_order,
            records::record_sets_come_in_pages_from_start,
            records::record_sets_of_other_kinds_are_told_apart,
            records::a_record_set_is_replaced_in_one_batch,
            refusals::a_batch_whose_delete_does_not_match_is_refused_and_nothing_is_done,
            refusals::a_batch_that_creates_what_exists_is_refused_and_nothing_is_done,
            refusals::addresses_beside_a_cname_are_refused,
            refusals::a_change_of_a_zone_that_does_not_exist_is_refused,
            table::an_item_of_every_kind_is_read_back_as_it_was_put,
            table::a_query_lists_what_begins_so_in_its_order,
            table::a_query_goes_on_where_its_page_ended,
            table::a_batch_of_keys_brings_the_items_that_exist,
            table::an_item_that_is_put_again_is_replaced,
            table::an_item_that_is_deleted_is_gone,
            transactions::a_transaction_writes_all,
            transactions::a_transaction_whose_condition_does_not_hold_writes_nothing,
            zones::zones_of_a_vpc_are_listed_with_their_names_and_owners,
            zones::zones_of_aws_services_are_listed_with_their_service,
            zones::zones_come_in_pages,
            zones::a_zone_is_associated_or_left_or_gone,
            zones::a_private_zone_is_made_for_a_vpc_and_keeps_its_reference,
            zones::a_second_zone_of_one_name_for_one_vpc_is_refused,
            zones::a_reference_that_a_zone_has_is_refused,
            zones::a_zone_whose_answer_is_lost_is_no_answer,
            zones::what_stands_in_a_zone_is_counted_and_its_vpcs_are_named,
            zones::an_empty_zone_is_deleted_whichever_vpcs_it_answers,
            zones::a_zone_that_holds_records_is_not_deleted,
            zones::a_zone_that_does_not_exist_cannot_be_deleted,
            zones::a_deletion_whose_answer_is_lost_is_no_answer,
        }
    };
}

macro_rules! by_name {
    ($($module:ident::$claim:ident,)*) => {
        /// The names of all claims.
        pub const CLAIMS: &[&str] = &[$(stringify!($claim)),*];

        /// Checks one claim, which panics when it does not hold.
        ///
        /// # Panics
        /// When there is no claim of this name, too.
        pub async fn check<C: Cloud, W: World>(claim: &str, cloud: &C, world: &W) {
            match claim {
                $(stringify!($claim) => $module::$claim(cloud, world).await,)*
                other => panic!("there is no claim {other}; --list names them all"),
            }
        }
    };
}
claims!(by_name);

/// A text as the value that it is known to be.
fn id<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// All items of a list, and how many pages they came on. `page` gives the one that begins at a token.
async fn all<T, N>(mut page: impl AsyncFnMut(Option<N>) -> Page<T, N>) -> (Vec<T>, usize) {
    const MOST: usize = 100;
    let (mut items, mut next) = (Vec::new(), None);
    for pages in 1..=MOST {
        let answer = page(next).await;
        items.extend(answer.items);
        next = answer.next;
        if next.is_none() {
            return (items, pages);
        }
    }
    panic!("the list does not end within {MOST} pages");
}
