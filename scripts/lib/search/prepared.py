"""What is asked of the process that decodes what is searched for; it imports no more than it needs."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.lib.embedding.workers import WorkerSettings, views_of
from scripts.lib.images.failures import Undecodable


class Views(NamedTuple):
    """The prepared views of an image (v, ...), or why there are none."""

    views: np.ndarray | None
    reason: str


def prepared(image: bytes | Path, settings: WorkerSettings) -> Views:
    """Decode and prepare an image, in a process that may hang or die."""
    try:
        source = io.BytesIO(image) if isinstance(image, bytes) else image
        return Views(views_of(source, settings), "")
    except Undecodable as error:
        return Views(None, str(error))
    except OSError as error:  # its own kind would be taken for the end of the process
        return Views(None, f"it can't be read ({error.strerror or error})")
    except MemoryError:
        return Views(None, "there is not enough memory")
