"""From vectors to a path: neighbour graph, spanning tree, walk, local search."""

from scripts.lib.ordering.compile_cache import use_cache_of_these_sources

use_cache_of_these_sources()  # before any module of this package imports numba
