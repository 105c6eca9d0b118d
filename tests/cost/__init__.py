"""What zonelink costs, from calls that are counted in the local AWS: `PYTHONPATH=tests python -m cost`."""
