"""Stage `embed`: a vector for each content of a partition that the store does not have yet."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scripts.lib.embedding.batches import BatchSize, batches, features_of, settle_on_gpu
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.parts import Parts
from scripts.lib.embedding.places import Places, joined, part_places
from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.status import UNDECODABLE


class Embedded(NamedTuple):
    """The vectors of some contents, or what else is stored of them.

    ids : (b,) S32
    vectors : (b, d), any float type
    """

    ids: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class PartSettings:
    """When a part of the store is closed: after so many vectors, or seconds of work."""

    size: int
    seconds: float


def embed_images(
    requests: Iterable[Request],
    model: Model,
    workers: WorkerSettings,
    size: BatchSize | int | str,
    pool: WorkerPool | None = None,
) -> Iterator[Embedded | Failed]:
    """Yield the vector of each requested image, or why it has none, in the order of the requests.

    size : of a batch, a number of views or `auto`; or an object that tells it afterwards
    pool : of the workers, started earlier to save time
    """
    size = size if isinstance(size, BatchSize) else BatchSize(size)
    return embed_prepared(prepare_all(requests, workers, pool), model, size)


def embed_prepared(
    prepared: Iterable[Prepared], model: Model, size: BatchSize
) -> Iterator[Embedded | Failed]:
    """Yield the vector of each prepared image, or why it has none, in order.

    As many batches as the model has lanes are computed at a time, and as many wait, so that no lane waits for
    this thread while it takes what workers have prepared, or writes a part of the store.
    """
    ahead: deque[Future[list[Embedded | Failed]]] = deque()
    with ThreadPoolExecutor(model.lanes, "lane") as lanes:
        for batch in batches(prepared, size):
            if model.on_gpu and not size.found and (views := _views(batch)):
                settle_on_gpu(size, model, views[0][:1], lanes)
            ahead.append(lanes.submit(_embed_batch, batch, model, size))
            while ahead and (len(ahead) > 2 * model.lanes or ahead[0].done()):
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _views(batch: list[Prepared]) -> list[np.ndarray]:
    return [each.views for each in batch if each.views is not None]


def _embed_batch(batch: list[Prepared], model: Model, size: BatchSize) -> list[Embedded | Failed]:
    results: list[Embedded | Failed] = [
        Failed(each.content_id, each.status, each.error) for each in batch if each.views is None
    ]
    views = _views(batch)
    if not views:
        return results
    ids = [each.content_id for each in batch if each.views is not None]
    features = features_of(np.concatenate(views), model, size)
    vectors = means(features, [len(each) for each in views], model.card.unit_length)
    with np.errstate(over="ignore"):
        vectors = vectors.astype(model.card.dtype)  # what is too large for the store is not finite there
    finite = np.isfinite(vectors).all(axis=1)
    results.append(Embedded(np.array(ids, ID_DTYPE)[finite], vectors[finite]))
    for row in np.flatnonzero(~finite):
        results.append(Failed(ids[row], UNDECODABLE, "the model returned values that are not finite"))
    return results


def means(features: np.ndarray, counts: Sequence[int], unit_length: bool) -> np.ndarray:
    """Return the mean over each image's views, at length 1 where directions are all that counts.

    features : (sum of counts, d) float32, of the views of one image after the other
    returns : (images, d) float32
    """
    starts = np.cumsum([0, *counts[:-1]])
    vectors: np.ndarray = np.add.reduceat(features, starts) / np.array(counts, np.float32)[:, np.newaxis]
    if unit_length:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


class _PartWriter:
    """Fills one part of the store after the other."""

    def __init__(self, store: Parts, settings: PartSettings) -> None:
        self.store, self.settings = store, settings
        self.written: list[Places] = []
        self._open()

    def _open(self) -> None:
        self.waiting: list[Embedded] = []
        self.count = 0
        self.opened = time.monotonic()

    def add(self, batch: Embedded) -> None:
        """Take vectors in; close the parts that they fill, and one that has been open for too long."""
        while len(batch.ids):
            room = self.settings.size - self.count
            self.waiting.append(Embedded(batch.ids[:room], batch.vectors[:room]))
            self.count += len(self.waiting[-1].ids)
            batch = Embedded(batch.ids[room:], batch.vectors[room:])
            if self.count == self.settings.size:
                self.close()
        if time.monotonic() - self.opened >= self.settings.seconds:
            self.close()

    def close(self) -> None:
        """Write what is waiting as one part."""
        if self.waiting:
            ids = np.concatenate([each.ids for each in self.waiting])
            vectors = np.concatenate([each.vectors for each in self.waiting])
            self.written.append(part_places(self.store.append(ids, vectors), ids))
        self._open()


def store_all(
    results: Iterable[Embedded | Failed],
    store: Parts,
    parts: PartSettings,
    progress: Callable[[int], object],
) -> tuple[Places, dict[bytes, Failed]]:
    """Append vectors to the store, part by part; return where they are, and what has none."""
    writer = _PartWriter(store, parts)
    failures: dict[bytes, Failed] = {}
    for each in results:
        if isinstance(each, Failed):
            failures[each.content_id] = each
            progress(1)
        else:
            writer.add(each)
            progress(len(each.ids))
    writer.close()
    return joined(writer.written), failures
