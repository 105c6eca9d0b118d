"""Whole-flow tests: the templates deployed into the local AWS, the built functions running in it."""
