"""A release: the functions as zips, a template that needs no build, the command line, and their checksums."""
