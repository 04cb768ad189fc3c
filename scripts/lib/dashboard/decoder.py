"""Pictures of originals for a browser, decoded when they are asked for.

Files are hostile until proven otherwise: they are decoded in worker processes, with the limits of a sort, and
only while they still hold the content that the order knows. What a browser gets is always an image of ours.
"""

import io
import os
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.lib.dashboard.recent import Recent
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_one
from scripts.lib.files.status import UNDECODABLE
from scripts.lib.images.decoder_processes import DecoderFailed, DecoderProcesses

MEDIA_TYPE = "image/jpeg"
WORKERS = min(4, os.cpu_count() or 1)
KEPT_BYTES = 64_000_000  # of pictures in memory
MOST_SECONDS = 20.0  # for one: somebody waits


def fitted(side: int, image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return an RGB image as a JPEG file whose sides are `side` pixels at most: (bytes,) uint8."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=88, progressive=True)
    return np.frombuffer(stream.getvalue(), np.uint8)


class Decoder:
    """Decodes pictures for any number of threads, a few at a time; processes start with the first.

    A content that is no picture, or that a decoder hung or died of, is not tried a second time; one that
    can't be read may come back.

    pixel_limit, seconds : what a file may take
    """

    def __init__(self, pixel_limit: int, seconds: float) -> None:
        self.pixel_limit, self.seconds = pixel_limit, min(seconds, MOST_SECONDS)
        self._kept, self._hopeless = Recent(KEPT_BYTES), set[bytes]()
        self._lock, self._ended = threading.Lock(), False
        self._processes: DecoderProcesses | None = None

    def picture(self, content_id: bytes, paths: Sequence[bytes], side: int) -> bytes | None:
        """Return a JPEG file of a content, None where no file gives one.

        paths : of the files that are known to hold it
        """
        known = self._kept.get((content_id, side))
        if known is not None or content_id in self._hopeless:
            return known
        prepared = self._prepared(Request(content_id, paths), side)
        if prepared.status == UNDECODABLE:
            self._hopeless.add(content_id)
        if prepared.views is None:
            return None
        picture = prepared.views.tobytes()
        self._kept.keep((content_id, side), picture)
        return picture

    def _prepared(self, request: Request, side: int) -> Prepared:
        settings = WorkerSettings(partial(fitted, side), side, self.pixel_limit, 1, self.seconds, 1)
        try:
            prepared: Prepared = self._start().submit(prepare_one, (request, settings), self.seconds).result()
        except DecoderFailed as error:
            return Prepared(request.content_id, None, UNDECODABLE, str(error))
        except (BrokenProcessPool, CancelledError, RuntimeError) as error:  # they are being ended
            return Prepared(request.content_id, None, "", str(error))
        return prepared

    def start(self) -> None:
        """Start the processes, so that the first picture need not wait for them."""
        with suppress(CancelledError, RuntimeError):
            for _ in range(WORKERS):
                self._start().submit(os.getpid, (), None)

    def _start(self) -> DecoderProcesses:
        with self._lock:
            if self._ended:
                raise CancelledError
            self._processes = self._processes or DecoderProcesses(WORKERS)
            return self._processes

    def end(self) -> None:
        """End the processes, whatever they do; there are no more pictures then."""
        with self._lock:
            self._ended = True
            if self._processes is not None:
                self._processes.end()
                self._processes = None
