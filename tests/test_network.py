"""A network bears a full device, and values beyond those of half precision."""

import numpy as np
import pytest
import torch
from torch import nn

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.models.protocol import DeviceFull
from tests.test_pixels import RULE

FULL = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: out of memory"),
]


class Sums(nn.Module):
    """The sum of each channel, times a factor; a device that is too small for three images."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor, self.full = factor, FULL[0]

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > 2:
            raise self.full
        return nn.functional.linear(pixels.sum((2, 3)), self.factor * torch.eye(3))


def model(factor: float = 1.0) -> NetworkModel:
    card = ModelCard("sums", 3, "float16", 0, preprocessing=RULE)
    return NetworkModel(card, Sums(factor), "cpu", 3)


def views(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)


def test_pixels_are_normalised_as_the_weights_ask() -> None:
    expected = ((views(2) / 255 - RULE["mean"]) / RULE["std"]).sum((1, 2))
    np.testing.assert_allclose(model().features(views(2)), expected, rtol=1e-4)


@pytest.mark.parametrize("full", FULL)
def test_a_full_device_is_told_in_our_words(full: RuntimeError) -> None:
    small = model()
    small.network.full = full
    with pytest.raises(DeviceFull):
        small.features(views(3))


def test_another_failure_of_the_device_is_not_taken_for_it() -> None:
    broken = model()
    broken.network.full = RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(RuntimeError, match="illegal"):
        broken.features(views(3))


def test_values_beyond_half_precision_are_computed_again_in_single() -> None:
    exact, halves = model(1e5), model(1e5)
    expected = exact.features(views(2))
    assert np.abs(expected).max() > 65504
    halves.half = True
    np.testing.assert_allclose(halves.features(views(2)), expected)


def test_each_core_has_a_batch_of_its_own() -> None:
    assert (model().lanes, torch.get_num_threads()) == (3, 1)
