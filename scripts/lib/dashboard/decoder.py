"""Pictures of originals for a browser, decoded when they are asked for.

Files are hostile until proven otherwise: they are decoded in worker processes, with the limits of a sort, and
only while they still hold the content that the order knows. What a browser gets is always an image of ours.
"""

import io
import threading
from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.embedding.workers import Request, WorkerSettings, prepare_all

MEDIA_TYPE = "image/jpeg"
KEPT = 64  # pictures in memory


def fitted(side: int, image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return an RGB image as a JPEG file whose sides are `side` pixels at most: (bytes,) uint8."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=88, progressive=True)
    return np.frombuffer(stream.getvalue(), np.uint8)


class Decoder:
    """Decodes one picture at a time, whichever thread asks; processes start with the first.

    pixel_limit, seconds : what a file may take
    """

    def __init__(self, pixel_limit: int, seconds: float) -> None:
        self.pixel_limit, self.seconds = pixel_limit, seconds
        self._lock = threading.Lock()
        self._pool: WorkerPool | None = None
        self.picture = lru_cache(KEPT)(self._decode)

    def _decode(self, content_id: bytes, paths: Sequence[bytes], side: int) -> bytes | None:
        """Return a JPEG file of a content, None where no file gives one.

        paths : a tuple of those that are known to hold it
        """
        settings = WorkerSettings(
            partial(fitted, side), side, self.pixel_limit, 1, self.seconds, video_frames=1
        )
        with self._lock:
            self._pool = self._pool or WorkerPool(1)
            (prepared,) = prepare_all([Request(content_id, paths)], settings, self._pool)
        return None if prepared.views is None else prepared.views.tobytes()

    def end(self) -> None:
        """End the processes."""
        with self._lock:
            if self._pool is not None:
                self._pool.end()
                self._pool = None
