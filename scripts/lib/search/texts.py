"""Words into the direction that the images are compared with.

A word is put into the same sentences as a category, so that a search for it ranks images as that category
does; four words and more are a sentence already. The vectors of texts that a sort by words has left in the
store are read there. New ones are kept in memory alone: a search writes nothing.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.lib.categories.prompts import is_whole, prompts_of
from scripts.lib.categories.texts import LOGITS, text_ids, text_store
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.parts import is_intact
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import positions_in
from scripts.lib.ordering.vectors import Floats
from scripts.lib.search.models import directions_of
from scripts.lib.search.nearest import direction
from scripts.lib.search.processes import Processes


class TextVectors:
    """Directions of texts by one model; threads may share it.

    store : of all vectors
    templates : what a word is put into
    """

    def __init__(self, card: ModelCard, store: Path, templates: Sequence[str], processes: Processes) -> None:
        self._card, self._store, self._templates, self._processes = card, store, templates, processes
        self._known: dict[str, Floats] = {}
        self._looking = threading.Lock()

    def direction(self, text: str) -> Floats:
        """Return the direction of a text: (d,) float32, of length 1.

        Raises
        ------
        InputError
            where the model has no text tower, or reads only the beginning of the text.
        """
        text = " ".join(text.split())
        prompts = prompts_of(text, is_whole(text), self._templates)
        with self._looking:
            unknown = [prompt for prompt in prompts if prompt not in self._known]
            self._known |= stored_texts(self._card, self._store, unknown)
            unknown = [prompt for prompt in unknown if prompt not in self._known]
            if unknown:
                made = self._processes.ask(directions_of, self._card, unknown)
                self._known |= zip(unknown, made, strict=True)
            return direction(np.mean([self._known[each] for each in prompts], axis=0)).astype(np.float32)


def stored_texts(card: ModelCard, folder: Path, texts: Sequence[str]) -> dict[str, Floats]:
    """Return the directions of those texts that the store has; nothing in it is touched, damaged or not."""
    store = text_store(folder, card)
    parts = store.parts() if texts else []
    found: dict[str, Floats] = {}
    for ids, rows in filter(None, (_intact(store, part) for part in parts)):
        order = np.argsort(ids)
        places = positions_in(ids[order], text_ids(texts))
        found |= {
            text: rows[order[place], :-LOGITS]
            for text, place in zip(texts, places.tolist(), strict=True)
            if place >= 0
        }
    return found


def _intact(store: Store, part: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the ids and rows of a part; None where it is not what was written."""
    try:
        return store.read(part.name) if is_intact(part) else None
    except (DamagedArtifact, DiskError, OSError):
        return None
