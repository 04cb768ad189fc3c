"""Vectors to order: drawn from a file, or made so that they resemble deep features.

Made vectors lie in clusters of unequal size, on few directions of their own, and are not negative.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[Any]

DIMENSION = 1024
DIRECTIONS = 24
VECTORS_PER_CLUSTER = 100
LEAST_CLUSTERS = 10
CLUSTER_DISTANCE = 1.5  # of the clusters' centres from the middle, in units of a cluster's width
NOISE = 0.1
BLOCK = 1 << 14


class Source(NamedTuple):
    """Where vectors come from: rows of a file, or made ones of so many dimensions."""

    name: str
    file: Path | None = None
    dimension: int = DIMENSION

    def draw(self, size: int, seed: int) -> Vectors:
        """Return vectors in random order: (size, d) float16, fewer where the file has fewer."""
        if self.file:
            return draw_rows(np.load(self.file, mmap_mode="r"), size, seed)
        return make_vectors(size, self.dimension, seed)

    def sizes(self, wanted: Sequence[int]) -> list[int]:
        """Return the numbers of vectors that can be drawn: those wanted, cut to what there is."""
        if not self.file:
            return list(wanted)
        return sorted({min(size, len(np.load(self.file, mmap_mode="r"))) for size in wanted})


def sources(files: Sequence[Path], dimension: int = DIMENSION) -> list[Source]:
    """Return the files as sources, each under the name of its file, and one of made vectors."""
    return [*(Source(file.stem, file) for file in files), Source("made", None, dimension)]


def draw_vectors(file: Path | None, size: int, seed: int) -> Vectors:
    """Draw rows from a file, or make vectors of 1,024 dimensions: (size, d) float16."""
    return Source("", file).draw(size, seed)


def draw_rows(rows: Vectors, size: int, seed: int) -> Vectors:
    """Draw rows without repetition, in random order: (size, d) float16."""
    generator = np.random.default_rng(seed)
    drawn = np.sort(generator.choice(len(rows), min(size, len(rows)), replace=False))
    return rows[drawn].astype(np.float16)[generator.permutation(len(drawn))]


def make_vectors(size: int, dimension: int, seed: int) -> Vectors:
    """Make vectors that resemble deep features: (size, dimension) float16."""
    vectors = np.empty((size, dimension), np.float16)
    for start, block in made_blocks(size, dimension, seed):
        vectors[start : start + len(block)] = block
    return vectors


def write_vectors(file: Path, size: int, dimension: int, seed: int) -> None:
    """Write the same vectors to a `.npy` file, block by block."""
    vectors = np.lib.format.open_memmap(file, "w+", np.float16, (size, dimension))
    for start, block in made_blocks(size, dimension, seed):
        vectors[start : start + len(block)] = block
    vectors.flush()


def made_blocks(size: int, dimension: int, seed: int) -> Iterator[tuple[int, Vectors]]:
    """Yield made vectors in blocks of float64, each with the number of its first row."""
    generator = np.random.default_rng(seed)
    clusters = LEAST_CLUSTERS + size // VECTORS_PER_CLUSTER
    centres = generator.normal(size=(clusters, DIRECTIONS)) * CLUSTER_DISTANCE
    shares = generator.dirichlet(np.ones(clusters))
    inner = centres[generator.choice(clusters, size, p=shares)]
    inner += generator.normal(size=(size, DIRECTIONS))
    outward = generator.normal(size=(DIRECTIONS, dimension)) / np.sqrt(DIRECTIONS)
    for start in range(0, size, BLOCK):
        block = inner[start : start + BLOCK] @ outward
        block += generator.normal(size=block.shape) * NOISE
        yield start, np.maximum(block, 0)
