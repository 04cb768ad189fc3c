"""The vectors of texts, each computed once: they lie in the store, in `texts`, under their model.

A row of the store is the direction of a text, and behind it the factor and the bias of the model's logits
(NaN for none), so that known words need neither the checkpoint nor any library that reads it. The key is the
BLAKE3 of the text; parts are named by their checksum, and one that is damaged is set aside and made again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from scripts.lib import versions
from scripts.lib.categories.categories import Texts
from scripts.lib.categories.prompts import ANYTHING, filled, prompts_of
from scripts.lib.categories.taxonomy import Leaf
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.places import Places
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import ID_DTYPE, positions_in

Floats = npt.NDArray[np.float32]

FOLDER = "texts"
LOGITS = 2  # columns behind a direction: factor, bias


class Tower(Protocol):
    """What turns texts into directions, (t, d) float32, and says how these make logits."""

    @property
    def factor(self) -> float:
        """Return what a cosine is multiplied by."""

    @property
    def bias(self) -> float | None:
        """Return what is added to it, None where the model has no sigmoid."""

    def features(self, texts: Sequence[str]) -> np.ndarray:
        """Return the directions of texts."""


class Encoded(NamedTuple):
    """Texts as a model sees them.

    vectors : (t, d) float32, of length 1
    """

    vectors: Floats
    factor: float
    bias: float | None


@dataclass(frozen=True)
class TextStore:
    """The texts of one model that have vectors; those that have none are encoded by its tower.

    folder : of all vectors
    open_tower : loads the text tower of the card, where one is needed
    tell : is told of what went wrong without doing harm
    """

    folder: Path
    card: ModelCard
    open_tower: Callable[[ModelCard], Tower]
    tell: Callable[[str], object]

    @property
    def store(self) -> Store:
        """Return where the vectors lie."""
        return text_store(self.folder, self.card)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the vectors of texts, of which there is one at least; new ones are kept."""
        ids, rows = text_ids(texts), np.zeros((len(texts), self.card.dimension + LOGITS), np.float32)
        missing = np.flatnonzero(~self._read(ids, rows))
        if len(missing):
            rows[missing] = self._made([texts[row] for row in missing.tolist()])
            self._keep(ids[missing], rows[missing])
        factor, bias = rows[0, -LOGITS:].tolist()
        return Encoded(rows[:, :-LOGITS], factor, None if np.isnan(bias) else bias)

    def _read(self, ids: np.ndarray, rows: Floats) -> npt.NDArray[np.bool_]:
        """Fill rows with what there is; return which have been filled: (t,) bool."""
        store, filled_rows = self.store, np.zeros(len(ids), bool)
        places = store.places()
        places = places.select(np.isin(places.ids, ids))
        for name, which in places.by_part():
            try:
                vectors = _vectors(store, name, places, which)
            except (DamagedArtifact, DiskError) as error:
                self.tell(f"{error} What was in it is encoded again.")
                continue
            place = positions_in(places.ids[which], ids)
            rows[place >= 0], filled_rows[place >= 0] = vectors[place[place >= 0]], True
        return filled_rows

    def _made(self, texts: Sequence[str]) -> Floats:
        tower = self.open_tower(self.card)
        logits = np.array([tower.factor, np.nan if tower.bias is None else tower.bias], np.float32)
        return np.concatenate([tower.features(texts), np.tile(logits, (len(texts), 1))], axis=1)

    def _keep(self, ids: np.ndarray, rows: Floats) -> None:
        once = np.unique(ids, return_index=True)[1]
        try:
            self.store.append(ids[once], rows[once])
        except DiskError as error:  # a store that can only be read
            self.tell(f"the vectors of {len(once)} texts were not kept: {error}")


def _vectors(store: Store, part: str, places: Places, which: np.ndarray) -> np.ndarray:
    ids, vectors = store.read(part)
    there = places.rows[which]
    if (ids[there] != places.ids[which]).any():
        raise DamagedArtifact(f"The part {part} of {store.folder} is not what it was a moment ago.")
    found: np.ndarray = vectors[there]
    return found


def text_store(folder: Path, card: ModelCard) -> Store:
    """Return where the texts of a model lie, in the folder of all vectors."""
    return Store(folder / FOLDER, text_fingerprint(card), card.dimension + LOGITS, "float32")


def text_ids(texts: Sequence[str]) -> np.ndarray:
    """Return the keys of texts: (t,) S32."""
    from blake3 import blake3

    return np.frombuffer(b"".join(blake3(text.encode()).digest() for text in texts), ID_DTYPE)


def text_fingerprint(card: ModelCard) -> str:
    """Return 16 hex digits that change with anything that changes the vectors of texts.

    How images are prepared changes none; the architecture names the tokenizer.
    """
    from blake3 import blake3

    identity = [
        card.name.partition("/")[0],
        card.weights_blake3,
        card.dimension,
        card.preprocessing.get("quick_gelu"),
        versions.TEXTS,
    ]
    return blake3(json.dumps(identity).encode()).hexdigest()[:16]


def category_texts(store: TextStore, leaves: Sequence[Leaf], templates: Sequence[str]) -> Texts:
    """Return the vectors of categories, each the direction of the mean over its prompts.

    leaves : one at least
    """
    prompts = [prompts_of(leaf.text, leaf.whole, templates) for leaf in leaves]
    prompts.append(filled(templates, ANYTHING))
    every = tuple(dict.fromkeys(prompt for each in prompts for prompt in each))
    encoded, row = store.encode(every), {prompt: row for row, prompt in enumerate(every)}
    means = np.stack([encoded.vectors[[row[prompt] for prompt in each]].mean(axis=0) for each in prompts])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    directions = np.divide(means, lengths, out=np.zeros_like(means), where=lengths != 0)
    return Texts(directions[:-1], directions[-1], encoded.factor, encoded.bias)
