"""What zonelink is measured against: see README.md."""
