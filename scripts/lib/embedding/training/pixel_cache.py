"""The images of a training as small squares, decoded once and kept beside the inventory.

Every image is shown many times, and decoding it takes far longer than a step of the training. The squares
lie in parts like those of the embedding store, so that none is decoded twice, neither after a kill nor for
a training with other settings. Parts are memory maps that are read at random: what is held is the page
cache, which takes what memory is free and gives it back. The key `train_images` bounds the files:
100,000 squares of 64 pixels are 1.2 GB. They may be deleted at any time; then they are decoded again.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.lib import versions
from scripts.lib.embedding.embed import Embedded, PartSettings, store_all
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.models.pixels import crop_pixels
from scripts.lib.embedding.places import Places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes, positions_in
from scripts.lib.files.holders import holders_of
from scripts.lib.files.scan import ProgressOf

PART_BYTES = 1 << 26
PART_SECONDS = 30.0
INTERPOLATION = Image.Resampling.BILINEAR


class Pixels:
    """Small squares of images, by row.

    Parameters
    ----------
    places : where each lies in the store, by content id
    store : of squares of one size
    """

    def __init__(self, places: Places, store: Store) -> None:
        self.ids = places.ids  # (n,) S32, ascending
        self._side = round((store.dimension / 3) ** 0.5)
        self._parts, self._rows = places.parts, places.rows
        self._squares = [store.read(name)[1] for name in places.names]

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return some of the squares: (b, size, size, 3) uint8."""
        squares = np.empty((len(rows), self._side, self._side, 3), np.uint8)
        for place, row in enumerate(rows):
            squares[place].flat = self._squares[self._parts[row]][self._rows[row]]
        return squares


def worker_settings(size: int, pixel_limit: int, workers: int, timeout: float) -> WorkerSettings:
    """Say how decode workers make squares of a size; see `WorkerSettings`."""
    prepare = partial(crop_pixels, resize=size, crop=size, resample=INTERPOLATION)
    return WorkerSettings(prepare, size, pixel_limit, workers, timeout)


def small_images(
    wanted: np.ndarray, inventory: Path, workers: WorkerSettings, progress: ProgressOf
) -> tuple[Pixels, list[Failed]]:
    """Return the squares of contents (n,) S32, ascending, after decoding those that are not there.

    The squares are the centres of images resized by their shorter sides. Images that can't be decoded are
    left out, and returned with the reason.
    """
    size = workers.target
    store = Store(inventory.parent / "pixels", f"{size}-{versions.NETWORK}", 3 * size * size, "uint8")
    missing = store.places().without(wanted)
    failures: list[Failed] = []
    if len(missing):
        holders = holders_of(inventory, missing)
        requests = (Request(content, holders[row]) for row, content in enumerate(id_bytes(missing)))
        with progress(len(missing), "images decoded") as count:
            failures = _decode(requests, store, workers, count)
    places = store.places()
    return Pixels(_used(places.select(positions_in(wanted, places.ids) >= 0)), store), failures


def _decode(
    requests: Iterable[Request], store: Store, workers: WorkerSettings, progress: Callable[[int], object]
) -> list[Failed]:
    parts = PartSettings(max(1, PART_BYTES // store.dimension), PART_SECONDS)
    _, failures = store_all(map(_flat, prepare_all(requests, workers)), store, parts, progress)
    return list(failures.values())


def _flat(prepared: Prepared) -> Embedded | Failed:
    content, views, status, error = prepared
    if views is None:
        return Failed(content, status, error)
    return Embedded(np.array([content], ID_DTYPE), views[:1].reshape(1, -1))


def _used(places: Places) -> Places:
    """Return the places without the names of parts that hold none of them."""
    used, numbers = np.unique(places.parts, return_inverse=True)
    names = [places.names[part] for part in used]
    return Places(places.ids, numbers.astype(np.int32), places.rows, names)
