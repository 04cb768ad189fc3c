"""Search in a collection: what the command line and the dashboard ask.

Opening reads the order and maps the vectors; models are loaded by the first query that needs them. What was
opened stays as it was, whatever replaces the files: the maps keep the old bytes. Threads may share an engine.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from scripts.lib.errors import InputError
from scripts.lib.ordering.vectors import Floats
from scripts.lib.search.files import CollectionFiles
from scripts.lib.search.hits import Hit as Hit
from scripts.lib.search.hits import similarity
from scripts.lib.search.images import ImageVectors
from scripts.lib.search.nearest import direction
from scripts.lib.search.opening import GIVEN, Opened, open_results
from scripts.lib.search.processes import Processes
from scripts.lib.search.query import Query
from scripts.lib.search.space import Space
from scripts.lib.search.texts import TextVectors
from scripts.lib.view.results import Results

Kind = Literal["image", "text", "item"]

INDEX_FROM = 1 << 30  # numbers in all vectors; fewer are compared one by one


class SearchEngine:
    """A collection that is searched."""

    def __init__(self, opened: Opened, config: Mapping[str, Any]) -> None:
        self.files: CollectionFiles = opened.files
        self._own, self._words = opened.own, opened.words
        self._processes = Processes()
        self._own_images = ImageVectors(opened.own.card, config, self._processes)
        self._word_images = self._own_images
        if isinstance(opened.words, Space):
            if opened.words.card != opened.own.card:
                self._word_images = ImageVectors(opened.words.card, config, self._processes)
            self._texts = TextVectors(
                opened.words.card, opened.store, config["category_prompts"], self._processes
            )

    @classmethod
    def open(cls, results: Results) -> "SearchEngine":
        """Open a collection; see `open_results` for what it raises."""
        return cls(open_results(results), results.config)

    def can(self, kind: Kind) -> str | None:
        """Return None where queries of a kind can be answered, otherwise why not, and what to do.

        An image together with words can be looked for where words can.
        """
        if kind == "text" and isinstance(self._words, str):
            return self._words
        if kind == "image" and self._own.card.name == GIVEN and isinstance(self._words, str):
            return (
                "The vectors of this collection were given (model: precomputed), and no model is known that "
                f"makes the same of another image. {self._words}"
            )
        return None

    def search(self, query: Query, k: int = 24) -> list[Hit]:
        """Return the images nearest to a query, the best first, fewer than k where there are fewer.

        Raises
        ------
        InputError
            where the query is none, or can't be answered for this collection.
        """
        query.check()
        if k < 1:
            raise InputError(f"{k} results are none; ask for one at least.")
        space = self._space(query)
        if not len(space.rows):
            return []
        target = self._target(query, space)
        use_index = query.text is None and space.vectors.size > INDEX_FROM
        found = space.nearest(target, k + (query.item is not None), use_index)
        pairs = zip(found.items.tolist(), found.distances.tolist(), strict=True)
        return [self._hit(item, distance, space) for item, distance in pairs if item != query.item][:k]

    def _hit(self, item: int, distance: float, space: Space) -> Hit:
        files = self.files
        likeness = similarity(distance, space.variance)
        return Hit(item, distance, likeness, files.position(item), files.path(item), files.count(item))

    def _space(self, query: Query) -> Space:
        """Return the vectors that a query is compared with."""
        text = self.can("text") if query.text is not None else None
        image = self.can("image") if query.image is not None else None
        if text or image:
            raise InputError(text or image)
        needs_words = query.text is not None or (query.image is not None and self._own.card.name == GIVEN)
        return self._words if needs_words and isinstance(self._words, Space) else self._own

    def _target(self, query: Query, space: Space) -> Floats:
        """Return the vector that a query looks for: (d,) float32."""
        if query.text is None:
            image = self._image_vector(query, space)
            return direction(image).astype(np.float32) if space.by_direction else image
        text = self._texts.direction(query.text)
        if not query.has_image:
            return text
        image = self._image_vector(query, space)
        mixed = query.image_weight * direction(image) + query.text_weight * direction(text)
        return direction(mixed).astype(np.float32)

    def _image_vector(self, query: Query, space: Space) -> Floats:
        if query.image is not None:
            images = self._own_images if space is self._own else self._word_images
            return images.vector(query.image)
        if query.item is None or not 0 <= query.item < self.files.items:
            raise InputError(f"There is no item {query.item}: the collection has {self.files.items:,}.")
        vector = space.vector(query.item)
        if vector is None:
            raise InputError(f"{self.files.path(query.item)} has no vector of {space.card.name}.")
        return vector

    def close(self) -> None:
        """End the processes of the queries, where there are any; the next query starts them again."""
        self._processes.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
