"""What in the Terraform modules corresponds to what in the templates."""

_FUNCTION = ["aws_lambda_function.function", "aws_iam_role.function", "aws_iam_role_policy.function"]
_READERS = ["aws_iam_role_policy.read_organization", "aws_iam_role_policy.assume_organizations_role"]
_FAILURES = ["aws_iam_role_policy.failures", "aws_lambda_function_event_invoke_config.failures"]
_LOGS = ["aws_cloudwatch_log_group.function"]
_RULE = ["aws_cloudwatch_event_rule.rule", "aws_cloudwatch_event_target.target"]
_ALARM = ["aws_cloudwatch_metric_alarm.alarm"]
_FORWARDING = ["aws_iam_role.forwarding", "aws_iam_role_policy.forwarding"]

# Of each resource of a template, the resources that it is in Terraform.
ADDRESSES = {
    "provider": {
        "AcceptConnections": [*_FUNCTION, *_FAILURES, *_READERS],
        "AcceptConnectionsLogGroup": _LOGS,
        "ReconcileRecords": [*_FUNCTION, "aws_lambda_function_recursion_config.reconcile_records"],
        "ReconcileRecordsLogGroup": _LOGS,
        "ReconcileRecordsEventSource": ["aws_lambda_event_source_mapping.work_queue"],
        "Backfill": [*_FUNCTION, *_FAILURES, *_READERS],
        "BackfillLogGroup": _LOGS,
        "Table": ["aws_dynamodb_table.table"],
        "WorkQueue": ["aws_sqs_queue.work_queue"],
        "WorkQueuePolicy": ["aws_sqs_queue_policy.work_queue"],
        "DeadLetterQueue": ["aws_sqs_queue.dead_letter_queue"],
        "DeadLetterQueuePolicy": ["aws_sqs_queue_policy.dead_letter_queue"],
        "EventBus": ["aws_cloudwatch_event_bus.event_bus"],
        "ClientAccountsMayPutEvents": ["aws_cloudwatch_event_bus_policy.clients"],
        "ClientOrganizationMayPutEvents": ["aws_cloudwatch_event_bus_policy.clients"],
        "ClientEndpointCreated": _RULE,
        "ClientEndpointChanged": _RULE,
        "HostedZoneChanged": _RULE,
        "EndpointCreated": _RULE,
        "EndpointChanged": _RULE,
        "ConnectionDecided": _RULE,
        "ClientEndpointCreatedMayInvoke": ["aws_lambda_permission.rule"],
        "EndpointCreatedMayInvoke": ["aws_lambda_permission.rule"],
        "ConnectionDecidedMayInvoke": ["aws_lambda_permission.rule"],
        "ConnectionTopic": ["aws_sns_topic.connection_topic"],
        "ConnectionTopicPolicy": ["aws_sns_topic_policy.connection_topic"],
        "ConnectionSubscription": ["aws_sns_topic_subscription.accept_connections"],
        "ConnectionTopicMayInvoke": ["aws_lambda_permission.connection_topic"],
        "ConnectionNotification": ["aws_vpc_endpoint_connection_notification.connection_topic"],
        "OperatorRole": ["aws_iam_role.operator", "aws_iam_role_policy.operator"],
        "Sweep": ["aws_scheduler_schedule.sweep"],
        "SweepRole": ["aws_iam_role.sweep", "aws_iam_role_policy.sweep"],
        "DeadLettersAlarm": _ALARM,
        "QueueAgeAlarm": _ALARM,
        "FunctionErrorsAlarm": _ALARM,
        "FunctionThrottlesAlarm": _ALARM,
        "SweepMissingAlarm": _ALARM,
        "PendingAgeAlarm": _ALARM,
        "AccountUnreachableAlarm": _ALARM,
        "LimitReachedAlarm": _ALARM,
        "DefinitionsRefusedAlarm": _ALARM,
        "HoldsStandingAlarm": _ALARM,
        "EventsMissingAlarm": _ALARM,
        "TimeToRecordAlarm": _ALARM,
        "Route53ThrottledAlarm": _ALARM,
        "Dashboard": ["aws_cloudwatch_dashboard.dashboard"],
    },
    "client": {
        "EndpointCalls": ["aws_cloudwatch_event_rule.endpoint_calls", "aws_cloudwatch_event_target.provider"],
        "ForwardingRole": _FORWARDING,
        "ClientRole": ["aws_iam_role.client", "aws_iam_role_policy.client", "aws_iam_role_policy.make_zones",
                       "aws_iam_role_policy.delete_zones", "aws_iam_role_policy.share_zones"],
        "GuestRole": ["aws_iam_role.guests"],
    },
    "join": {
        "Zone": ["aws_route53_zone.zone"],
        "ClientsMayConnect": ["aws_security_group.clients_may_connect", "aws_vpc_security_group_ingress_rule.clients"],
        "SecondRangeMayConnect": ["aws_vpc_security_group_ingress_rule.second_range"],
        "Endpoint": ["aws_vpc_endpoint.endpoint"],
    },
    "organizations": {
        "OrganizationsRole": ["aws_iam_role.organizations", "aws_iam_role_policy.organizations"],
    },
    "route53-events": {
        "HostedZoneCalls": ["aws_cloudwatch_event_rule.hosted_zone_calls", "aws_cloudwatch_event_target.provider"],
        "ForwardingRole": _FORWARDING,
    },
}

