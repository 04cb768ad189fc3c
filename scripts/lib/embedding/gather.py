"""Stage `gather`: the vectors of all partitions in one matrix, one row per distinct content.

Rows are sorted by content id, so that the matrix does not depend on partitions, parts or their order.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.embedding.store import Place, Store
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ID_DTYPE, ids_column
from scripts.lib.files.status import OK


def embedded_places(manifests: Sequence[Path]) -> dict[bytes, Place]:
    """Return where the manifests say that vectors lie."""
    places: dict[bytes, Place] = {}
    for manifest in manifests:
        table = pq.read_table(manifest)
        rows = zip(
            *(table[name].to_pylist() for name in ("content_id", "status", "part", "row")),
            strict=True,
        )
        places.update((content, Place(part, row)) for content, status, part, row in rows if status == OK)
    return places


def relocate(places: dict[bytes, Place], store: Store) -> dict[bytes, Place]:
    """Return the places with those corrected whose part was merged into another since.

    Raises
    ------
    DamagedArtifact
        when vectors are gone from the store.
    """
    present = {part.name for part in store.parts()}
    lost = [content for content, place in places.items() if place.part not in present]
    if not lost:
        return places
    elsewhere = store.places()
    missing = [content for content in lost if content not in elsewhere]
    if missing:
        raise DamagedArtifact(f"{len(missing):,} of {len(places):,} vectors are gone from {store.folder}.")
    return places | {content: elsewhere[content] for content in lost}


def gather(
    places: dict[bytes, Place], store: Store, target: Path, progress: Callable[[int], object]
) -> pa.Table:
    """Fill `target` with the vectors, a (n, d) matrix in NumPy's file format; return the table of items.

    Parts are read one after the other into a memory map, so memory does not grow with n × d.

    Raises
    ------
    DamagedArtifact
        when a part is gone or altered, or a vector is not where it should be.
    """
    ids = np.sort(np.array(list(places), ID_DTYPE))
    matrix = _create_matrix(target, len(ids), store)
    for part, contents in _by_part(places).items():
        wanted = np.array([content for content, _ in contents], ID_DTYPE)
        rows = np.array([row for _, row in contents])
        part_ids, vectors = store.read(part)
        if rows.max() >= len(part_ids) or (part_ids[rows] != wanted).any():
            raise DamagedArtifact(f"The part {part} of {store.folder} does not hold what a manifest says.")
        matrix[np.searchsorted(ids, wanted)] = vectors[rows]
        progress(len(rows))
    if isinstance(matrix, np.memmap):
        matrix.flush()
    return items_table(ids)


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
            os.posix_fallocate(stream.fileno(), 0, file.stat().st_size)


def _by_part(places: dict[bytes, Place]) -> dict[str, list[tuple[bytes, int]]]:
    parts: dict[str, list[tuple[bytes, int]]] = defaultdict(list)
    for content, place in places.items():
        parts[place.part].append((content, place.row))
    return dict(sorted(parts.items()))


def items_table(ids: np.ndarray) -> pa.Table:
    """Return the table `items.parquet`: the content id of each row of the matrix."""
    return pa.table({"item": pa.array(np.arange(len(ids), dtype=np.int32)), "content_id": ids_column(ids)})


def read_vectors(path: Path) -> np.ndarray:
    """Return the matrix as a read-only memory map: (n, d) float16 or float32."""
    try:
        matrix: np.ndarray = np.load(path, mmap_mode="r")
    except ValueError:  # an empty matrix can't be mapped
        matrix = np.load(path)
    return matrix
