"""A small system and a stand-in for moto, to test the ministack side by itself."""
