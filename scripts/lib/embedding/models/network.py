"""A network over pixels: what torchvision, OpenCLIP and timm models have in common.

The preprocessing of a card says how an image becomes pixels: `resize_size` and `crop_size` in pixels,
`interpolation` as Pillow names it, `mean` and `std` per channel of values between 0 and 1. `resize_mode`
is `shortest`, which keeps the proportions and is the default, or `squash`, which makes a square of all.
"""

from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import nn

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.device import choose_device
from scripts.lib.embedding.models.protocol import Prepare
from scripts.lib.images.crops import crops
from scripts.lib.images.decode import center_crop, resize_shorter


class NetworkModel:
    """A network that turns normalised pixels into features."""

    def __init__(self, card: ModelCard, network: nn.Module, device: str, threads: int) -> None:
        self.card, self.target = card, int(card.preprocessing["resize_size"])
        self.device = torch.device(choose_device(device))
        torch.set_num_threads(threads)
        self.network = network.to(self.device)
        self.mean, self.std = (
            torch.tensor(card.preprocessing[key], device=self.device).view(1, 3, 1, 1)
            for key in ("mean", "std")
        )

    def prepare(self) -> Prepare:
        """Return the resizing and cropping that the weights ask for."""
        rule = self.card.preprocessing
        squash = rule.get("resize_mode") == "squash"
        cut = multicrop_pixels if self.card.multicrop else squashed_pixels if squash else crop_pixels
        resample = Image.Resampling[rule["interpolation"]]
        return partial(cut, resize=rule["resize_size"], crop=rule["crop_size"], resample=resample)

    def features(self, views: np.ndarray) -> np.ndarray:
        """Return the features of (b, crop, crop, 3) uint8 pixels: (b, dimension) float32."""
        pixels = torch.from_numpy(views).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.float16, enabled=self.device.type == "cuda"),
        ):
            features = self.network(pixels.sub_(self.mean).div_(self.std)).flatten(1)
        vectors: np.ndarray = features.float().cpu().numpy()
        return vectors


def crop_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the centre of an image resized by its shorter side: (1, crop, crop, 3) uint8."""
    return np.asarray(center_crop(resize_shorter(image, resize, resample), crop))[np.newaxis]


def squashed_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the centre of an image resized to a square, out of proportion: (1, crop, crop, 3) uint8."""
    return np.asarray(center_crop(image.resize((resize, resize), resample), crop))[np.newaxis]


def multicrop_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the square crops of an image, resized: (v, crop, crop, 3) uint8."""
    return np.stack([np.asarray(square.resize((crop, crop), resample)) for square in crops(image)])
