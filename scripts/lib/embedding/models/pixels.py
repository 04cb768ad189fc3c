"""An image into the pixels that a network takes; free of torch, which no decode worker needs to load."""

import numpy as np
from PIL import Image

from scripts.lib.images.crops import crops
from scripts.lib.images.decode import center_crop, resize_shorter


def crop_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the centre of an image resized by its shorter side: (1, crop, crop, 3) uint8."""
    return np.asarray(center_crop(resize_shorter(image, resize, resample), crop))[np.newaxis]


def squashed_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the centre of an image resized to a square, out of proportion: (1, crop, crop, 3) uint8."""
    return np.asarray(center_crop(image.resize((resize, resize), resample), crop))[np.newaxis]


def multicrop_pixels(image: Image.Image, resize: int, crop: int, resample: Image.Resampling) -> np.ndarray:
    """Return the square crops of an image, resized: (v, crop, crop, 3) uint8.

    `resize` is not minded: a model that cuts the centre out of a larger size would cut each square once more.
    """
    return np.stack([np.asarray(square.resize((crop, crop), resample)) for square in crops(image)])
