"""Measurements: what `make bench` prints, never asserted in a test."""
