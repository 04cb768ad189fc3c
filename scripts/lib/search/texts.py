"""Words into the direction that the images are compared with.

A word is put into the same sentences as a category, so that a search for it ranks images as that category
does; four words and more are a sentence already. The vectors of texts that a sort by words has left in the
store are read there. New ones are kept in memory alone: a search writes nothing.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.categories.prompts import is_whole, prompts_of
from scripts.lib.categories.texts import LOGITS, TextStore, text_ids
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.parts import is_intact
from scripts.lib.errors import DamagedArtifact, DiskError, InputError
from scripts.lib.files.content_ids import positions_in
from scripts.lib.ordering.vectors import Floats
from scripts.lib.search.nearest import direction
from scripts.lib.search.once import Once

SHOWN = 60  # characters of a text in a message


def open_tower(card: ModelCard) -> Any:
    """Load the text tower, and the libraries that it needs."""
    from scripts.lib.embedding.models.clip_text import open_text_tower

    return open_text_tower(card)


class TextVectors:
    """Directions of texts by one model; threads may share it.

    store : of all vectors
    templates : what a word is put into
    """

    def __init__(self, card: ModelCard, store: Path, templates: Sequence[str]) -> None:
        self._templates = templates
        self._tower: Once[Any] = Once(lambda: open_tower(card))
        self._stored = TextStore(store, card, open_tower, lambda message: None)
        self._known: dict[str, Floats] = {}
        self._computing = threading.Lock()

    def direction(self, text: str) -> Floats:
        """Return the direction of a text: (d,) float32, of length 1.

        Raises
        ------
        InputError
            where the model has no text tower, or reads only the beginning of the text.
        """
        text = " ".join(text.split())
        prompts = prompts_of(text, is_whole(text), self._templates)
        with self._computing:
            unknown = [prompt for prompt in prompts if prompt not in self._known]
            self._known |= stored_texts(self._stored, unknown)
            unknown = [prompt for prompt in unknown if prompt not in self._known]
            if unknown:
                self._known |= zip(unknown, self._made(unknown), strict=True)
            return direction(np.mean([self._known[each] for each in prompts], axis=0)).astype(np.float32)

    def _made(self, prompts: Sequence[str]) -> np.ndarray:
        tower = self._tower()
        for prompt in prompts:
            check_length(tower.tokenize, prompt)
        made: np.ndarray = tower.features(prompts)
        return made


def check_length(tokenize: Callable[[list[str]], Any], text: str) -> None:
    """Raise InputError where a tokenizer cuts a text off: then its last word changes nothing."""
    if (tokenize([text]) == tokenize([text.rpartition(" ")[0]])).all():
        raise InputError(
            f"The text '{text[:SHOWN]}...' has {len(text.split())} words, and the model reads only the first "
            "of them: write fewer."
        )


def stored_texts(store: TextStore, texts: Sequence[str]) -> dict[str, Floats]:
    """Return the directions of those texts that the store has; nothing in it is touched, damaged or not."""
    found: dict[str, Floats] = {}
    ids = text_ids(texts) if texts else np.empty(0, "S32")
    for part in store.store.parts() if texts else []:
        try:
            if not is_intact(part):
                continue
            known, rows = store.store.read(part.name)
        except (DamagedArtifact, DiskError, OSError):
            continue
        order = np.argsort(known)
        places = positions_in(known[order], ids)
        found |= {
            text: rows[order[place], :-LOGITS]
            for text, place in zip(texts, places.tolist(), strict=True)
            if place >= 0
        }
    return found
