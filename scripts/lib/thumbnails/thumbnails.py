"""Stage `thumbnails`: a small picture of each content, decoded once in the life of a collection.

Pictures lie in parts like those of the embedding store, so that a kill loses half a minute of work and ten
new images cost ten decodes. The stage's artifact is a table that says where each one lies.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.embedding.embed import Embedded, PartSettings, store_all
from scripts.lib.embedding.manifest import Failed, manifest_table
from scripts.lib.embedding.places import Places
from scripts.lib.embedding.upkeep.merging import Rewriting, plan_rewriting, rewrite
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes, ids_array
from scripts.lib.files.holders import Holders
from scripts.lib.files.status import OK
from scripts.lib.images.formats import IMAGE, VIDEO
from scripts.lib.thumbnails.picture_parts import PictureParts
from scripts.lib.thumbnails.thumbnail import Picture, pictures


def pictured_contents(inventory: Path) -> np.ndarray:
    """Return every content that a usable image or video holds, no vectors: (n,) S32, ascending."""
    table = pq.read_table(inventory, columns=["content_id", "status", "kind"])
    table = table.filter((pc.field("status") == OK) & pc.field("kind").isin([IMAGE, VIDEO]))
    return np.unique(ids_array(table["content_id"]))


def make_pictures(
    missing: np.ndarray,
    holders: Holders,
    store: PictureParts,
    workers: WorkerSettings,
    parts: PartSettings,
    progress: Callable[[int], object],
) -> dict[bytes, Failed]:
    """Make pictures of contents (m,) S32 and put them into parts; return what has none, and why."""
    requests = (Request(content, holders[row]) for row, content in enumerate(id_bytes(missing)))
    _, failures = store_all(_stored(pictures(requests, workers)), store, parts, progress)
    return failures


def _stored(made: Iterable[Picture]) -> Iterator[Embedded | Failed]:
    for content, file, status, error in made:
        if file is None:
            yield Failed(content, status, error)
        else:
            yield Embedded(np.array([content], ID_DTYPE), np.array([file], object))


def tidy(store: PictureParts, wanted: np.ndarray, part_size: int) -> None:
    """Remove pictures that nobody wants: parts of nothing else at once, others when most are such.

    wanted : (n,) S32, ascending

    Raises
    ------
    DamagedArtifact, DiskError
        see `rewrite`; what was done is kept.
    """
    plan = plan_rewriting(store, part_size, wanted)
    if 2 * plan.vectors <= plan.vectors + sum(map(len, plan.rows.values())):
        plan = Rewriting(plan.rows, plan.dropped, groups=[], vectors=0)
    rewrite(store, plan, lambda parts: None)


def remove_former(store: PictureParts) -> None:
    """Remove what has been made anew: pictures of other sizes and versions, and damaged parts."""
    for folder in store.folder.parent.glob("*-*/"):
        if folder.name != store.folder.name:
            shutil.rmtree(folder)
    for leftover in (*store.folder.glob("*.damaged"), *store.folder.glob(".*.tmp")):
        leftover.unlink()


def thumbnail_table(
    wanted: np.ndarray, places: Places, failures: dict[bytes, Failed], store: PictureParts
) -> pa.Table:
    """Return the table `thumbnails.parquet`: one row per content (n,) S32, ascending.

    content_id, status, error, part (below the folder of all parts, as a dictionary), row

    Raises
    ------
    DamagedArtifact
        when a part that was there when the stage began is gone.
    """
    kind = store.folder.name
    places = replace(places, names=[f"{kind}/{name}" for name in places.names])
    table = manifest_table(wanted, places, failures)
    return table.set_column(table.column_names.index("part"), "part", table["part"].dictionary_encode())
