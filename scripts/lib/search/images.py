"""A file into the vector that the collection would have of it: decoded and embedded as a sort does it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.workers import WorkerSettings
from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable
from scripts.lib.ordering.vectors import Floats
from scripts.lib.search.models import preparation, vector_of
from scripts.lib.search.once import Once
from scripts.lib.search.processes import Processes


class ImageVectors:
    """Vectors of image files by one model; threads may share it.

    limits : the configuration of the collection, of which `pixel_limit` and `decode_seconds` hold
    """

    def __init__(self, card: ModelCard, limits: Mapping[str, Any], processes: Processes) -> None:
        self.card, self._limits, self._processes = card, limits, processes
        self._preparation = Once(lambda: processes.ask(preparation, card))

    def vector(self, image: bytes | Path) -> Floats:
        """Return the vector of an image, rounded as those of the collection are: (d,) float32.

        Raises
        ------
        InputError
            where it is no image that can be used, or the model can't be loaded.
        """
        prepared = self._processes.views(image, self._settings())
        if prepared.views is None:
            raise InputError(f"{_name(image)} can't be searched for: {prepared.reason}.")
        vector = self._processes.ask(vector_of, self.card, prepared.views)
        if not np.isfinite(vector).all():
            raise InputError(
                f"{_name(image)} can't be searched for: the model makes no finite numbers of it."
            )
        return vector

    def _settings(self) -> WorkerSettings:
        seconds, limit = float(self._limits["decode_seconds"]), int(self._limits["pixel_limit"])
        return WorkerSettings(*self._preparation(), limit, 1, seconds, self.card.video_frames)


def _name(image: bytes | Path) -> str:
    return "The image" if isinstance(image, bytes) else readable(bytes(image))
