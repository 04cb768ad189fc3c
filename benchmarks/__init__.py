"""Measurements: what `make bench` prints, never asserted in a test."""

import scripts.lib.ordering  # noqa: F401  before any benchmark imports numba: it says where its cache is
