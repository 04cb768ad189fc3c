"""The processes that a search uses: one decodes what is searched for, the other holds the networks.

What is searched for is not to be trusted, so it is decoded in a process that may hang or crash. Networks and
their libraries take more memory than all else of a viewer, and a process of their own can be ended.
"""

import io
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

import numpy as np

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.workers import WorkerSettings, views_of
from scripts.lib.errors import InputError
from scripts.lib.images.decoder_processes import DecoderFailed, DecoderProcesses
from scripts.lib.images.failures import Undecodable
from scripts.lib.search.once import Once

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Views(NamedTuple):
    """The prepared views of an image (v, ...), or why there are none."""

    views: np.ndarray | None
    reason: str


class Processes:
    """Both processes, each started when it is first needed; threads may share them."""

    def __init__(self) -> None:
        self._decoder, self._holder = (Once(lambda: DecoderProcesses(1)) for _ in range(2))

    def views(self, image: bytes | Path, settings: WorkerSettings) -> Views:
        """Return the prepared views of an image."""
        try:
            return cast(Views, self._decoder().submit(views, (image, settings), settings.timeout).result())
        except Undecodable as error:
            return Views(None, str(error))
        except BrokenProcessPool:
            return Views(None, "the process that decodes has ended")

    def ask(
        self,
        function: Callable[Concatenate[ModelCard, Arguments], Answer],
        card: ModelCard,
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Answer:
        """Call a function of `models`, in the process that holds the networks; here for a model without one.

        Raises
        ------
        InputError
            what the function raises; or the process has ended.
        """
        if card.weights is None:
            return function(card, *arguments, **named)
        try:
            return cast(Answer, self._holder().submit(function, (card, *arguments), None).result())
        except (DecoderFailed, BrokenProcessPool) as error:
            raise InputError(
                f"The process that holds {card.name} has ended; perhaps there is too little memory. Make "
                "some room, and search again."
            ) from error

    def end(self) -> None:
        """End those that have been started."""
        for processes in (self._decoder, self._holder):
            for started in processes.made:
                started.end()


def views(image: bytes | Path, settings: WorkerSettings) -> Views:
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
