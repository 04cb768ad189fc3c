"""What a search needs of the results of a collection, opened as it belongs together, and never touched."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.embedding.gather import Items, first_ids, read_items, read_vectors
from scripts.lib.embedding.matching import rows_of_items
from scripts.lib.embedding.models.card import ModelCard, read_card
from scripts.lib.errors import InputError
from scripts.lib.run.category_model import CLIP, category_config
from scripts.lib.run.config import model_tag, read_schema
from scripts.lib.search.files import CollectionFiles
from scripts.lib.search.index import SearchIndex, open_index
from scripts.lib.search.once import Once
from scripts.lib.search.space import Space
from scripts.lib.view.artifacts import KINDS, Moving, State, intact, see_all
from scripts.lib.view.results import Results

GIVEN = "precomputed"  # the model whose vectors the user has made


class Opened(NamedTuple):
    """A collection that can be searched.

    own : the vectors that it was sorted by
    words : those that words can be compared with, or why there are none
    store : the folder of all vectors
    """

    files: CollectionFiles
    own: Space
    words: Space | str
    store: Path


def open_results(results: Results) -> Opened:
    """Open what there is.

    Raises
    ------
    InputError
        where there is no order, or no vectors that belong to it.
    Moving
        where it is being replaced at this moment.
    """
    paths = _present(results, ("order", "model", "items", "vectors"))
    card, items, vectors = (
        read_card(paths["model"]),
        read_items(paths["items"]),
        read_vectors(paths["vectors"]),
    )
    _check_fit(results, card, items, vectors)
    files = CollectionFiles(paths["order"], items, results.base)
    row_of = np.where(files.first.rows >= 0, np.arange(files.items), -1).astype(np.int32)
    index = _index_of(results, vectors, items)
    own = Space(card, vectors, row_of, card.unit_length, index)
    words = _words(results, own, items)
    return Opened(files, own, words, results.base / Path(results.config["store"]).expanduser())


def _index_of(results: Results, vectors: npt.NDArray[Any], items: Items) -> Once[SearchIndex | None]:
    path = results.model / "kept" / "index.npz"
    return Once(lambda: open_index(path, vectors, first_ids(items)))


def _present(results: Results, names: Sequence[str]) -> dict[str, Path]:
    """Return the paths of artifacts that belong to the present order."""
    seen = see_all(results)
    for name in names:
        where = f"{KINDS[name].file} of {results.name} by {results.tag}"
        if seen[name].state is State.MISSING:
            raise InputError(f"There is no {where}: sort the images first (make sort).")
        if seen[name].state is State.OUTDATED:
            raise InputError(
                f"The {where} is another than its order was made from: a sort is at work, or was stopped. "
                "Search when it is done; if it was stopped, run it again (make sort)."
            )
    return {name: intact(seen[name]) for name in names}


def _check_fit(results: Results, card: ModelCard, items: Items, vectors: npt.NDArray[Any]) -> None:
    rows = int(items.rows.max(initial=-1)) + 1
    if len(vectors) != rows or (rows and vectors.shape[1] != card.dimension):
        raise Moving(f"The vectors of {results.name} by {results.tag} are being replaced; try again.")


def _words(results: Results, own: Space, items: Items) -> Space | str:
    """Return the vectors that words can be compared with, or why there are none."""
    config = results.config
    wanted = category_config(config)
    name = wanted["model"]
    if not name.startswith(CLIP):
        return (
            f"The model '{name}' knows no words. Sort with one of OpenCLIP, such as "
            "clip:ViT-B-32/laion2b_s34b_b79k, or set category_model to one and run make categorize once."
        )
    if name == config["model"]:
        return own
    other = Results(results.collection / model_tag(wanted, read_schema()), dict(wanted))
    given = config["model"] == GIVEN
    try:
        paths = _present(other, ("model",) if given else ("model", "items", "vectors"))
    except (InputError, Moving):
        return f"There are no vectors of {name}, which knows words, of this order: run make categorize once."
    card = read_card(paths["model"])
    if given:
        return _given_words(card, own)
    others, vectors = read_items(paths["items"]), read_vectors(paths["vectors"])
    _check_fit(other, card, others, vectors)
    rows = rows_of_items(items, others)
    return Space(card, vectors, np.where(own.row_of >= 0, rows, -1).astype(np.int32), by_direction=True)


def _given_words(card: ModelCard, own: Space) -> Space | str:
    """Take the user's own vectors for those of a model."""
    if own.vectors.shape[1] != card.dimension:
        return (
            f"category_model: {card.name} makes vectors of {card.dimension} numbers, and yours have "
            f"{own.vectors.shape[1]}. Name the model that made them."
        )
    return Space(card, own.vectors, own.row_of, by_direction=True)
