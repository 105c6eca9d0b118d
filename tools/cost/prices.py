"""List prices in US dollars, us-west-2, without free tiers. They change: look them up before you rely on a figure.

Calls of EC2, Route 53 and STS cost nothing; neither do AWS's own events on a default bus, SNS to Lambda, and the first
trail of CloudTrail.
"""

MILLION = 1_000_000

# https://aws.amazon.com/lambda/pricing/ (arm64)
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000133334
# https://aws.amazon.com/dynamodb/pricing/on-demand/
DYNAMODB_WRITE_UNIT = 0.625 / MILLION
DYNAMODB_READ_UNIT = 0.125 / MILLION
# https://aws.amazon.com/sqs/pricing/ (standard queues)
SQS_REQUEST = 0.40 / MILLION
# https://aws.amazon.com/eventbridge/pricing/ (events to another account or region, paid by the sender; schedules)
EVENT_ACROSS = 1.00 / MILLION
SCHEDULE = 1.00 / MILLION
# https://aws.amazon.com/cloudwatch/pricing/ (logs)
LOG_GIGABYTE = 0.50
# https://aws.amazon.com/cloudwatch/pricing/ (a month; standard resolution, metrics by the hours in which they have values)
METRIC = 0.30
ALARM_METRIC = 0.10
DASHBOARD = 3.00

# What is assumed and not counted.
MEMORY_GB = 0.25
# One look at one VPC on AWS: some fifteen calls one after the other, at 10 to 30 ms each.
SECONDS_A_LOOK = 0.3
# Receiving, deleting and idle polling of the work queue, besides each message that is sent.
SQS_REQUESTS_A_MESSAGE = 2
SQS_IDLE_A_MONTH = 5 * 30 * 24 * 3600 // 20
