"""Which file of a group is the best, and why: resolution, then size, then format, then age.

Files in protected folders are kept beside the best. Of files that are equal in all but age a protected one
counts as the best, so that nothing is kept twice for its sake.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.duplicates.fit import Mask
from scripts.lib.files.paths import absolute

# The nearer to what the camera or the program had, the better.
FORMATS = ("RAW", "TIFF", "PNG", "BMP", "DIB", "JXL", "AVIF", "HEIF", "WEBP", "JPEG", "MPO", "GIF")

Ranks = npt.NDArray[np.int64]


class Facts(NamedTuple):
    """What decides between two files."""

    width: int
    height: int
    size: int  # bytes
    format: str
    mtime_ns: int


def ranks(files: pa.Table, protected: Mask) -> Ranks:
    """Return the rank of each file, 0 for the best of all: (f,) int64.

    files : rows of the inventory, with former paths
    protected : (f,) bool
    """
    pixels = pc.multiply(_numbers(files["width"], pa.float64()), _numbers(files["height"], pa.float64()))
    by = {
        "pixels": pc.negate(pixels),
        "size": pc.negate(_numbers(files["size"], pa.int64())),
        "format": pa.array([format_rank(each) for each in files["format"].to_pylist()]),
        "protected": pa.array(~protected),
        "mtime": _numbers(files["mtime_ns"], pa.int64()),
        "path": files["former"],  # as it was before a move: what is kept does not change by being moved
    }
    order = pc.sort_indices(pa.table(by), [(name, "ascending") for name in by]).to_numpy()
    rank = np.empty(len(files), np.int64)
    rank[order] = np.arange(len(files))
    return rank


def _numbers(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.cast(kind).fill_null(0)


def format_rank(name: str | None) -> int:
    """Return the rank of a format, 0 for the best."""
    return FORMATS.index(name) if name in FORMATS else len(FORMATS)


def protected_files(files: pa.Table, folders: Sequence[str]) -> dict[str, Mask]:
    """Tell of each protected folder which files lie in it, or did before they were moved: (f,) bool."""
    paths = files["former"]
    here = pa.scalar(absolute(b""), pa.binary())
    relative = pc.invert(pc.starts_with(paths, b"/"))
    whole = pc.if_else(relative, pc.binary_join_element_wise(here, paths, pa.scalar(b"", pa.binary())), paths)
    return {folder: _inside(whole, folder) for folder in folders}


def _inside(paths: pa.ChunkedArray, folder: str) -> Mask:
    """Tell which absolute paths lie in a folder, by its name as given and by what it leads to."""
    given = os.fsencode(os.path.expanduser(folder))
    inside = np.zeros(len(paths), bool)
    for name in {os.path.abspath(given), os.path.realpath(given), absolute(given)}:
        begins = pc.starts_with(paths, name.rstrip(b"/") + b"/")
        inside |= begins.to_numpy(zero_copy_only=False).astype(bool)
    return inside


def why_best(facts: Facts, files: int) -> str:
    """Say what the best of so many files has."""
    return f"the best of {files}: {_shape(facts)}{facts.size:,} bytes, {facts.format or 'format unknown'}"


def why_not(facts: Facts, best: Facts) -> str:
    """Say in what a file is behind the best."""
    if facts.width * facts.height < best.width * best.height:
        return f"fewer pixels: {facts.width} x {facts.height}, the best has {best.width} x {best.height}"
    if facts.size < best.size:
        return f"fewer bytes: {facts.size:,}, the best has {best.size:,}"
    if format_rank(facts.format) > format_rank(best.format):
        return f"{facts.format or 'its format'}, the best is {best.format}"
    return "younger than the best" if facts.mtime_ns > best.mtime_ns else "as good as the best, which is kept"


def _shape(facts: Facts) -> str:
    return f"{facts.width} x {facts.height}, " if facts.width and facts.height else ""


def content_ranks(rank: Ranks, content: Ranks, count: int) -> Ranks:
    """Return the rank of each content, by the best of its files: (c,) int64, a permutation.

    rank, content : (f,) int64, of each file
    """
    best = np.full(count, len(rank))
    np.minimum.at(best, content, rank)
    places = np.empty(count, np.int64)
    places[np.argsort(best)] = np.arange(count)
    return places
