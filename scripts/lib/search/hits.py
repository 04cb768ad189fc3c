"""What a search finds, and as a table."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.run.visible import visible


class Hit(NamedTuple):
    """An image that was found; files of equal contents, or of equal vectors, are one.

    item : its row
    distance : Euclidean, of the vectors; of their directions where a model compares these, and with words
    similarity : 1 - distance² / (2 V), 1 for equal ones. Between directions V is 1, and this is the cosine of
        their angle. Otherwise V is the variance of the collection's vectors, so that 0 is what two images
        differ by on average, and negative what differs more
    position : of its first file in the order
    path : of that file, readable
    files : how many files it has
    """

    item: int
    distance: float
    similarity: float
    position: int
    path: str
    files: int


def similarity(distance: float, variance: float) -> float:
    """Return what a distance means in a collection; where all its vectors are equal, any other is 0."""
    if distance == 0:
        return 1.0
    return 1 - distance**2 / (2 * variance) if variance else 0.0


def hits_lines(hits: Sequence[Hit]) -> list[str]:
    """Return one line a hit, in columns as wide as they need to be, with the names of these above."""
    rows = [("rank", "similarity", "distance", "position", "files", "path")]
    for rank, hit in enumerate(hits, 1):
        numbers = (f"{hit.similarity:.4f}", f"{hit.distance:.4f}", f"#{hit.position}", f"{hit.files}")
        rows.append((str(rank), *numbers, visible(hit.path)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]


def hits_table(hits: Sequence[Hit], paths: Sequence[bytes]) -> pa.Table:
    """Return one row a hit, the best first; `paths` are the bytes to open."""
    columns: dict[str, pa.Array] = {
        "rank": pa.array(np.arange(1, len(hits) + 1, dtype=np.int32)),
        "similarity": pa.array([hit.similarity for hit in hits], pa.float64()),
        "distance": pa.array([hit.distance for hit in hits], pa.float64()),
        "position": pa.array([hit.position for hit in hits], pa.int32()),
        "path": pa.array([hit.path for hit in hits], pa.string()),
        "path_bytes": pa.array(paths, pa.binary()),
        "files": pa.array([hit.files for hit in hits], pa.int32()),
        "item": pa.array([hit.item for hit in hits], pa.int32()),
    }
    return pa.table(columns)
