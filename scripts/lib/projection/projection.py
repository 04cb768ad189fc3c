"""Every item gets a place in the plane and one in space, by one of several methods.

A method is a module `*_layout`, loaded only when it is wanted. It is given as many items as it bears; the
others are placed among these. Where items are fewer than a neighbourhood is worth the name, or all equal,
principal components do.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import Vectors
from scripts.lib.projection.landmarks import place_all
from scripts.lib.projection.principal import principal_components
from scripts.lib.projection.sample import (
    Doubles,
    Fit,
    Phases,
    Places,
    ProjectionSettings,
    Sample,
    draw_sample,
)

FEW = 8  # items; up to so many are laid out by their principal components


class Method(NamedTuple):
    """What a method bears, and what it wants.

    plane, space : items that it is given at most, in two and in three dimensions
    neighbors : how many it wants of each item, as a multiple of the setting
    nested : whether the plane is the first two dimensions of the space
    """

    plane: int
    space: int
    neighbors: int = 0
    nested: bool = False


METHODS = {
    "tsne": Method(250_000, 50_000, neighbors=3),
    "umap": Method(1_200_000, 1_200_000, neighbors=1),
    "isomap": Method(4_000, 4_000, nested=True),
    "lle": Method(4_000, 4_000),
    "mds": Method(2_000, 2_000),
}


class Maps(NamedTuple):
    """Places of all items, within [-1, 1].

    plane : (n, 2) float32;  space : (n, 3) float32
    landmarks : how many items the method was given, in the plane and in space
    """

    plane: Places
    space: Places
    landmarks: tuple[int, int]


def project(vectors: Vectors, graph: NeighborGraph, settings: ProjectionSettings, phases: Phases) -> Maps:
    """Lay all items out in two and in three dimensions.

    Equal input and seed give equal bytes, however many threads there are.

    vectors : (n, d) float16 or float32, finite, may be a memory map
    graph : their nearest neighbours, of which those that are wanting are searched
    phases : called with the number of units and their name, it begins to show progress
    """
    n = len(vectors)
    with phases(n, "items to their axes") as count:
        start = principal_components(vectors, 3, settings.threads, count)
    if settings.method == "pca" or n <= FEW or not start.any():
        return Maps(settled(start[:, :2]), settled(start), (n, n))
    plane, space = (min(n, limit) for limit in limits(settings))
    layouts: dict[int, Places] = {}
    for size in sorted({plane, space}):
        wanted = [dimensions for dimensions, its in ((2, plane), (3, space)) if its == size]
        sample = draw_sample(vectors, graph, start, size, neighbors_wanted(settings), settings, phases)
        layouts |= _complete(vectors, sample, fit(sample, wanted, settings, phases), settings, phases)
    return Maps(settled(layouts[2]), settled(layouts[3]), (plane, space))


def limits(settings: ProjectionSettings) -> tuple[int, int]:
    """Return how many items the method is given at most, in the plane and in space."""
    if settings.limit:
        return (max(settings.limit, FEW + 1),) * 2
    return METHODS[settings.method].plane, METHODS[settings.method].space


def neighbors_wanted(settings: ProjectionSettings) -> int:
    """Return how many neighbours of each item the method is to be given."""
    return METHODS[settings.method].neighbors * settings.neighbors


def fit(
    sample: Sample, wanted: Sequence[int], settings: ProjectionSettings, phases: Phases
) -> dict[int, Places]:
    """Lay a sample out in each of the dimensions that are wanted: (m, dimensions) float32."""
    lay_out: Fit = import_module(f"{__package__}.{settings.method}_layout").lay_out
    if METHODS[settings.method].nested:
        whole = settled(lay_out(sample, max(wanted), settings, phases))
        return {dimensions: whole[:, :dimensions] for dimensions in wanted}
    return {dimensions: settled(lay_out(sample, dimensions, settings, phases)) for dimensions in wanted}


def _complete(
    vectors: Vectors,
    sample: Sample,
    layouts: dict[int, Places],
    settings: ProjectionSettings,
    phases: Phases,
) -> dict[int, Places]:
    """Add the items that the method was not given."""
    missing = len(vectors) - len(sample.rows)
    if not missing:
        return layouts
    with phases(missing, "items placed") as count:
        known = list(layouts.values())
        placed = place_all(vectors, sample.rows, known, settings.threads, count, settings.seed)
    return dict(zip(layouts, placed, strict=True))


def settled(layout: Doubles | Places) -> Places:
    """Return a layout in the middle of [-1, 1], scaled by one factor, (n, dimensions) float32.

    The first axis is that of the widest spread, and of each axis the outermost place is positive, the
    first one where there are several.
    """
    wide = layout.astype(np.float64)
    if not len(wide):
        return wide.astype(np.float32)
    wide = wide[:, np.argsort(-wide.std(axis=0), kind="stable")]
    wide -= (wide.min(axis=0) + wide.max(axis=0)) / 2
    wide /= np.abs(wide).max() or 1.0
    outermost = (np.abs(wide) > np.abs(wide).max(axis=0) - 1e-6).argmax(axis=0)
    wide *= np.where(wide[outermost, np.arange(wide.shape[1])] < 0, -1.0, 1.0)
    result: Places = wide.astype(np.float32)
    return result


def projection_table(maps: Maps) -> pa.Table:
    """Return the table `projection.parquet`: a row per item, in their order."""
    names = ("x", "y", "z", "u", "v")
    columns = [*maps.space.T, *maps.plane.T]
    return pa.table({name: pa.array(each) for name, each in zip(names, columns, strict=True)})
