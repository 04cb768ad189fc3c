"""The built-in descriptor as a model: it is computed where the image is decoded."""

from functools import partial

import numpy as np
from PIL import Image

from scripts.lib import versions
from scripts.lib.embedding import descriptor
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.protocol import Prepare
from scripts.lib.images.crops import views


class DescriptorModel:
    """The built-in descriptor."""

    def __init__(self, card: ModelCard) -> None:
        self.card, self.target = card, descriptor.TARGET
        self.lanes, self.on_gpu = 1, False

    def prepare(self) -> Prepare:
        """Return the descriptor itself."""
        return partial(describe_views, multicrop=self.card.multicrop)

    def features(self, views: np.ndarray) -> np.ndarray:
        """Return the views: they are vectors already."""
        return views


def describe_views(image: Image.Image, multicrop: bool) -> np.ndarray:
    """Return the descriptor of each view of an image: (v, DIMENSION) float32."""
    return np.stack([descriptor.descriptor(view) for view in views(image, multicrop)])


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of the built-in descriptor, which has no weights."""
    return ModelCard(
        name=name,
        dimension=descriptor.DIMENSION,
        dtype="float16",
        version=versions.DESCRIPTOR,
        preprocessing={part.name: part.weight for part in descriptor.PARTS},
    )


def open_model(card: ModelCard, device: str, threads: int) -> DescriptorModel:
    """Return the descriptor, which runs in the decode workers whatever the device."""
    return DescriptorModel(card)
