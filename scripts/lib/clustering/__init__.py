"""Vectors into clusters: k-means, trees and their cuts, density, and how many clusters there are."""

from scripts.lib.ordering.compile_cache import use_cache_of_these_sources

use_cache_of_these_sources()  # before any module of this package imports numba
