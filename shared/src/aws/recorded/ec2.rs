//! What the adapter makes of EC2's answers.

use super::{Logged, Player, id, parsed, recorded};
use crate::model::facts::{IpAddressType, VpcEndpointState};
use crate::model::ids::{NetworkInterfaceId, ServiceId, VpcEndpointId};
use crate::model::listed::{EndpointFilter, ListedEndpoint, Shown};

const SERVICE: &str = "vpce-svc-0a1b2c3d4e5f60718";

fn service_name() -> String {
    parsed::<ServiceId>(SERVICE).service_name(&parsed("us-west-2"))
}

fn by_service() -> EndpointFilter {
    EndpointFilter::Services(vec![service_name()])
}

async fn shown(answers: Vec<(u16, &'static str)>) -> Vec<Shown> {
    let own = Player::of(answers).await;
    own.worker.cloud.own().describe_vpc_endpoints(&by_service(), None).await.expect("a page").items
}

async fn listed(answers: Vec<(u16, &'static str)>) -> Vec<ListedEndpoint> {
    let interfaces = shown(answers).await.into_iter().map(|one| match one {
        Shown::Interface(endpoint) => endpoint,
        Shown::OtherType(id) => panic!("{id} is an interface endpoint"),
    });
    interfaces.collect()
}

#[tokio::test]
async fn interface_endpoint_is_read_with_all_that_matters_of_it() {
    let found = listed(recorded!["endpoints/page_1"]).await;
    let expected = ListedEndpoint {
        vpc_endpoint: id("vpce", 1),
        vpc: parsed("vpc-0a1b2c3d4e5f60718"),
        service_name: service_name(),
        state: VpcEndpointState::Available,
        ip_address_type: IpAddressType::Ipv4,
        subnets: [2, 3].map(|number| id("subnet", number)).into(),
        interfaces: [2, 3].map(|number| id("eni", number)).into(),
    };
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn endpoint_of_every_other_type_is_one_of_another_type_and_no_error() {
    let (logged, _guard) = Logged::here();
    let found = shown(recorded!["endpoints/of_every_type"]).await;
    assert!(matches!(&found[0], Shown::Interface(endpoint) if endpoint.vpc_endpoint == id("vpce", 0)));
    let others: Vec<_> = (1..8).map(|number| Shown::OtherType(id("vpce", number))).collect();
    assert_eq!(found[1..], others);
    assert_eq!(logged.lines(), [""; 0]);
    let player = Player::of(recorded!["endpoints/gateway"]).await;
    let alone = player.worker.cloud.own().describe_vpc_endpoint(&id("vpce", 1)).await.expect("an answer");
    assert_eq!(alone, Some(Shown::OtherType(id("vpce", 1))));
}

#[tokio::test]
async fn every_state_is_known_and_an_unknown_one_kept_in_its_own_word() {
    let found = listed(recorded!["endpoints/in_every_state"]).await;
    let states: Vec<_> = found.iter().map(|one| one.state.clone()).collect();
    let expected = [
        VpcEndpointState::PendingAcceptance,
        VpcEndpointState::Pending,
        VpcEndpointState::Available,
        VpcEndpointState::Deleting,
        VpcEndpointState::Deleted,
        VpcEndpointState::Rejected,
        VpcEndpointState::Failed,
        VpcEndpointState::Expired,
        VpcEndpointState::Partial,
        VpcEndpointState::Other("hibernating".into()),
        VpcEndpointState::Available,
    ];
    assert_eq!(states, expected);
}

#[tokio::test]
async fn family_is_read_whatever_its_case_and_is_ipv4_where_nothing_is_said() {
    let found = listed(recorded!["endpoints/of_every_family"]).await;
    let families: Vec<_> = found.iter().map(|one| one.ip_address_type).collect();
    let (four, both, six) = (IpAddressType::Ipv4, IpAddressType::Dualstack, IpAddressType::Ipv6);
    assert_eq!(families, [four, both, six, six, four]);
}

#[tokio::test]
async fn endpoint_without_subnets_has_none() {
    let found = listed(recorded!["endpoints/without_subnets"]).await;
    assert!(found[0].subnets.is_empty() && found[0].interfaces.is_empty());
    assert_eq!(listed(recorded!["endpoints/none"]).await, []);
}

#[tokio::test]
async fn pages_are_asked_for_by_their_token_and_an_empty_one_is_not_the_last() {
    let player = Player::of(recorded!["endpoints/page_1", "endpoints/page_2", "endpoints/page_3"]).await;
    let own = player.worker.cloud.own();
    let (mut found, mut page) = (Vec::new(), None);
    loop {
        let answer = own.describe_vpc_endpoints(&by_service(), page).await.expect("a page");
        found.extend(answer.items);
        page = answer.next;
        if page.is_none() {
            break;
        }
    }
    assert!(matches!(&found[..], [Shown::Interface(first), Shown::Interface(second)]
        if first.vpc_endpoint == id("vpce", 1) && second.vpc_endpoint == id("vpce", 2)));
    let asked = player.asked();
    assert!(!asked[0].contains("NextToken"), "{asked:?}");
    assert!(asked[1].contains("NextToken=second") && asked[2].contains("NextToken=third"), "{asked:?}");
}

#[tokio::test]
async fn endpoint_that_cannot_be_read_is_named_and_hides_no_other() {
    let (logged, _guard) = Logged::here();
    let found = listed(recorded!["endpoints/odd"]).await;
    assert_eq!(found.iter().map(|one| one.vpc_endpoint.clone()).collect::<Vec<_>>(), [id("vpce", 5)]);
    let lines = logged.lines();
    let named = [&id::<VpcEndpointId>("vpce", 1).to_string(), "vpce-?", "subnet-?", "eni-?"];
    assert_eq!(lines.len(), named.len(), "{lines:?}");
    for (line, name) in lines.iter().zip(named) {
        assert!(line.contains("an endpoint is left out of a list") && line.contains(name), "{line}");
    }
}

#[tokio::test]
async fn endpoint_that_is_asked_for_alone_and_cannot_be_read_is_an_error() {
    for answers in [recorded!["endpoints/odd"], recorded!["endpoints/none"]] {
        let player = Player::of(answers).await;
        assert!(player.worker.cloud.own().describe_vpc_endpoint(&id("vpce", 1)).await.is_err());
    }
}

#[tokio::test]
async fn interfaces_have_the_addresses_of_both_families() {
    let player = Player::of(recorded!["interfaces/of_every_family"]).await;
    let found = player.worker.cloud.own().describe_network_interfaces(&[id("eni", 1)], None).await;
    let found = found.expect("a page");
    assert_eq!(found.next.as_deref(), Some("second"));
    let of = |number: usize| &found.items[number - 1].1;
    assert_eq!(found.items.len(), 4);
    assert_eq!(of(1).addresses.a, [parsed("10.1.0.4")].into());
    assert_eq!(of(2).addresses.a, ["10.1.1.4", "10.1.1.5"].map(parsed).into());
    assert_eq!(of(2).addresses.aaaa, [parsed("fd00::4")].into());
    assert!(of(3).addresses.a.is_empty());
    assert_eq!(of(3).addresses.aaaa, [parsed("fd00::5")].into());
    assert!(of(4).addresses.a.is_empty() && of(4).addresses.aaaa.is_empty());
}

#[tokio::test]
async fn interface_that_cannot_be_read_is_named_and_hides_no_other() {
    let (logged, _guard) = Logged::here();
    let player = Player::of(recorded!["interfaces/odd"]).await;
    let found = player.worker.cloud.own().describe_network_interfaces(&[id("eni", 1)], None).await;
    let ids: Vec<_> = found.expect("a page").items.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [id("eni", 4)]);
    let lines = logged.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let first: NetworkInterfaceId = id("eni", 1);
    assert!(lines[0].contains(first.as_str()) && lines[1].contains("subnet-?"), "{lines:?}");
}

#[tokio::test]
async fn connections_are_read_in_every_state_and_page_by_page() {
    let service: ServiceId = parsed(SERVICE);
    let player = Player::of(recorded!["connections/in_every_state", "connections/page_1"]).await;
    let own = player.worker.cloud.own();
    let found = own.describe_vpc_endpoint_connections(&service, None, None).await.expect("a page");
    assert_eq!(found.next, None);
    assert_eq!(found.items.len(), 10);
    assert!(found.items.iter().all(|one| one.owner == parsed("044444444444")));
    assert_eq!(found.items[9].state, VpcEndpointState::Other("hibernating".into()));
    assert!(!found.items[..9].iter().any(|one| matches!(one.state, VpcEndpointState::Other(_))));
    let waiting = VpcEndpointState::PendingAcceptance;
    let empty = own.describe_vpc_endpoint_connections(&service, Some(&waiting), None).await;
    let empty = empty.expect("a page");
    assert_eq!((empty.items.len(), empty.next.as_deref()), (0, Some("second")));
    assert!(player.asked()[1].contains("Value.1=pendingAcceptance"), "{:?}", player.asked());
}

#[tokio::test]
async fn connection_that_cannot_be_read_is_named_and_one_without_an_endpoint_is_nobodys_business() {
    let (logged, _guard) = Logged::here();
    let player = Player::of(recorded!["connections/odd"]).await;
    let (own, service) = (player.worker.cloud.own(), parsed(SERVICE));
    let found = own.describe_vpc_endpoint_connections(&service, None, None).await.expect("a page");
    let ids: Vec<_> = found.items.into_iter().map(|one| one.vpc_endpoint).collect();
    assert_eq!(ids, [id("vpce", 5)]);
    let lines = logged.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("vpc-lattice.amazonaws.com") && lines[1].contains("vpce-?"), "{lines:?}");
}

#[tokio::test]
async fn services_and_their_permissions_are_read_whatever_else_stands_there() {
    let service: ServiceId = parsed(SERVICE);
    let player = Player::of(recorded!["services/configurations", "services/permissions"]).await;
    let own = player.worker.cloud.own();
    let found = own.describe_vpc_endpoint_service_configurations(&service, None).await.expect("a page");
    assert_eq!(found.items, std::slice::from_ref(&service));
    let found = own.describe_vpc_endpoint_service_permissions(&service, None).await.expect("a page");
    let kinds = ["All", "Service", "OrganizationUnit", "Account", "User", "Role", "Cluster"];
    let mut expected: Vec<_> = kinds.iter().map(|kind| format!("principal {kind}")).collect();
    expected.push("a principal without a name".into());
    assert_eq!(found.items, expected);
}

#[tokio::test]
async fn refusals_that_come_with_success_are_told_in_words() {
    let service: ServiceId = parsed(SERVICE);
    let player = Player::of(recorded!["services/accepted", "services/partly_accepted"]).await;
    let own = player.worker.cloud.own();
    let accept =
        async || own.accept_vpc_endpoint_connections(&service, &[id("vpce", 1)]).await.expect("an answer");
    assert_eq!(accept().await, [""; 0]);
    let refused = accept().await;
    assert_eq!(refused[0], "vpce-00000000000000001 (InvalidState: No & <no>)");
    assert_eq!(refused.len(), 2);
}
