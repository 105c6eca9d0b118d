use shared::model::facts::VpcEndpointState;
use shared::model::hold::{Hold, HoldReason};
use shared::model::policy::Policy;

use super::*;
use crate::fleet::{EndpointView, Status};
use crate::installation::FunctionNames;

const HOSTILE: &str = "</script><script>alert(1)</script><!--<img src=x onerror='alert(2)'>&amp;\u{2028}\"";

fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is refused"))
}

fn named() -> Named {
    let functions = FunctionNames {
        accept_connections: None,
        reconcile_records: "reconcile-records".into(),
        backfill: None,
    };
    Named {
        stack: HOSTILE.into(),
        account: id("111111111111"),
        region: id("us-west-2"),
        table: HOSTILE.into(),
        functions,
    }
}

fn fleet() -> Fleet {
    Fleet {
        read_at: jiff::Timestamp::UNIX_EPOCH,
        policy: Policy { region: id("us-west-2"), services: [].into() },
        endpoints: Vec::new(),
        claims: [].into(),
        holds: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// One endpoint, every text of which is hostile that can be.
fn hostile() -> Fleet {
    let hold = Hold {
        subject: id("222222222222/"),
        reason: HoldReason::Route53Refused { message: HOSTILE.into() },
        account: None,
        since: jiff::Timestamp::UNIX_EPOCH,
        expires_at: None,
    };
    let hold = HoldView::somewhere(hold);
    let endpoint = EndpointView {
        service: id("vpce-svc-0123456789abcdef0"),
        is_defined: false,
        vpc_endpoint: id("vpce-0123456789abcdef0"),
        account: id("222222222222"),
        vpc: None,
        state: Some(VpcEndpointState::Other(HOSTILE.into())),
        status: Status::Held,
        records: Vec::new(),
        first_seen: None,
        waiting: None,
        holds: vec![hold.clone()],
    };
    Fleet { endpoints: vec![endpoint], holds: vec![hold], unreadable: vec![HOSTILE.into()], ..fleet() }
}

fn page(fleet: &Fleet, times: &Times) -> String {
    Page::new(&named(), fleet, times).render().unwrap_or_else(|error| panic!("{error}"))
}

fn data(html: &str) -> serde_json::Value {
    let data = html.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next());
    serde_json::from_str(data.unwrap_or_default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn hostile_texts_stay_text_wherever_they_stand() {
    let times = Times { records: 1, unread: vec![HOSTILE.into()], ..Times::default() };
    let html = page(&hostile(), &times);
    assert_eq!(html.matches("<script").count(), 2, "the data and the page's own script");
    assert_eq!(html.matches("</script").count(), 2);
    assert!(!html.contains("<img") && !html.contains("<!--"));
    // Each is there all the same: the data's as it was.
    let data = data(&html);
    assert_eq!(data["holds"][0]["message"], HOSTILE);
    assert_eq!(data["endpoints"][0]["state"], HOSTILE);
    assert_eq!(
        html.matches("&#60;/script&#62;&#60;script&#62;alert(1)").count(),
        6,
        "title, head, table, hold, two unread"
    );
}

#[test]
fn browser_may_run_this_script_and_nothing_else() {
    let html = page(&fleet(), &Times::default());
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let inside = |open: &str, close: &str| html.rsplit(open).next().and_then(|rest| rest.split(close).next());
    let allowed = allowed();
    for text in [inside("<style>", "</style>"), inside("<script>", "</script>")] {
        assert!(allowed.contains(&hash(text.unwrap_or_default())), "the very text that the page has");
    }
    assert!(allowed.starts_with("default-src 'none'") && !allowed.contains("unsafe"));
    // SVG's own name looks like an address, and is none.
    assert_eq!(html.matches("://").count(), html.matches("http://www.w3.org/2000/svg").count());
    assert!(["url(", "@import", "<script src", "<img"].iter().all(|word| !html.contains(word)));
}

#[test]
fn empty_fleet_says_so() {
    let html = page(&fleet(), &Times::default());
    for sentence in
        ["No endpoint is known", "Nothing is held", "The journal of the 0 records that zonelink claims now"]
    {
        assert!(html.contains(sentence), "{sentence}");
    }
    assert_eq!(data(&html)["endpoints"], serde_json::json!([]));
}

#[test]
fn journals_that_could_not_be_read_are_counted_and_named() {
    let unread = vec!["the journal of Z1/*.example.com: denied".to_owned()];
    let html = page(&fleet(), &Times { records: 3, unread, ..Times::default() });
    assert!(html.contains("The journal of 1 of 3 records that zonelink claims now could not be read"));
    assert!(html.contains("the journal of Z1/*.example.com: denied"));
}

#[test]
fn times_are_told_with_their_number_and_days() {
    let at = |day: &str| id::<jiff::Timestamp>(&format!("2026-01-{day}T12:00:00Z"));
    let sample = |day, milliseconds| super::super::times::Sample { at: at(day), milliseconds };
    let samples = vec![sample("03", 12_000), sample("01", 61_000), sample("02", 4_000)];
    let html = page(&fleet(), &Times { samples, records: 3, ..Times::default() });
    assert!(html.contains("3 records, from 2026-01-01 to 2026-01-03"));
    assert!(html.contains("<dt>half within</dt><dd>12 s</dd>"));
    assert!(html.contains("1 of 3 took longer than a minute."));
}

#[test]
fn numbers_have_their_thousands_apart() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(count_grouped(1_000, "endpoint"), "1,000 endpoints");
}
