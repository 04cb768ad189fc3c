"""What is looked for."""

import math
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.errors import InputError


@dataclass(frozen=True)
class Query:
    """An image, words, or both.

    image : the user's own file, or the bytes of one, in any format that is read; not to be trusted
    item : an image of the collection instead, by its row; it is not among its own hits
    text : words, by a model that knows them
    image_weight, text_weight : shares of the two directions where there are both
    """

    image: bytes | Path | None = None
    text: str | None = None
    item: int | None = None
    image_weight: float = 1.0
    text_weight: float = 1.0

    def check(self) -> None:
        """Raise InputError where this is nothing that can be looked for."""
        if self.image is None and self.item is None and self.text is None:
            raise InputError("There is nothing to search for: name an image, or words, or both.")
        if self.image is not None and self.item is not None:
            raise InputError("A search begins with one image: a file, or one of the collection, not both.")
        if self.text is not None and not self.text.strip():
            raise InputError("The text to search for is empty: write some words.")
        weights = (self.image_weight, self.text_weight)
        if not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not sum(weights):
            raise InputError(
                f"The weights of image and text are {weights[0]:g} and {weights[1]:g}: they must not be "
                "negative, and not both 0."
            )

    @property
    def has_image(self) -> bool:
        """Tell whether an image is a part of this."""
        return self.image is not None or self.item is not None
