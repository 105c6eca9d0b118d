"""zonelink at work in the local AWS: `python -m demo` shows it, `python -m demo.up` leaves it up."""
