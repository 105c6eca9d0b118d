"""Tests of the tools. A package, so that theirs do not hide the tools of the same name."""
