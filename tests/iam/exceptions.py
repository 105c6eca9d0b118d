"""Statements that no recorded call uses, each with the reason why it is there all the same."""

UNUSED = {
    ("zonelink-SweepRole", "InvokeBackfill", "1", "sqs:SendMessage"):
        "EventBridge Scheduler puts there what it could not invoke; in the local AWS it always can.",
    ("zonelink-ConnectionTopic", "resource", "EndpointServicePublishes", "sns:Publish"):
        "EC2 publishes as vpce.amazonaws.com; the local AWS publishes in its account's name.",
    ("zonelink-DeadLetterQueue", "resource", "RulesSendUndeliveredEvents", "sqs:SendMessage"):
        "EventBridge puts there what a target refused; the targets here refuse nothing.",
    ("zonelink-DeadLetterQueue", "resource", "TopicSendsUndeliveredNotifications", "sqs:SendMessage"):
        "SNS puts there what Lambda refused; here it refuses nothing.",
    ("zonelink-DeadLetterQueue", "resource", "DenyInsecureTransport", "sqs:*"):
        "It denies what the three above would allow without TLS.",
}

# Roles, and statements of roles, that tests/flow does not use one by one.
ELSEWHERE = {
    ("zonelink-OperatorRole",):
        "The command line's; tests/cli uses it, and tests/architecture.rs compares what it grants.",
    ("zonelink-client-us-west-2", "ReconcileRecords", "Diagnose"):
        "What zonelink doctor reads; the same holds.",
}
