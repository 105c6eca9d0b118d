"""A local AWS with zonelink deployed in it, driven from Python: what a provider and its clients do there, line by line.

`local` has both emulators as one AWS and waits for it, `provider` the stacks, the table and the queues, `client` VPCs, zones
and endpoints. Whole flows, other tests and the cost counter play on it.
"""
