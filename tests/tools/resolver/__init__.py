"""Claims about the resolver of the local AWS."""
