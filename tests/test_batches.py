"""Batches hold whole images, and are as large as the device can use and hold."""

import math

import numpy as np
import pytest

from scripts.lib.embedding import batches as module
from scripts.lib.embedding.batches import BatchSize, batches, best_batch, features_of
from scripts.lib.embedding.models.protocol import DeviceFull
from scripts.lib.embedding.workers import Prepared
from scripts.lib.errors import InputError
from scripts.lib.files.status import OK, UNDECODABLE


class Doubling:
    """Gives twice each view's values, of no more than `room` views at a time."""

    def __init__(self, room: int) -> None:
        self.room, self.calls = room, []

    def features(self, views: np.ndarray) -> np.ndarray:
        if len(views) > self.room:
            raise DeviceFull
        self.calls.append(len(views))
        return 2 * views


def image(number: int, views: int) -> Prepared:
    """Return an image with so many views, all of its number; without any, a failure."""
    status = OK if views else UNDECODABLE
    return Prepared(bytes([number]), np.full((views, 1), number) if views else None, status, None)


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_images_stay_whole_and_in_order(size: int) -> None:
    counts = [1, 3, 0, 1, 1, 7, 0, 0, 2, 1, 1, 1, 1]
    images = [image(number, views) for number, views in enumerate(counts)]
    found = list(batches(images, BatchSize(size)))
    assert [each.content_id for batch in found for each in batch] == [each.content_id for each in images]
    for batch in found:
        assert len(batch) == 1 or sum(counts[each.content_id[0]] or 1 for each in batch) <= size


def test_images_that_all_fail_are_told_in_time() -> None:
    assert len(next(batches((image(1, 0) for _ in range(1000)), BatchSize(8)))) == 8


def test_more_views_than_a_batch_are_computed_one_batch_after_the_other() -> None:
    model = Doubling(10)
    views = np.arange(23)[:, None]
    np.testing.assert_array_equal(features_of(views, model, BatchSize(10)), 2 * views)
    assert model.calls == [10, 10, 3]


def test_a_full_device_halves_the_batch_for_good() -> None:
    model, size = Doubling(6), BatchSize(16)
    views = np.arange(16)[:, None]
    np.testing.assert_array_equal(features_of(views, model, size), 2 * views)
    assert (model.calls, size.views) == ([4, 4, 4, 4], 4)


def test_a_remainder_that_does_not_fit_says_nothing_of_the_batch() -> None:
    """Other memory was in use for a moment: the rest of an image's views is no measure of what fits."""
    model, size = Doubling(2), BatchSize(16)
    views = np.arange(3)[:, None]
    np.testing.assert_array_equal(features_of(views, model, size), 2 * views)
    assert (model.calls, size.views) == ([1, 1, 1], 16)


def test_a_device_that_holds_no_view_is_told_with_a_way_out() -> None:
    with pytest.raises(InputError, match="device=cpu"):
        features_of(np.zeros((4, 1)), Doubling(0), BatchSize(4))


def test_a_batch_takes_a_core_about_its_time_whatever_the_first_took() -> None:
    size = BatchSize("auto")
    assert size.views == 1
    size.observe(1, 30 * module.CORE_SECONDS)  # the first pays for more than itself
    assert size.views == 1
    size.observe(1, module.CORE_SECONDS / 4.5)
    size.observe(4, module.CORE_SECONDS * 4)
    assert size.views == 4
    size.observe(1, 0.0)
    assert size.views == module.CORE_VIEWS


def test_a_batch_that_is_given_stays() -> None:
    size = BatchSize(5)
    size.observe(5, 1e-9)
    assert (size.views, size.found) == (5, True)


@pytest.mark.parametrize(("room", "saturated", "expected"), [(math.inf, 64, 64), (100, 1024, 64), (5, 64, 4)])
def test_a_gpus_batch_grows_until_the_rate_or_the_memory_ends(
    room: float, saturated: int, expected: int
) -> None:
    def rate(views: int) -> float:
        if views > room:
            raise DeviceFull
        return min(views, saturated)

    assert best_batch(rate) == expected


def test_a_gpus_batch_has_a_limit() -> None:
    assert best_batch(float) == module.GPU_VIEWS
