"""How many views go through a network at a time, and which."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor

import numpy as np

from scripts.lib.embedding.models.protocol import DeviceFull, Model
from scripts.lib.embedding.workers import Prepared
from scripts.lib.errors import InputError

AUTO = "auto"
CORE_SECONDS = 0.4  # of one batch on a core: cores end together, and a call's own cost is long paid for
CORE_VIEWS = 16  # more do not fit the caches
CLOCK_TICK = 1e-6  # seconds
GPU_FIRST, GPU_VIEWS = 8, 1024  # the least and the most that are tried on a GPU
GPU_GAIN = 1.05  # what doubling must add to the rate


class BatchSize:
    """The views of a batch: as many as are wanted, or found out while the model works.

    On a CPU a batch takes about `CORE_SECONDS`. On a GPU it is doubled until the rate no longer rises, or the
    memory ends; where it ends later, the batch is halved.
    """

    def __init__(self, wanted: int | str) -> None:
        self.found = wanted != AUTO
        self.views = int(wanted) if self.found else 1
        self._fastest = math.inf  # seconds a view
        self._lock = threading.Lock()

    def observe(self, views: int, seconds: float) -> None:
        """Take into account how long a core has worked for so many views."""
        with self._lock:
            self._fastest = min(self._fastest, max(seconds, CLOCK_TICK) / views)
            if not self.found:
                self.views = max(1, min(CORE_VIEWS, int(CORE_SECONDS / self._fastest)))

    def settle(self, views: int) -> None:
        """Keep to so many views."""
        self.views, self.found = views, True

    def halve(self, tried: int) -> int:
        """Return half of what did not fit, and keep to that if it was no mere remainder of a batch.

        Raises
        ------
        InputError
            when that was a single view.
        """
        if tried == 1:
            raise InputError("The GPU has too little memory for this model. Use device=cpu.")
        with self._lock:
            if 2 * tried > self.views:
                self.settle(min(self.views, tried // 2))
        return tried // 2


def batches(prepared: Iterable[Prepared], size: BatchSize) -> Iterator[list[Prepared]]:
    """Yield images by batches of up to `size.views` views; the views of an image stay together."""
    batch: list[Prepared] = []
    views = 0
    for each in prepared:
        more = 1 if each.views is None else len(each.views)
        if batch and views + more > size.views:
            yield batch
            batch, views = [], 0
        batch.append(each)
        views += more
        if views >= size.views:
            yield batch
            batch, views = [], 0
    if batch:
        yield batch


def features_of(views: np.ndarray, model: Model, size: BatchSize) -> np.ndarray:
    """Return the features of views (b, ...), at most `size.views` at a time: (b, d) float32."""
    pieces: list[np.ndarray] = []
    done, most = 0, len(views)
    while done < len(views):
        piece = views[done : done + min(most, size.views)]
        started = time.thread_time()
        try:
            pieces.append(model.features(piece))
        except DeviceFull:
            most = size.halve(len(piece))
            continue
        size.observe(len(piece), time.thread_time() - started)
        done += len(piece)
    return np.concatenate(pieces)


def settle_on_gpu(size: BatchSize, model: Model, view: np.ndarray, lanes: Executor) -> None:
    """Find the batch at which a GPU is fastest, on copies of one view (1, ...)."""

    def rate(views: int) -> float:
        batch = [np.repeat(view, views, axis=0)] * model.lanes
        list(lanes.map(model.features, batch))  # the first time is slower
        started = time.perf_counter()
        list(lanes.map(model.features, batch * 2))
        return 2 * model.lanes * views / (time.perf_counter() - started)

    size.settle(best_batch(rate))


def best_batch(rate: Callable[[int], float]) -> int:
    """Return how many views are computed at the highest rate, doubling as long as that pays."""
    best, views = 0.0, GPU_FIRST
    while views <= GPU_VIEWS:
        try:
            now = rate(views)
        except DeviceFull:
            break
        if now < GPU_GAIN * best:
            break
        best, views = now, 2 * views
    return max(1, views // 2)
