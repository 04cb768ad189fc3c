"""Stage `gather`: the vectors of all partitions in one matrix, one row per distinct vector.

Rows are sorted by the smallest content id that has them, so that the matrix does not depend on
partitions, parts or their order.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.artifacts.disk import writing
from scripts.lib.embedding.distinct import distinct_rows, keep_rows, row_digests
from scripts.lib.embedding.places import Places, joined
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ID_DTYPE, ids_array, ids_column


class Items(NamedTuple):
    """The rows of the matrix, and the contents that have them.

    rows : (c,) int32, the row of each content's vector; equal vectors share one
    content_ids : (c,) S32, ascending
    """

    rows: np.ndarray
    content_ids: np.ndarray


def relocate(places: Places, store: Store) -> Places:
    """Return the places with those corrected whose part was merged into another since.

    Raises
    ------
    DamagedArtifact
        when vectors are gone from the store.
    """
    present = {part.name for part in store.parts()}
    lost = np.array([name not in present for name in places.names], bool)[places.parts]
    if not lost.any():
        return places
    elsewhere = store.places()
    missing = elsewhere.without(places.ids[lost])
    if len(missing):
        raise DamagedArtifact(f"{len(missing):,} of {len(places):,} vectors are gone from {store.folder}.")
    wanted = np.isin(elsewhere.ids, places.ids[lost])
    return joined([places.select(~lost), elsewhere.select(wanted)])


def gather(places: Places, store: Store, target: Path, progress: Callable[[int], object]) -> Items:
    """Fill `target` with the distinct vectors, a (m, d) matrix in NumPy's file format.

    Parts are read one after the other into a memory map, so memory does not grow with n × d.

    Raises
    ------
    DamagedArtifact
        when a part is gone or altered, or a vector is not where it should be.
    """
    matrix = _create_matrix(target, len(places), store)
    digests = np.empty(len(places), ID_DTYPE)
    for rows, vectors in _vectors(places, store):
        matrix[rows] = vectors
        digests[rows] = row_digests(vectors)
        progress(len(rows))
    if isinstance(matrix, np.memmap):
        matrix.flush()
    distinct = distinct_rows(digests)
    if len(distinct.kept) < len(places):
        keep_rows(target, distinct.kept)
    return Items(distinct.item, places.ids)


def _vectors(places: Places, store: Store) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, part by part, rows of `places` (b,) and their vectors (b, d)."""
    for name, rows in places.by_part():
        ids, vectors = store.read(name)
        there = places.rows[rows]
        if there.max() >= len(ids) or (ids[there] != places.ids[rows]).any():
            raise DamagedArtifact(f"The part {name} of {store.folder} does not hold what a manifest says.")
        yield rows, vectors[there]


def _create_matrix(target: Path, n: int, store: Store) -> np.ndarray:
    shape = (n, store.dimension)
    if n == 0:  # an empty file can't be mapped
        with target.open("wb") as stream:
            np.save(stream, np.empty(shape, store.dtype))
        return np.empty(shape, store.dtype)
    matrix: np.ndarray = np.lib.format.open_memmap(target, mode="w+", dtype=store.dtype, shape=shape)
    _reserve(target)
    return matrix


def _reserve(file: Path) -> None:
    """Take the space of a file on the disk, so that a full one is an error now and no signal later."""
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as stream:
            size = file.stat().st_size
            with writing(file, size):
                os.posix_fallocate(stream.fileno(), 0, size)


def items_table(items: Items) -> pa.Table:
    """Return the table `items.parquet`: for each content, the row of its vector in the matrix."""
    return pa.table({"item": pa.array(items.rows), "content_id": ids_column(items.content_ids)})


def read_items(path: Path) -> Items:
    """Read the table `items.parquet`."""
    table = pq.read_table(path, columns=["item", "content_id"])
    return Items(table["item"].to_numpy(), ids_array(table["content_id"]))


def first_ids(items: Items) -> np.ndarray:
    """Return the first content id of each item: (m,) S32, ascending."""
    ids: np.ndarray = items.content_ids[np.unique(items.rows, return_index=True)[1]]
    return ids


def read_vectors(path: Path) -> np.ndarray:
    """Return the matrix as a read-only memory map: (n, d) float16 or float32."""
    try:
        matrix: np.ndarray = np.load(path, mmap_mode="r")
    except ValueError:  # an empty matrix can't be mapped
        matrix = np.load(path)
    return matrix
