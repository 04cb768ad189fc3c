"""Vectors into maps: every item gets a place in two and in three dimensions."""
