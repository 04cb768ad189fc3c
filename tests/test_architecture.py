"""The network: shapes, seeds, and the way of pixels into it and out again."""

import numpy as np
import pytest
import torch

from scripts.lib.embedding.training.architecture import Codes, as_input, as_squares, build, widths_of
from tests.training import squares_of

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("variational", [False, True])
def test_an_image_becomes_a_code_and_the_code_an_image(size: int, variational: bool) -> None:
    network = build(size, 5, variational, seed=0)
    images = as_input(squares_of(3, size), CPU)
    codes = network.encoder.codes(images)
    assert codes.mean.shape == (3, 5)
    assert (codes.log_variance is not None) == variational
    assert torch.equal(network.encoder(images), codes.mean)
    assert network(images).shape == (3, 3, size, size)


def test_channels_widen_up_to_a_limit() -> None:
    assert widths_of(16) == (32, 64)
    assert widths_of(256) == (32, 64, 128, 256, 256, 256)


def test_equal_seeds_give_equal_networks_and_leave_other_lots_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (build(16, 4, True, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encoder.mean.weight"], other["encoder.mean.weight"])


def test_a_code_does_not_depend_on_the_images_beside_it() -> None:
    network, images = build(16, 4, False, seed=0), as_input(squares_of(6), CPU)
    alone = torch.cat([network.encoder(images[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(network.encoder(images), alone)


def test_squares_survive_the_way_in_and_out() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    images = as_input(squares, CPU)
    assert (images.min(), images.max()) == (-1, 1)
    assert np.array_equal(as_squares(images), squares)
    assert as_squares(3 * images).min() == 0  # what is beyond white and black is cut off


def test_drawn_codes_have_the_mean_and_spread_of_their_distribution() -> None:
    codes = Codes(torch.full((20_000, 1), 2.0), torch.full((20_000, 1), float(np.log(9))))
    drawn = codes.drawn(torch.Generator().manual_seed(0))
    assert abs(float(drawn.mean()) - 2) < 0.1
    assert abs(float(drawn.std()) - 3) < 0.1
    assert torch.equal(codes.drawn(torch.Generator().manual_seed(0)), drawn)
    assert Codes(codes.mean, None).drawn(torch.Generator()) is codes.mean
