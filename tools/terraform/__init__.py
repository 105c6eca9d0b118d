"""Writes what the Terraform modules have of the templates: the two are to make the same things."""
