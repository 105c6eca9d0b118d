"""A local AWS for tests and demonstrations: two emulators extended in process, several accounts, no network."""
