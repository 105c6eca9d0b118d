use super::*;

const STAMP: Stamp = Stamp {
    stack: "zonelink",
    request_id: "79b4f56e",
    xray_trace_id: None,
    level: "INFO",
    at: Timestamp::UNIX_EPOCH,
};

fn taken(metrics: &Metrics) -> Vec<Value> {
    metrics.take_lines(&STAMP).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_declares_what_it_holds() {
    let metrics = Metrics::default();
    metrics.count(Metric::Races, 2);
    metrics.measure(Metric::TimeToRecord, 1500);
    metrics.measure(Metric::TimeToRecord, 900);
    let expected = json!({
        "_aws": {"Timestamp": 0, "CloudWatchMetrics": [{
            "Namespace": "zonelink",
            "Dimensions": [["Stack"]],
            "Metrics": [{"Name": "TimeToRecord", "Unit": "Milliseconds"}, {"Name": "Races", "Unit": "Count"}],
        }]},
        "Stack": "zonelink",
        "TimeToRecord": [1500, 900],
        "Races": 2,
        "timestamp": "1970-01-01T00:00:00.000000Z",
        "level": "INFO",
        "message": "metrics",
        "spans": [{"requestId": "79b4f56e"}],
    });
    assert_eq!(taken(&metrics), [expected]);
}

#[test]
fn what_was_taken_is_not_told_again() {
    let metrics = Metrics::default();
    assert_eq!(taken(&metrics), [Value::Null; 0]);
    metrics.count(Metric::Races, 1);
    assert_eq!(taken(&metrics).len(), 1);
    assert_eq!(taken(&metrics), [Value::Null; 0]);
}

#[test]
fn counts_add_up_in_their_own_dimension_and_in_all() {
    let metrics = Metrics::default();
    metrics.count_as(Metric::HoldsPlaced, "NoZone", 2);
    metrics.count_as(Metric::HoldsPlaced, "NotAllowed", 1);
    metrics.count_as(Metric::HoldsPlaced, "NoZone", 1);
    metrics.count_as(Metric::Throttles, "EC2", 5);
    let lines = taken(&metrics);
    let shown: Vec<_> = lines
        .iter()
        .map(|line| {
            let dimensions = &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
            (dimensions.to_string(), line["Reason"].as_str(), line["HoldsPlaced"].as_u64())
        })
        .collect();
    let expected = [
        ("[[\"Stack\"]]", None, Some(4)),
        ("[[\"Stack\",\"Reason\"]]", Some("NoZone"), Some(3)),
        ("[[\"Stack\",\"Reason\"]]", Some("NotAllowed"), Some(1)),
        ("[[\"Stack\",\"Service\"]]", None, None),
    ];
    assert_eq!(shown, expected.map(|(dimensions, reason, count)| (dimensions.to_owned(), reason, count)));
    assert_eq!(lines[3]["Throttles"], 5);
}

#[test]
fn a_count_of_nothing_is_told_when_it_is_made_known() {
    let metrics = Metrics::default();
    metrics.count(Metric::HoldsStanding, 0);
    assert_eq!(taken(&metrics)[0]["HoldsStanding"], 0);
}

#[test]
fn more_values_than_a_line_holds_go_into_further_lines_and_counts_stand_in_one() {
    let metrics = Metrics::default();
    (0..250).for_each(|value| metrics.measure(Metric::BucketWaitTime, value));
    metrics.count(Metric::BucketWaits, 250);
    let lines = taken(&metrics);
    let values = |line: &Value| line["BucketWaitTime"].as_array().map(Vec::len);
    assert_eq!(lines.iter().map(values).collect::<Vec<_>>(), [Some(100), Some(100), Some(50)]);
    let counts: Vec<_> = lines.iter().map(|line| line["BucketWaits"].as_u64()).collect();
    assert_eq!(counts, [Some(250), None, None]);
}

#[test]
fn the_trace_is_named_where_there_is_one() {
    let metrics = Metrics::default();
    metrics.count(Metric::Races, 1);
    let stamp = Stamp { xray_trace_id: Some("Root=1-67ac0f1e-0"), ..STAMP };
    let line: Value = serde_json::from_str(&metrics.take_lines(&stamp)[0]).unwrap();
    assert_eq!(line["spans"][0]["xrayTraceId"], "Root=1-67ac0f1e-0");
}
