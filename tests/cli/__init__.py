"""The command line, run as operators run it, against the local AWS."""
