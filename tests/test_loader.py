"""What an epoch shows depends on seed and epoch alone, and is fair to all images."""

from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.training.loader import HELD_OUT_MOST, batches, chosen, epoch_rows, split
from scripts.lib.files.content_ids import ID_DTYPE
from tests.training import pixels_of, squares_of


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (19, 0), (20, 1), (200, 10), (10**6, HELD_OUT_MOST)])
def test_a_few_images_are_held_out(count: int, held_out: int) -> None:
    rows = split(count, seed=3)
    assert len(rows.held_out) == held_out
    assert np.array_equal(np.sort(np.concatenate(rows)), np.arange(count))
    assert np.array_equal(split(count, seed=3).held_out, rows.held_out)


@pytest.mark.parametrize(("count", "per_epoch"), [(1, 5), (7, 3), (7, 20), (20, 20), (50, 8)])
def test_none_is_shown_twice_before_all_were_shown_once(count: int, per_epoch: int) -> None:
    rows = np.arange(100, 100 + count)
    shown = np.concatenate([epoch_rows(rows, epoch, per_epoch, seed=0) for epoch in range(12)])
    assert len(shown) == 12 * per_epoch
    for start in range(0, len(shown), count):
        assert len(set(shown[start : start + count])) == len(shown[start : start + count])
    assert set(shown) <= set(rows)


def test_epochs_are_shuffled_by_the_seed() -> None:
    rows = np.arange(64)
    first, second = (epoch_rows(rows, epoch, 64, seed=0) for epoch in (0, 1))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, epoch_rows(rows, 0, 64, seed=1))
    assert np.array_equal(second, epoch_rows(rows, 1, 64, seed=0))


def test_contents_are_drawn_by_lot_and_stay_in_order() -> None:
    ids = np.array([b"%032d" % row for row in range(1000)], ID_DTYPE)
    some = chosen(ids, 100, seed=0)
    assert len(some) == 100
    assert np.array_equal(np.unique(some), some)
    assert 300 < np.searchsorted(ids, some).mean() < 700
    assert np.array_equal(chosen(ids, 5000, seed=0), ids)


def test_batches_hold_what_was_asked_for(tmp_path: Path) -> None:
    squares = squares_of(9)
    rows = np.array([8, 0, 3, 3, 7])
    given = list(batches(pixels_of(tmp_path, squares), rows, 2))
    assert [len(each) for each in given] == [2, 2, 1]
    assert np.array_equal(np.concatenate(given), squares[rows])
