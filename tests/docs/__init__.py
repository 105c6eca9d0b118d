"""The documents, against what they name."""
