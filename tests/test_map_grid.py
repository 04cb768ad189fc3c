"""Images on a grid: none covers another, few are all seen, many have one for each cell."""

import numpy as np
import pytest

from scripts.lib.pictures.map_grid import LENGTH, Tiles, all_fit, choose_tiles, framed, grid_for


def scattered(n: int, height: float = 1.0, seed: int = 0) -> np.ndarray:
    places = np.random.default_rng(seed).uniform(-1, 1, (n, 2)) * (1, height)
    return places.astype(np.float32)


def painted(tiles: Tiles, size: tuple[int, int]) -> np.ndarray:
    canvas = np.zeros((size[1], size[0]), int)
    for (left, top), side in zip(tiles.corners, tiles.sides, strict=True):
        assert left >= 0
        assert top >= 0
        assert left + side <= size[0]
        assert top + side <= size[1]
        canvas[top : top + side, left : left + side] += 1
    return canvas


@pytest.mark.parametrize("n", [0, 1, 2, 3, 30, 350, 1000, 20_000])
@pytest.mark.parametrize("height", [0.0, 0.5, 1.0])
def test_no_image_covers_another_or_leaves_the_map(n: int, height: float) -> None:
    places = scattered(n, height)
    grid = grid_for(places)
    tiles = choose_tiles(places, grid)
    assert painted(tiles, grid.size).max(initial=0) == (1 if n else 0)
    assert len(set(tiles.items.tolist())) == len(tiles.items)
    assert 0.9 * LENGTH < max(grid.size) <= LENGTH
    assert tiles.items.tolist() == list(range(n)) or not all_fit(n, grid)


@pytest.mark.parametrize("n", [1, 12, 200, 350])
def test_few_images_are_all_seen_even_in_one_place(n: int) -> None:
    places = np.zeros((n, 2), np.float32)
    grid = grid_for(places)
    assert len(choose_tiles(places, grid).items) == n


def test_few_images_lie_near_their_places() -> None:
    places = scattered(100)
    grid = grid_for(places)
    tiles = choose_tiles(places, grid)
    way = tiles.corners + tiles.sides[:, np.newaxis] / 2 - grid.pixels(places)
    assert np.abs(way).max() < 2.5 * grid.cell


def test_up_is_up() -> None:
    places = np.array([[0, 1], [0, -1]], np.float32)
    grid = grid_for(places)
    assert grid.pixels(places)[0, 1] < grid.pixels(places)[1, 1]
    above, below = choose_tiles(places, grid).corners[:, 1]
    assert above < below


def test_of_many_each_cell_shows_the_one_nearest_to_its_middle() -> None:
    places = scattered(5000)
    grid = grid_for(places)
    tiles = choose_tiles(places, grid)
    spots = grid.pixels(places) / grid.cell
    cells = np.floor(spots)
    for item in tiles.items[::97]:
        same = (cells == cells[item]).all(axis=1)
        ways = np.linalg.norm(spots - cells - 0.5, axis=1)
        assert ways[item] == ways[same].min()


def test_dense_cells_show_larger_images_and_stragglers_none() -> None:
    crowd = np.random.default_rng(0).normal(0.5, 0.05, (50_000, 2))
    places = np.vstack([crowd, scattered(300)]).astype(np.float32)
    grid = grid_for(places)
    tiles = choose_tiles(places, grid)
    counts = np.unique(np.floor(grid.pixels(places) / grid.cell), axis=0, return_counts=True)[1]
    assert len(tiles.items) < len(counts)
    assert tiles.sides.min() < 0.6 * tiles.sides.max()


def test_stragglers_stand_at_the_rim_and_leave_the_others_room() -> None:
    places = np.vstack([0.01 * scattered(2000), [[1, 1], [-1, -1]]]).astype(np.float32)
    shown = framed(places)
    assert np.abs(shown).max() == 1
    assert np.abs(shown[:2000]).mean() > 0.3
    assert (shown[-2] > shown[:2000].mean(axis=0)).all()


def test_a_map_without_stragglers_is_only_scaled() -> None:
    places = scattered(50, 0.5)
    ways = [each - each.mean(axis=0) for each in (framed(places), places)]
    np.testing.assert_allclose(ways[0] / ways[1], (ways[0] / ways[1]).mean(), rtol=1e-4)


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_few_places_or_equal_ones_can_be_framed(n: int) -> None:
    assert np.array_equal(framed(np.ones((n, 2), np.float32)), np.zeros((n, 2)))
