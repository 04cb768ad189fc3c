"""Small pictures for a page, as JPEG files in memory, made in worker processes: one image may be bad."""

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.lib.embedding.workers import Request, WorkerSettings, prepare_all

SIDE = 160  # pixels of the longer side
QUALITY = 80


def thumbnail(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return a small JPEG file of an RGB image: (bytes,) uint8."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=QUALITY)
    return np.frombuffer(stream.getvalue(), np.uint8)


def thumbnails(
    files: Mapping[bytes, Sequence[bytes]],
    pixel_limit: int,
    workers: int,
    timeout: float,
    progress: Callable[[int], object],
) -> dict[bytes, bytes]:
    """Return a JPEG file of each content that can be decoded, by its id.

    files : of each content id, the paths that hold it
    """
    settings = WorkerSettings(thumbnail, SIDE, pixel_limit, workers, timeout, video_frames=1)
    found = {}
    if files:
        for prepared in prepare_all((Request(*each) for each in files.items()), settings):
            if prepared.views is not None:
                found[prepared.content_id] = prepared.views.tobytes()
            progress(1)
    return found
