"""What a model is: the one protocol that stages know, and what each kind of model provides.

An image is embedded as one view or several, such as the crops of a panorama or the frames of a video. A
model prepares the views of one image in a decode worker, and turns a batch of views, of many images, into
vectors; the mean over its views is the vector of an image.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from PIL import Image

from scripts.lib.embedding.models.card import ModelCard

Prepare = Callable[[Image.Image], np.ndarray]  # one upright RGB image into its views (v, ...); picklable


class DeviceFull(Exception):
    """The device has too little memory for so many views at a time."""


class Model(Protocol):
    """What a stage needs of a model."""

    card: ModelCard
    target: int  # pixels of the shorter side that preparation works from
    lanes: int  # how many threads may call `features` at a time, and should
    on_gpu: bool

    def prepare(self) -> Prepare:
        """Return the function that prepares one upright RGB image, to be run in a worker."""

    def features(self, views: np.ndarray) -> np.ndarray:
        """Return one vector per view: (b, dimension) float32. Raises DeviceFull for too many views."""


class Family(Protocol):
    """A kind of model: a module with these functions, and an entry in `registry`."""

    def describe(self, name: str, weights: str | None) -> ModelCard:
        """Return the card of a model, its weights found and tried.

        name : as the user gives it, such as `resnet18` or `clip:ViT-B-32/laion2b_s34b_b79k`
        weights : a local file instead of the usual one
        Raises InputError where there is no such model, or its weights can't be had or do not fit.
        """

    def open_model(self, card: ModelCard, device: str, threads: int) -> Model:
        """Load the model that a card describes onto `auto`, `cpu` or `cuda`."""
