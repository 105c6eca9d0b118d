"""What zonelink costs, from calls that are counted in the local AWS: `PYTHONPATH=tools python -m cost`."""
