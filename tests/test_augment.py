"""Images are mirrored and shifted, and nothing else is done to them."""

import numpy as np

from scripts.lib.embedding.training.augment import SHIFT, varied
from tests.training import SIZE, squares_of


def shift_of(varied: np.ndarray, square: np.ndarray) -> tuple[int, int] | None:
    """Return by how much a square was shifted, judged by what is not from beyond its borders."""
    margin = SIZE // SHIFT
    inner = square[margin:-margin, margin:-margin]
    for top in range(2 * margin + 1):
        for left in range(2 * margin + 1):
            if np.array_equal(varied[top : top + len(inner), left : left + len(inner)], inner):
                return top, left
    return None


def test_half_are_mirrored_and_all_are_shifted_evenly() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (400, SIZE, SIZE, 3), dtype=np.uint8)
    shown = varied(squares, np.random.default_rng(1))
    as_they_are = [shift_of(*pair) for pair in zip(shown, squares, strict=True)]
    mirrored = [shift_of(*pair) for pair in zip(shown, squares[:, :, ::-1], strict=True)]
    assert all((one is None) != (other is None) for one, other in zip(as_they_are, mirrored, strict=True))
    assert 150 < sum(each is None for each in as_they_are) < 250
    side = 2 * (SIZE // SHIFT) + 1
    assert len({each for each in (*as_they_are, *mirrored) if each}) == side**2


def test_lots_decide_and_the_squares_stay_as_they_were() -> None:
    squares = squares_of(5)
    before = squares.copy()
    first, again, other = (varied(squares, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(squares, before)
    assert (first.dtype, first.shape) == (np.uint8, squares.shape)
