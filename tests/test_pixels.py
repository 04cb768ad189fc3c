"""Pixels are those that the weights ask for, and a decode worker makes them without torch."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.descriptor_model import DescriptorModel
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.models.pixels import crop_pixels, multicrop_pixels
from tests.conftest import ROOT, picture

RULE = {
    "resize_size": 40,
    "crop_size": 32,
    "interpolation": "BILINEAR",
    "mean": [0.5, 0.5, 0.5],
    "std": [0.2, 0.2, 0.2],
}


def test_the_centre_is_cut_out() -> None:
    pixels = crop_pixels(picture(0, (90, 60)), 40, 32, Image.Resampling.BILINEAR)
    assert pixels.shape == (1, 32, 32, 3)
    assert pixels.dtype == np.uint8


def test_crops_of_a_long_image_are_views() -> None:
    pixels = multicrop_pixels(picture(0, (200, 50)), 40, 32, Image.Resampling.BILINEAR)
    assert pixels.shape == (3, 32, 32, 3)


@pytest.mark.parametrize("multicrop", [False, True])
def test_workers_load_no_torch(multicrop: bool) -> None:
    from torch import nn

    card = ModelCard("tiny", 3, "float16", 0, preprocessing=RULE | {"multicrop": multicrop})
    for model in (NetworkModel(card, nn.Identity(), "cpu", 1), DescriptorModel(card)):
        code = (
            "import pickle, sys; import scripts.lib.embedding.workers; "
            f"pickle.loads({pickle.dumps(model.prepare())!r}); assert 'torch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
