"""The built-in embedding: what an image looks like, with no network and no weights.

An image is shrunk to a small square in Oklab, a space in which Euclidean distance is close to
perceived difference, and described by four parts:

    layout        mean colour of each cell of a coarse grid: where the sky is, and how blue
    colours       histogram of lightness and the two colour axes: which colours, anywhere
    edges         histograms of the directions of lightness edges on a grid: which shapes, where
    colour edges  the same of the two colour axes: what parts a red thing from a green ground

Histograms of colours are compared by Hellinger's distance (Euclidean between square roots), edges
after scaling to unit length, so that contrast does not count. Each part is multiplied by a fixed
weight and the parts are concatenated: plain Euclidean distance serves. No value depends on another
image, on the batch or on the number of threads. `python -m benchmarks.descriptor` says what each
part is worth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts.lib import versions

Floats = NDArray[np.float32]

VERSION = versions.DESCRIPTOR  # to be raised whenever a value of any descriptor changes

SIDE = 32  # pixels of the working square: more adds time and texture, not likeness
TARGET = SIDE  # shorter side that `decode` is to provide for

LAYOUT_CELLS = 4
EDGE_CELLS = 5
COLOUR_EDGE_CELLS = 3
EDGE_DIRECTIONS = 12  # of a full turn: from dark to bright is not from bright to dark
COLOUR_EDGE_DIRECTIONS = 8

# Bin centres. Chroma is finer around grey, where photos have most of their pixels.
LIGHTNESS_BINS = np.array([0.2, 0.4, 0.6, 0.8, 1.0], dtype=np.float32)
CHROMA_BINS = np.array([-0.1, -0.04, 0.0, 0.04, 0.1], dtype=np.float32)

CHROMA_GAIN = 2.0  # the colour axes of photos spread that much less than lightness
SHARED_EDGES = 0.3  # share of the mean histogram left out of each cell: texture that is everywhere
CENTRE = 0.6  # how fast weight falls from the middle, where photographers put their subject
COLOUR_CENTRE = 1.0

# Edge energy below which a plane counts as flat, so that noise is not scaled up to shapes.
FLAT_LIGHTNESS = 0.01
FLAT_COLOUR = 0.003

LAYOUT_SIZE = 3 * LAYOUT_CELLS**2
COLOURS_SIZE = len(LIGHTNESS_BINS) * len(CHROMA_BINS) ** 2
EDGES_SIZE = EDGE_CELLS**2 * EDGE_DIRECTIONS
COLOUR_EDGES_SIZE = 2 * COLOUR_EDGE_CELLS**2 * COLOUR_EDGE_DIRECTIONS
DIMENSION = LAYOUT_SIZE + COLOURS_SIZE + EDGES_SIZE + COLOUR_EDGES_SIZE


@dataclass(frozen=True)
class Part:
    """One part of the descriptor: where it lies and how much it counts."""

    name: str
    slice: slice
    weight: float


def _parts(*sizes: tuple[str, int, float]) -> tuple[Part, ...]:
    ends = np.cumsum([size for _, size, _ in sizes]).tolist()
    return tuple(
        Part(name, slice(end - size, end), weight)
        for (name, size, weight), end in zip(sizes, ends, strict=True)
    )


# All but the layout have unit length before weighting. Shapes are what things are told by, colours
# and light are what neighbours look alike by, and the two pull apart: on CIFAR-10 the weights 0.3,
# 0.6, 1, 0.6 find more neighbours of the same label, but a path through mixed photos then jumps
# between dark and bright. These give up some of the former (benchmarks/descriptor.py measures it) for
# the latter.
PARTS = _parts(
    ("layout", LAYOUT_SIZE, 1.3),
    ("colours", COLOURS_SIZE, 0.9),
    ("edges", EDGES_SIZE, 1.0),
    ("colour edges", COLOUR_EDGES_SIZE, 0.8),
)


def descriptor(image: Image.Image) -> Floats:
    """Describe one image.

    image : RGB, any size.
    Returns (DIMENSION,) float32, finite, of magnitudes below 4, fit for float16.
    """
    square = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    lab = _oklab(np.asarray(square))
    values = (_layout(lab), _colours(lab), _edges(lab[0]), _colour_edges(lab[1:]))
    return np.concatenate(
        [np.float32(part.weight) * value for part, value in zip(PARTS, values, strict=True)]
    )


def _layout(lab: Floats) -> Floats:
    """Return the mean colour of each cell, (LAYOUT_SIZE,)."""
    cells = _pool(LAYOUT_WINDOWS, lab)
    cells[1:] *= np.float32(CHROMA_GAIN)
    return cells.ravel()


def _colours(lab: Floats) -> Floats:
    """Return the square roots of a histogram whose sum is 1, (COLOURS_SIZE,)."""
    light = _soft_bins(lab[0], LIGHTNESS_BINS) * COLOUR_FOCUS
    red, yellow = (_soft_bins(plane, CHROMA_BINS) for plane in lab[1:])
    chroma = (red[:, None] * yellow).reshape(-1, SIDE * SIDE)  # (bins squared, pixels)
    histogram: Floats = np.einsum("ip,jp->ij", light, chroma)
    return np.sqrt(histogram).ravel()


def _edges(lightness: Floats) -> Floats:
    """Return the directions of edges in each cell, unit length, (EDGES_SIZE,)."""
    cells = _pool(EDGE_WINDOWS, _directions(lightness, EDGE_DIRECTIONS))
    cells -= np.float32(SHARED_EDGES) * cells.mean(axis=(1, 2), keepdims=True)
    return _unit(cells * EDGE_FOCUS, FLAT_LIGHTNESS)


def _colour_edges(chroma: Floats) -> Floats:
    """Return the directions of edges of both colour axes, unit length, (COLOUR_EDGES_SIZE,)."""
    planes = np.concatenate([_directions(plane, COLOUR_EDGE_DIRECTIONS) for plane in chroma])
    return _unit(_pool(COLOUR_EDGE_WINDOWS, planes) * COLOUR_EDGE_FOCUS, FLAT_COLOUR)


def _unit(cells: Floats, flat: float) -> Floats:
    """Scale to unit length what is well above `flat`, and less than that what is not."""
    scaled: Floats = cells / np.sqrt(np.square(cells).sum() + np.float32(flat**2))
    return scaled.ravel()


def _directions(plane: Floats, directions: int) -> Floats:
    """Split gradient strengths between the two nearest directions, (directions, SIDE, SIDE)."""
    padded = np.pad(plane, 1, mode="edge")
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    strength = np.sqrt(across * across + down * down)
    turn = np.arctan2(down, across) * np.float32(directions / (2 * np.pi))
    apart = np.abs(turn - np.arange(directions, dtype=np.float32)[:, None, None])
    apart = np.minimum(apart, np.abs(directions - apart))  # directions go round
    shared: Floats = np.maximum(0, 1 - apart) * strength
    return shared


def _soft_bins(plane: Floats, centres: Floats) -> Floats:
    """Share each pixel between the two nearest of b bins, (b, pixels), columns summing to 1."""
    bins = np.arange(len(centres), dtype=np.float32)
    place = np.interp(plane.ravel(), centres, bins).astype(np.float32)
    shares: Floats = np.maximum(0, 1 - np.abs(place - bins[:, None]))
    return shares


def _pool(windows: Floats, planes: Floats) -> Floats:
    """Average planes (p, SIDE, SIDE) within windows (cells, SIDE) to (p, cells, cells)."""
    # einsum rather than BLAS, whose rounding depends on threads and shapes
    rows = np.einsum("gs,pst->pgt", windows, planes)
    cells: Floats = np.einsum("ht,pgt->pgh", windows, rows)
    return cells


def _windows(cells: int) -> Floats:
    """Return the triangular windows of the cells along one axis, rows summing to 1, (cells, SIDE).

    They overlap: a pixel is shared by the two nearest cells, so that a small shift changes little.
    """
    centres = (np.arange(cells) + 0.5) * SIDE / cells
    apart = np.abs(np.arange(SIDE) + 0.5 - centres[:, None]) * cells / SIDE
    weights = np.maximum(0, 1 - apart)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _focus(cells: int, fall: float) -> Floats:
    """Return a Gaussian weight of each cell, largest in the middle, (cells, cells)."""
    place = (2 * np.arange(cells) + 1) / cells - 1  # from -1 to 1
    weight = np.exp(-fall * np.square(place))
    return np.outer(weight, weight).astype(np.float32)


def _linear_light() -> Floats:
    """Return the linear intensity of each 8-bit sRGB level, (256,)."""
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


LAYOUT_WINDOWS = _windows(LAYOUT_CELLS)
EDGE_WINDOWS = _windows(EDGE_CELLS)
COLOUR_EDGE_WINDOWS = _windows(COLOUR_EDGE_CELLS)
EDGE_FOCUS = _focus(EDGE_CELLS, CENTRE)
COLOUR_EDGE_FOCUS = _focus(COLOUR_EDGE_CELLS, CENTRE)
COLOUR_FOCUS = _focus(SIDE, COLOUR_CENTRE).ravel()
COLOUR_FOCUS /= COLOUR_FOCUS.sum()

# Sensitivity of the eye's cones to linear light, and the axes that it opposes them on:
# Björn Ottosson, "A perceptual color space for image processing", 2020.
LINEAR = _linear_light()
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OPPONENTS = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def _oklab(rgb: NDArray[np.uint8]) -> Floats:
    """Convert (h, w, 3) sRGB to (3, h, w) Oklab: lightness, green to red, blue to yellow."""
    return _mix(OPPONENTS, np.cbrt(_mix(CONES, LINEAR[rgb.transpose(2, 0, 1)])))


def _mix(matrix: tuple[tuple[float, float, float], ...], planes: Floats) -> Floats:
    """Multiply a 3 x 3 matrix and planes (3, h, w)."""
    return np.stack([a * planes[0] + b * planes[1] + c * planes[2] for a, b, c in matrix])
