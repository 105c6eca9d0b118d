"""Each alarm is fired once by breaking what it watches, and docs/RUNBOOK.md is followed as it is written."""
