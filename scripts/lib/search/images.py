"""A file into the vector that the collection would have of it.

What is looked for is not to be trusted: it is decoded in a process of its own, with the limits that the
collection was made with. The network runs on the CPU: a card would be taken from a sort that is at work.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.embedding.batches import BatchSize, features_of
from scripts.lib.embedding.embed import means
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.models.registry import open_model
from scripts.lib.embedding.workers import WorkerSettings
from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable
from scripts.lib.images.decoder_processes import DecoderProcesses
from scripts.lib.images.failures import Undecodable
from scripts.lib.ordering.vectors import Floats
from scripts.lib.search.once import Once
from scripts.lib.search.prepared import Views, prepared

VIEWS = 16  # that go through a network at a time


class ImageVectors:
    """Vectors of image files by one model; threads may share it.

    limits : the configuration of the collection, of which `pixel_limit` and `decode_seconds` hold
    decoders : processes that decode
    """

    def __init__(
        self, card: ModelCard, limits: Mapping[str, Any], decoders: Callable[[], DecoderProcesses]
    ) -> None:
        self.card, self._limits, self._decoders = card, limits, decoders
        self._model: Once[Model] = Once(lambda: open_model(card, "cpu", 1))
        self._computing = threading.Lock()

    def vector(self, image: bytes | Path) -> Floats:
        """Return the vector of an image, rounded as those of the collection are: (d,) float32.

        Raises
        ------
        InputError
            where it is no image that can be used, or the model can't be loaded.
        """
        prepared = self._prepared(image, self._model())
        if prepared.views is None:
            raise InputError(f"{_name(image)} can't be searched for: {prepared.reason}.")
        with self._computing:
            features = features_of(prepared.views, self._model(), BatchSize(VIEWS))
        vector = means(features, [len(prepared.views)], self.card.unit_length)[0]
        with np.errstate(over="ignore"):
            stored: Floats = vector.astype(self.card.dtype).astype(np.float32)
        if not np.isfinite(stored).all():
            raise InputError(
                f"{_name(image)} can't be searched for: the model makes no finite numbers of it."
            )
        return stored

    def _prepared(self, image: bytes | Path, model: Model) -> Views:
        seconds = float(self._limits["decode_seconds"])
        limit = int(self._limits["pixel_limit"])
        settings = WorkerSettings(model.prepare(), model.target, limit, 1, seconds, self.card.video_frames)
        try:
            answer: Views = self._decoders().submit(prepared, (image, settings), seconds).result()
        except Undecodable as error:
            return Views(None, str(error))
        return answer


def _name(image: bytes | Path) -> str:
    return "The image" if isinstance(image, bytes) else readable(bytes(image))
