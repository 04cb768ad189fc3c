"""Models at work: what is asked of the process that holds them. Each is loaded when it is first asked.

Networks run on the CPU: a card would be taken from a sort that is at work.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from scripts.lib.embedding.batches import BatchSize, features_of
from scripts.lib.embedding.embed import means
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.protocol import Model, Prepare
from scripts.lib.embedding.models.registry import open_model
from scripts.lib.errors import InputError

VIEWS = 16  # that go through a network at a time
SHOWN = 60  # characters of a text in a message


class Preparation(NamedTuple):
    """How a model prepares an image: see `protocol.Model`."""

    prepare: Prepare
    target: int


_opened: dict[str, Model] = {}  # by their fingerprints
_towers: dict[str, Any] = {}


def model_of(card: ModelCard) -> Model:
    """Return the model that a card describes."""
    if card.fingerprint not in _opened:
        _opened[card.fingerprint] = open_model(card, "cpu", 1)
    return _opened[card.fingerprint]


def preparation(card: ModelCard) -> Preparation:
    """Return how a model prepares an image."""
    model = model_of(card)
    return Preparation(model.prepare(), model.target)


def vector_of(card: ModelCard, views: np.ndarray) -> np.ndarray:
    """Return the vector of an image with these views (v, ...), as it would be stored: (d,) float32.

    Its values need not be finite.
    """
    features = features_of(views, model_of(card), BatchSize(VIEWS))
    vector = means(features, [len(views)], card.unit_length)[0]
    with np.errstate(over="ignore"):
        stored: np.ndarray = vector.astype(card.dtype).astype(np.float32)
    return stored


def directions_of(card: ModelCard, texts: Sequence[str]) -> np.ndarray:
    """Return the directions of texts: (t, d) float32, of length 1.

    Raises
    ------
    InputError
        where the model has no text tower, or reads only the beginning of a text.
    """
    if card.fingerprint not in _towers:
        _towers[card.fingerprint] = _open_tower(card)
    tower = _towers[card.fingerprint]
    for text in texts:
        check_length(tower.tokenize, text)
    directions: np.ndarray = tower.features(texts)
    return directions


def _open_tower(card: ModelCard) -> Any:
    """Load a text tower, and the libraries that it needs."""
    from scripts.lib.embedding.models.clip_text import open_text_tower

    return open_text_tower(card)


def check_length(tokenize: Callable[[list[str]], Any], text: str) -> None:
    """Raise InputError where a tokenizer cuts a text off: then its last word changes nothing."""
    if (tokenize([text]) == tokenize([text.rpartition(" ")[0]])).all():
        raise InputError(
            f"The text '{text[:SHOWN]}...' has {len(text.split())} words, and the model reads only the first "
            "of them: write fewer."
        )
