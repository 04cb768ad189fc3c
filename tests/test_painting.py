"""Painted scenes: the same for the same numbers, and changing smoothly with them."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.lib.pictures.painting.scene import PLACES, Scene, paint

SMALL = (96, 64)
NOON = Scene("coast", hour=0.38, season=0.3, cloud=0.4, fog=0.2, sun=0.2, horizon=0.5, seed=3)


def pixels(scene: Scene, size: tuple[int, int] = SMALL) -> np.ndarray:
    return np.asarray(paint(scene, size), dtype=float)


def difference(first: Scene, second: Scene) -> float:
    return float(np.abs(pixels(first) - pixels(second)).mean())


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_a_varied_picture_and_dark_at_night(place: str) -> None:
    noon, night = pixels(replace(NOON, place=place)), pixels(replace(NOON, place=place, hour=1))
    assert noon.std() > 15
    assert night.mean() < noon.mean() / 2


def test_the_same_scene_gives_the_same_pixels() -> None:
    assert difference(NOON, NOON) == 0


@pytest.mark.parametrize("size", [(64, 96), (64, 64), (1, 1), (5, 200)])
def test_any_shape_can_be_painted(size: tuple[int, int]) -> None:
    assert paint(NOON, size).size == size


@pytest.mark.parametrize(
    ("number", "near", "far"), [("hour", 0.40, 0.74), ("fog", 0.23, 0.6), ("season", 0.32, 0.9)]
)
def test_a_small_change_of_a_number_changes_the_picture_little(number: str, near: float, far: float) -> None:
    slightly = difference(NOON, replace(NOON, **{number: near}))
    much = difference(NOON, replace(NOON, **{number: far}))
    assert 0 < slightly < much / 2


@pytest.mark.parametrize("place", PLACES)
def test_extreme_numbers_are_no_trouble(place: str) -> None:
    extremes = Scene(place, hour=0, season=1, cloud=1, fog=1, sun=-0.6, horizon=0.9, seed=499)
    assert np.isfinite(pixels(extremes)).all()
