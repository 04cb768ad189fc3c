"""Images become small squares once, and what can't be decoded is passed over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3

from scripts.lib.embedding.training.pixel_cache import Pixels, small_images, worker_settings
from scripts.lib.files.content_ids import ID_DTYPE, ID_TYPE, id_bytes
from scripts.lib.files.status import OK, UNDECODABLE
from scripts.lib.images.decode import decode
from tests.conftest import write_pictures
from tests.training import SIZE

WORKERS = worker_settings(SIZE, 10**6, 1, 30)


class Counted:
    """Counts how many images were decoded."""

    def __init__(self) -> None:
        self.units = 0

    @contextmanager
    def progress(self, total: int, unit: str) -> Iterator[Callable[[int], object]]:
        def count(units: int) -> None:
            self.units += units

        yield count


def inventory_of(paths: list[Path], target: Path) -> np.ndarray:
    """Write what the decoding reads of an inventory; return the contents."""
    ids = [blake3(path.read_bytes()).digest() for path in paths]
    columns = {
        "content_id": pa.array(ids, ID_TYPE),
        "path_bytes": pa.array([bytes(path) for path in paths], pa.binary()),
        "status": [OK] * len(paths),
    }
    pq.write_table(pa.table(columns), target)
    return np.unique(np.array(ids, ID_DTYPE))


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return write_pictures(tmp_path / "images", 5)


def read(ids: np.ndarray, inventory: Path, counted: Counted) -> Pixels:
    return small_images(ids, inventory, WORKERS, counted.progress)[0]


def test_squares_are_the_centres_of_the_images(paths: list[Path], tmp_path: Path) -> None:
    inventory, counted = tmp_path / "inventory.parquet", Counted()
    ids = inventory_of(paths, inventory)
    pixels = read(ids, inventory, counted)
    assert (len(pixels), counted.units) == (5, 5)
    by_id = dict(zip(id_bytes(pixels.ids), pixels.read(np.arange(5)), strict=True))
    for path in paths:
        whole = np.asarray(decode(str(path), SIZE, 10**6).resize((SIZE * 3 // 2, SIZE)), int)
        expected = whole[:, SIZE // 4 : SIZE // 4 + SIZE]
        assert np.abs(by_id[blake3(path.read_bytes()).digest()] - expected).max() < 16


def test_none_is_decoded_twice_even_after_the_files_are_gone(paths: list[Path], tmp_path: Path) -> None:
    inventory, counted = tmp_path / "inventory.parquet", Counted()
    ids = inventory_of(paths, inventory)
    before = read(ids[:2], inventory, counted).read(np.arange(2))
    assert counted.units == 2
    pixels = read(ids, inventory, counted)
    assert counted.units == 5
    for path in paths:
        path.unlink()
    again = read(ids, inventory, counted)
    assert counted.units == 5
    assert np.array_equal(again.read(np.arange(5)), pixels.read(np.arange(5)))
    assert np.array_equal(again.read(np.arange(2)), before)


def test_what_cannot_be_decoded_is_left_out_and_named(paths: list[Path], tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.parquet"
    paths[2].write_bytes(paths[2].read_bytes()[:200])
    ids = inventory_of(paths, inventory)
    pixels, failures = small_images(ids, inventory, WORKERS, Counted().progress)
    assert len(pixels) == 4
    assert [(each.content_id, each.status) for each in failures] == [
        (blake3(paths[2].read_bytes()).digest(), UNDECODABLE)
    ]


def test_of_nothing_nothing_is_made(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.parquet"
    pixels = read(inventory_of([], inventory), inventory, Counted())
    assert len(pixels) == 0
    assert pixels.read(np.arange(0)).shape == (0, SIZE, SIZE, 3)
