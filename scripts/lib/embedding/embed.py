"""Stage `embed`: a vector for each content of a partition that the store does not have yet."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.places import Places, joined, part_places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.status import UNDECODABLE


class Embedded(NamedTuple):
    """The vectors of some contents.

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
    requests: Iterable[Request], model: Model, workers: WorkerSettings, batch_size: int
) -> Iterator[Embedded | Failed]:
    """Yield the vector of each requested image, or why it has none."""
    prepared = prepare_all(requests, workers)
    while batch := list(islice(prepared, batch_size)):
        yield from _embed_batch(batch, model)


def _embed_batch(batch: list[Prepared], model: Model) -> Iterator[Embedded | Failed]:
    views = [each.views for each in batch if each.views is not None]
    ids = [each.content_id for each in batch if each.views is not None]
    yield from (Failed(each.content_id, each.status, each.error) for each in batch if each.views is None)
    if not views:
        return
    features = model.features(np.concatenate(views))
    vectors = means(features, [len(each) for each in views], model.card.unit_length)
    finite = np.isfinite(vectors).all(axis=1)
    yield Embedded(np.array(ids, ID_DTYPE)[finite], vectors[finite])
    for row in np.flatnonzero(~finite):
        yield Failed(ids[row], UNDECODABLE, "the model returned values that are not finite")


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

    def __init__(self, store: Store, settings: PartSettings) -> None:
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
    store: Store,
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
