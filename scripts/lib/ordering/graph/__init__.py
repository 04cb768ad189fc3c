"""Whom each vector resembles most: the neighbour graph, and how it is brought up to date."""
