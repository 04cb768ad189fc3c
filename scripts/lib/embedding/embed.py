"""Stage `embed`: a vector for each content of a partition that the store does not have yet.

The manifest that results says of each content where its vector lies, or why it has none.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.embedding.models import Model
from scripts.lib.embedding.store import Place, Store
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.files.status import OK, UNDECODABLE

MANIFEST = pa.schema(
    [
        ("content_id", ID_TYPE),
        ("status", pa.string()),
        ("error", pa.string()),
        ("part", pa.string()),
        ("row", pa.int32()),
    ]
)


class Embedded(NamedTuple):
    """A content's vector (d,), or the reason why it has none."""

    content_id: bytes
    vector: np.ndarray | None
    status: str
    error: str | None


class Outcome(NamedTuple):
    """One row of the manifest, in the order of its columns."""

    content_id: bytes
    status: str
    error: str | None
    part: str | None
    row: int | None


@dataclass(frozen=True)
class PartSettings:
    """When a part of the store is closed: after so many vectors, or seconds of work."""

    size: int
    seconds: float


def embed_images(
    requests: Iterable[Request], model: Model, workers: WorkerSettings, batch_size: int
) -> Iterator[Embedded]:
    """Yield the vector of each requested image, or why it has none."""
    prepared = prepare_all(requests, workers)
    while batch := list(islice(prepared, batch_size)):
        yield from _embed_batch(batch, model)


def _embed_batch(batch: list[Prepared], model: Model) -> Iterator[Embedded]:
    arrays = [each.array for each in batch if each.array is not None]
    vectors = iter(model.features(np.stack(arrays)) if arrays else ())
    for each in batch:
        if each.array is None:
            yield Embedded(each.content_id, None, each.status, each.error)
            continue
        vector = next(vectors)
        if np.isfinite(vector).all():
            yield Embedded(each.content_id, vector, OK, None)
        else:
            yield Embedded(
                each.content_id, None, UNDECODABLE, "the model returned values that are not finite"
            )


def store_all(
    embedded: Iterable[Embedded],
    store: Store,
    parts: PartSettings,
    progress: Callable[[int], object],
) -> dict[bytes, Outcome]:
    """Append vectors to the store, part by part, and return what became of each content."""
    outcomes: dict[bytes, Outcome] = {}
    waiting: list[Embedded] = []
    opened = time.monotonic()
    for each in embedded:
        progress(1)
        if each.vector is None:
            outcomes[each.content_id] = Outcome(each.content_id, each.status, each.error, None, None)
            continue
        waiting.append(each)
        if len(waiting) >= parts.size or time.monotonic() - opened >= parts.seconds:
            outcomes.update(_close_part(waiting, store))
            waiting, opened = [], time.monotonic()
    if waiting:
        outcomes.update(_close_part(waiting, store))
    return outcomes


def _close_part(waiting: list[Embedded], store: Store) -> dict[bytes, Outcome]:
    vectors = np.stack([each.vector for each in waiting if each.vector is not None])
    part = store.append([each.content_id for each in waiting], vectors)
    return {
        each.content_id: Outcome(each.content_id, OK, None, part, row) for row, each in enumerate(waiting)
    }


def holders_of(inventory: Path, contents: Sequence[bytes]) -> dict[bytes, list[bytes]]:
    """Return the files that hold each of the contents, by path."""
    table = pq.read_table(inventory, columns=["content_id", "path_bytes", "status"])
    table = table.filter(pc.field("status") == OK)
    holders: dict[bytes, list[bytes]] = {content: [] for content in contents}
    for content, path in zip(table["content_id"].to_pylist(), table["path_bytes"].to_pylist(), strict=True):
        if content in holders:
            holders[content].append(path)
    return holders


def divide(ids: Sequence[bytes], places: Mapping[bytes, Place]) -> tuple[dict[bytes, Outcome], list[bytes]]:
    """Return the outcomes of the contents that the store has, and the contents that it has not."""
    present = {i: Outcome(i, OK, None, *places[i]) for i in ids if i in places}
    return present, [i for i in ids if i not in present]


def manifest_table(ids: Sequence[bytes], outcomes: Mapping[bytes, Outcome]) -> pa.Table:
    """Return the manifest: one row per content, in the order of `ids`."""
    columns = zip(*(outcomes[i] for i in ids), strict=True) if ids else ([] for _ in MANIFEST)
    arrays = [pa.array(list(c), field.type) for c, field in zip(columns, MANIFEST, strict=True)]
    return pa.Table.from_arrays(arrays, schema=MANIFEST)
