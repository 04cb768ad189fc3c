"""Stage `image_hashes`: a sketch of each content, decoded once in the life of a collection.

Sketches lie in parts like those of the embedding store, so that a kill loses half a minute of work and ten
new images cost ten decodes. The stage's artifact is one matrix of those that are wanted now.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib import versions
from scripts.lib.duplicates.sketches import SKETCH, sketch
from scripts.lib.embedding.embed import Embedded, PartSettings, store_all
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.places import Places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ID_DTYPE, ID_TYPE, id_bytes, ids_array, ids_column
from scripts.lib.files.holders import Holders
from scripts.lib.files.status import OK
from scripts.lib.images.formats import IMAGE

TARGET = 32  # decoding at twice that and more leaves the square as it is, within a level or two
FAILED = pa.schema([("content_id", ID_TYPE), ("status", pa.string()), ("error", pa.string())])


def sketch_store(folder: Path) -> Store:
    """Return the store of sketches of a collection, below a folder of its own."""
    return Store(folder, str(versions.IMAGE_HASHES), SKETCH.itemsize, "uint8")


def image_contents(inventory: Path) -> np.ndarray:
    """Return every content that a usable image holds, no videos and vectors: (n,) S32, ascending."""
    table = pq.read_table(inventory, columns=["content_id", "status", "kind"])
    table = table.filter((pc.field("status") == OK) & (pc.field("kind") == IMAGE))
    return np.unique(ids_array(table["content_id"]))


def worker_settings(pixel_limit: int, workers: int, timeout: float) -> WorkerSettings:
    """Say how decode workers make sketches; see `WorkerSettings`."""
    return WorkerSettings(sketch, TARGET, pixel_limit, workers, timeout, video_frames=1)


def hash_images(
    missing: np.ndarray,
    holders: Holders,
    store: Store,
    workers: WorkerSettings,
    parts: PartSettings,
    progress: Callable[[int], object],
) -> list[Failed]:
    """Decode contents (m,) S32 and put their sketches into the store; return what has none, and why."""
    requests = (Request(content, holders[row]) for row, content in enumerate(id_bytes(missing)))
    _, failures = store_all(_flat(prepare_all(requests, workers)), store, parts, progress)
    return list(failures.values())


def _flat(prepared: Iterable[Prepared]) -> Iterable[Embedded | Failed]:
    for content, views, status, error in prepared:
        if views is None:
            yield Failed(content, status, error)
        else:
            yield Embedded(np.array([content], ID_DTYPE), views[:1])


def write_sketches(places: Places, store: Store, target: Path) -> None:
    """Write the sketches at some places, in the order of content ids, as (n,) SKETCH in NumPy's file format.

    Raises
    ------
    DamagedArtifact
        when a part is gone or altered; the store has set it aside, and the next run hashes anew.
    """
    if not len(places):
        with target.open("wb") as stream:
            np.save(stream, np.empty(0, SKETCH))
        return
    sketches = np.lib.format.open_memmap(target, mode="w+", dtype=SKETCH, shape=(len(places),))
    for name, rows in places.by_part():
        _, stored = store.read(name)
        sketches[rows] = stored[places.rows[rows]].view(SKETCH)[:, 0]
    sketches.flush()


def hashed_table(ids: np.ndarray, failures: list[Failed]) -> pa.Table:
    """Return one row per content that was to be hashed: those that have a sketch first, in its order."""
    hashed = [ids_column(ids), pa.array([OK] * len(ids)), pa.nulls(len(ids), pa.string())]
    failed = [list(column) for column in zip(*sorted(failures), strict=True)] or [[], [], []]
    columns = [pa.array(each, field.type) for each, field in zip(failed, FAILED, strict=True)]
    good = pa.Table.from_arrays(hashed, schema=FAILED)
    return pa.concat_tables([good, pa.Table.from_arrays(columns, schema=FAILED)])


def hashed_ids(table: pa.Table) -> np.ndarray:
    """Return the contents that have a sketch, by the rows of the matrix: (n,) S32, ascending."""
    return ids_array(table.filter(pc.field("status") == OK)["content_id"])
