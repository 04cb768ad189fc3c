"""The models: one small protocol, and what stands in `model.json`.

A model prepares one image in a decode worker, and turns a batch of prepared images into vectors. To add
one, describe it here (`describe` in weights.py) and open it here (`open_model`).
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from blake3 import blake3
from PIL import Image

from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding import descriptor
from scripts.lib.errors import InputError
from scripts.lib.images.decode import center_crop, resize_shorter

Prepare = Callable[[Image.Image], np.ndarray]  # runs in a worker process: picklable


@dataclass(frozen=True)
class ModelCard:
    """What `model.json` says of a model; its fingerprint names its vectors in the store."""

    name: str
    dimension: int
    dtype: str  # of the stored vectors
    version: int  # of our own part of the computation
    weights: str | None = None  # the file
    weights_blake3: str | None = None
    weights_source: str | None = None
    preprocessing: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that change with anything that changes vectors."""
        identity = asdict(self)
        del identity["weights"], identity["weights_source"]  # where a file lies changes nothing
        return blake3(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return the content of `model.json`."""
        return {**asdict(self), "fingerprint": self.fingerprint}


def read_card(path: Path) -> ModelCard:
    """Read a `model.json`."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields.pop("fingerprint")
    return ModelCard(**fields)


class Model(Protocol):
    """What a stage needs of a model."""

    card: ModelCard
    target: int  # pixels of the shorter side that preparation works from

    def prepare(self) -> Prepare:
        """Return the function that prepares one upright RGB image, to be run in a worker."""

    def features(self, batch: np.ndarray) -> np.ndarray:
        """Return one vector per prepared image: (b, dimension) float32."""


class DescriptorModel:
    """The built-in descriptor, computed where the image is decoded."""

    def __init__(self, card: ModelCard) -> None:
        self.card, self.target = card, descriptor.TARGET

    def prepare(self) -> Prepare:
        """Return the descriptor itself."""
        return descriptor.descriptor

    def features(self, batch: np.ndarray) -> np.ndarray:
        """Return the batch: its rows are vectors already."""
        return batch


class TorchvisionModel:
    """A torchvision classifier, cut before its last layer."""

    def __init__(self, card: ModelCard, device: str, threads: int) -> None:
        import torch

        from scripts.lib.embedding.classifiers import load_features

        self.card, self.target = card, card.preprocessing["resize_size"]
        self.device = torch.device(device)
        torch.set_num_threads(threads)
        self.network = load_features(card.name, unchanged_weights(card)).to(self.device)

    def prepare(self) -> Prepare:
        """Return the resizing and cropping that the weights ask for."""
        rule = self.card.preprocessing
        return partial(
            crop_pixels,
            resize=rule["resize_size"],
            crop=rule["crop_size"],
            resample=Image.Resampling[rule["interpolation"]],
        )

    def features(self, batch: np.ndarray) -> np.ndarray:
        """Return the features of (b, crop, crop, 3) uint8 pixels: (b, dimension) float32."""
        import torch

        rule = self.card.preprocessing
        pixels = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        mean = torch.tensor(rule["mean"], device=self.device).view(1, 3, 1, 1)
        std = torch.tensor(rule["std"], device=self.device).view(1, 3, 1, 1)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.float16, enabled=self.device.type == "cuda"),
        ):
            features = self.network(pixels.sub_(mean).div_(std)).flatten(1)
        vectors: np.ndarray = features.float().cpu().numpy()
        return vectors


def unchanged_weights(card: ModelCard) -> Path:
    """Return the weights file of a card, which is still the one that gave the card its fingerprint.

    Raises
    ------
    InputError
        when it is gone or has changed.
    """
    path = Path(str(card.weights))
    if not path.is_file() or checksum(path) != card.weights_blake3:
        raise InputError(
            f"The weights file {path} is gone or has changed since model.json was made from it. "
            "Run again with --forcerun weights."
        )
    return path


def crop_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the centre of an image resized by its shorter side: (crop, crop, 3) uint8."""
    return np.asarray(center_crop(resize_shorter(image, resize, resample), crop))


def choose_device(wanted: str) -> str:
    """Return `cuda` or `cpu` for the config key `device`.

    Raises
    ------
    InputError
        when cuda is asked for and there is none.
    """
    if wanted == "cpu":
        return "cpu"
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise InputError(
            "device: cuda was asked for, but torch sees no GPU here. Use device=auto or device=cpu."
        )
    return "cuda" if available else "cpu"


def open_model(card: ModelCard, device: str, threads: int) -> Model:
    """Load the model that a card describes onto `auto`, `cpu` or `cuda`."""
    if card.name == "descriptor":
        return DescriptorModel(card)
    return TorchvisionModel(card, choose_device(device), threads)