# What SAM adds without a word in the template, and what stands for its Rules.
OF_SAM = {"provider": {"aws_iam_role_policy_attachment.logs", "aws_iam_role_policy_attachment.traces",
                       "terraform_data.clients"}}

# (resource, property): (address, argument), where both are literal and must be equal.
SETTINGS = {
    "provider": {
        ("ReconcileRecords", "RecursiveLoop"): (
            "aws_lambda_function_recursion_config.reconcile_records", "recursive_loop"),
        ("ReconcileRecordsEventSource", "BatchSize"): ("aws_lambda_event_source_mapping.work_queue", "batch_size"),
        ("ReconcileRecordsEventSource", "FunctionResponseTypes"): (
            "aws_lambda_event_source_mapping.work_queue", "function_response_types"),
        ("ReconcileRecordsEventSource", "ScalingConfig.MaximumConcurrency"): (
            "aws_lambda_event_source_mapping.work_queue", "scaling_config.maximum_concurrency"),
        ("AcceptConnections", "EventInvokeConfig.MaximumRetryAttempts"): (
            "aws_lambda_function_event_invoke_config.failures", "maximum_retry_attempts"),
        ("Table", "BillingMode"): ("aws_dynamodb_table.table", "billing_mode"),
        ("Table", "KeySchema.0.AttributeName"): ("aws_dynamodb_table.table", "hash_key"),
        ("Table", "KeySchema.1.AttributeName"): ("aws_dynamodb_table.table", "range_key"),
        ("Table", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"): (
            "aws_dynamodb_table.table", "point_in_time_recovery.enabled"),
        ("Table", "SSESpecification.SSEEnabled"): ("aws_dynamodb_table.table", "server_side_encryption.enabled"),
        ("Table", "TimeToLiveSpecification.AttributeName"): ("aws_dynamodb_table.table", "ttl.attribute_name"),
        ("Table", "TimeToLiveSpecification.Enabled"): ("aws_dynamodb_table.table", "ttl.enabled"),
        ("WorkQueue", "MessageRetentionPeriod"): ("aws_sqs_queue.work_queue", "message_retention_seconds"),
        ("WorkQueue", "VisibilityTimeout"): ("aws_sqs_queue.work_queue", "visibility_timeout_seconds"),
        ("WorkQueue", "SqsManagedSseEnabled"): ("aws_sqs_queue.work_queue", "sqs_managed_sse_enabled"),
        ("DeadLetterQueue", "MessageRetentionPeriod"): (
            "aws_sqs_queue.dead_letter_queue", "message_retention_seconds"),
        ("DeadLetterQueue", "SqsManagedSseEnabled"): ("aws_sqs_queue.dead_letter_queue", "sqs_managed_sse_enabled"),
        ("ClientEndpointCreatedMayInvoke", "Action"): ("aws_lambda_permission.rule", "action"),
        ("ClientEndpointCreatedMayInvoke", "Principal"): ("aws_lambda_permission.rule", "principal"),
        ("ConnectionTopic", "DisplayName"): ("aws_sns_topic.connection_topic", "display_name"),
        ("ConnectionSubscription", "Protocol"): ("aws_sns_topic_subscription.accept_connections", "protocol"),
        ("ConnectionTopicMayInvoke", "Principal"): ("aws_lambda_permission.connection_topic", "principal"),
        ("ConnectionNotification", "ConnectionEvents"): (
            "aws_vpc_endpoint_connection_notification.connection_topic", "connection_events"),
        ("Sweep", "Description"): ("aws_scheduler_schedule.sweep", "description"),
        ("Sweep", "FlexibleTimeWindow.Mode"): ("aws_scheduler_schedule.sweep", "flexible_time_window.mode"),
        ("Sweep", "FlexibleTimeWindow.MaximumWindowInMinutes"): (
            "aws_scheduler_schedule.sweep", "flexible_time_window.maximum_window_in_minutes"),
        ("Sweep", "Target.Input"): ("aws_scheduler_schedule.sweep", "target.input"),
        ("Sweep", "Target.RetryPolicy.MaximumEventAgeInSeconds"): (
            "aws_scheduler_schedule.sweep", "target.retry_policy.maximum_event_age_in_seconds"),
        ("Sweep", "Target.RetryPolicy.MaximumRetryAttempts"): (
            "aws_scheduler_schedule.sweep", "target.retry_policy.maximum_retry_attempts"),
        ("OperatorRole", "Description"): ("aws_iam_role.operator", "description"),
        ("OperatorRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.operator", "name"),
        ("SweepRole", "Description"): ("aws_iam_role.sweep", "description"),
        ("SweepRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.sweep", "name"),
    },
    "client": {
        ("EndpointCalls", "Description"): ("aws_cloudwatch_event_rule.endpoint_calls", "description"),
        ("EndpointCalls", "Targets.0.Id"): ("aws_cloudwatch_event_target.provider", "target_id"),
        ("EndpointCalls", "Targets.0.RetryPolicy.MaximumEventAgeInSeconds"): (
            "aws_cloudwatch_event_target.provider", "retry_policy.maximum_event_age_in_seconds"),
        ("EndpointCalls", "Targets.0.RetryPolicy.MaximumRetryAttempts"): (
            "aws_cloudwatch_event_target.provider", "retry_policy.maximum_retry_attempts"),
        ("ForwardingRole", "Description"): ("aws_iam_role.forwarding", "description"),
        ("ForwardingRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.forwarding", "name"),
        ("ClientRole", "Description"): ("aws_iam_role.client", "description"),
        ("ClientRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.client", "name"),
        ("GuestRole", "Description"): ("aws_iam_role.guests", "description"),
    },
    "join": {
        ("ClientsMayConnect", "GroupDescription"): ("aws_security_group.clients_may_connect", "description"),
        ("ClientsMayConnect", "SecurityGroupIngress.0.Description"): (
            "aws_vpc_security_group_ingress_rule.clients", "description"),
        ("ClientsMayConnect", "SecurityGroupIngress.0.IpProtocol"): (
            "aws_vpc_security_group_ingress_rule.clients", "ip_protocol"),
        ("SecondRangeMayConnect", "Description"): ("aws_vpc_security_group_ingress_rule.second_range", "description"),
        ("SecondRangeMayConnect", "IpProtocol"): ("aws_vpc_security_group_ingress_rule.second_range", "ip_protocol"),
        ("Endpoint", "VpcEndpointType"): ("aws_vpc_endpoint.endpoint", "vpc_endpoint_type"),
        ("Endpoint", "PrivateDnsEnabled"): ("aws_vpc_endpoint.endpoint", "private_dns_enabled"),
    },
    "organizations": {
        ("OrganizationsRole", "Description"): ("aws_iam_role.organizations", "description"),
        ("OrganizationsRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.organizations", "name"),
    },
    "route53-events": {
        ("HostedZoneCalls", "Description"): ("aws_cloudwatch_event_rule.hosted_zone_calls", "description"),
        ("HostedZoneCalls", "Targets.0.Id"): ("aws_cloudwatch_event_target.provider", "target_id"),
        ("HostedZoneCalls", "Targets.0.RetryPolicy.MaximumEventAgeInSeconds"): (
            "aws_cloudwatch_event_target.provider", "retry_policy.maximum_event_age_in_seconds"),
        ("HostedZoneCalls", "Targets.0.RetryPolicy.MaximumRetryAttempts"): (
            "aws_cloudwatch_event_target.provider", "retry_policy.maximum_retry_attempts"),
        ("ForwardingRole", "Description"): ("aws_iam_role.forwarding", "description"),
        ("ForwardingRole", "Policies.0.PolicyName"): ("aws_iam_role_policy.forwarding", "name"),
    },
}
