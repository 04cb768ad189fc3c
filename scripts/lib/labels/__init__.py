"""Hierarchical labels: names whose beginnings are groups, and whose order is an order of the images."""

from scripts.lib.ordering.compile_cache import use_cache_of_these_sources

use_cache_of_these_sources()  # before any module of this package imports numba
