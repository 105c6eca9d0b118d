"""What things cost in calls, exactly. The one place where these numbers stand: test_counts.py holds them."""

# Route 53, for each VPC with one zone: list the zones, read the name; and one change where it is new.
ROUTE53_IN_SYNC = 2
ROUTE53_NEW = 3

# EC2 in a client account, for a hundred endpoints of it, each in a VPC of its own, in one sweep.
EC2_PER_HUNDRED = 2

# What EC2 answered is asked again after so many seconds, so that a slow machine may need it more than once.
EC2_FRESH_SECONDS = 10

# The table, for a hundred endpoints in sync, in one sweep, with one read for when the last one was complete. Reservations come on top: one for VPCs that are
# looked at together while the account's bucket is full, two while it is in use.
TABLE_READS_PER_HUNDRED = 233
TABLE_WRITES_IN_SYNC = 0

# How many VPCs are looked at together.
VPCS_AT_ONCE = 10
