"""Tests of the measure and of its baseline, and the exact counts."""
