"""Sketches: hashes as ImageHash makes them, decoded once whatever happens, bad images named."""

from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from PIL import Image

from scripts.lib.duplicates.image_hashes import (
    hash_images,
    hashed_ids,
    hashed_table,
    image_contents,
    sketch_store,
    worker_settings,
    write_sketches,
)
from scripts.lib.duplicates.part_hashes import PARTS, WHOLE, Part, bits_between, part_hashes
from scripts.lib.duplicates.sketches import SIDE, read_sketches, turned
from scripts.lib.embedding.embed import PartSettings
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.store import Store
from scripts.lib.files.content_ids import ID_DTYPE, ID_TYPE, id_bytes
from scripts.lib.files.holders import holders_of
from scripts.lib.files.status import OK, UNDECODABLE
from tests.scenes import save, scene, sketches

WORKERS = worker_settings(10**6, 1, 30)
PARTS_OF_FOUR = PartSettings(4, 1e9)


def phash(image: Image.Image) -> np.ndarray:
    return np.packbits(imagehash.phash(image).hash)[np.newaxis]


def squares(count: int) -> list[Image.Image]:
    return [Image.fromarray(grey) for grey in sketches(*map(scene, range(count)))["grey"]]


@pytest.mark.parametrize("turn", range(8))
def test_hashes_in_bulk_are_those_of_imagehash(turn: int) -> None:
    made = sketches(*map(scene, range(10)))
    ours = part_hashes(made, WHOLE, turn)
    for row, square in enumerate(made["grey"]):
        theirs = phash(Image.fromarray(np.ascontiguousarray(turned(square, turn))))
        assert bits_between(ours[[row]], theirs) <= 2  # a coefficient may lie at the median


def test_the_stored_hash_is_that_of_imagehash() -> None:
    made = sketches(*map(scene, range(10)))
    expected = np.concatenate([phash(square) for square in squares(10)])
    np.testing.assert_array_equal(made["hash"], expected)


def test_the_hash_of_a_part_is_near_that_of_the_crop_and_that_of_the_whole_is_not() -> None:
    images = [scene(seed, (320, 320)) for seed in range(20)]
    part = Part(0.05, 0.05, 0.9)
    assert part in PARTS
    crops = sketches(*(image.crop((16, 16, 304, 304)) for image in images))
    whole = sketches(*images)
    of_part = bits_between(part_hashes(whole, part), crops["hash"])
    assert of_part.mean() < 4
    assert of_part.mean() < bits_between(whole["hash"], crops["hash"]).mean() / 2


def test_turns_are_those_of_pillow() -> None:
    square = scene(1, (SIDE, SIDE)).convert("L")
    pixels = np.asarray(square)
    for turn, transpose in enumerate((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180), 1):
        np.testing.assert_array_equal(turned(pixels, turn), np.asarray(square.transpose(transpose)))
    for turn, transpose in ((4, Image.Transpose.FLIP_LEFT_RIGHT), (6, Image.Transpose.FLIP_TOP_BOTTOM)):
        np.testing.assert_array_equal(turned(pixels, turn), np.asarray(square.transpose(transpose)))


class Collection:
    """A few images, their inventory and the store of their sketches."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inventory = folder, folder / "inventory.parquet"
        self.store: Store = sketch_store(folder / "image_hashes")
        self.paths: list[Path] = []

    def add(self, *paths: Path) -> np.ndarray:
        """Take files in; return all contents."""
        self.paths += paths
        ids = [blake3(path.read_bytes()).digest() for path in self.paths]
        columns = {
            "content_id": pa.array(ids, ID_TYPE),
            "path_bytes": pa.array([bytes(path) for path in self.paths], pa.binary()),
            "kind": ["video" if path.suffix == ".mp4" else "image" for path in self.paths],
            "status": [OK] * len(ids),
        }
        pq.write_table(pa.table(columns), self.inventory)
        return image_contents(self.inventory)

    def hash(self, progress: Callable[[int], object] = lambda count: None) -> list[Failed]:
        """Hash what is missing."""
        missing = self.store.places().without(image_contents(self.inventory))
        holders = holders_of(self.inventory, missing)
        return hash_images(missing, holders, self.store, WORKERS, PARTS_OF_FOUR, progress)


@pytest.fixture
def some(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def scenes(folder: Path, seeds: range) -> list[Path]:
    return [save(scene(seed, (48, 36)), folder / f"{seed}.jpg") for seed in seeds]


def test_sketches_are_in_the_order_of_content_ids(some: Collection) -> None:
    wanted = some.add(*scenes(some.folder / "images", range(6)))
    assert some.hash() == []
    write_sketches(some.store.places(), some.store, some.folder / "sketches.npy")
    found = read_sketches(some.folder / "sketches.npy")
    by_id = {blake3(path.read_bytes()).digest(): path for path in some.paths}
    expected = sketches(*(Image.open(by_id[content]).convert("RGB") for content in id_bytes(wanted)))
    np.testing.assert_array_equal(found["hash"], expected["hash"])
    np.testing.assert_array_equal(found["grey"], expected["grey"])
    assert found["width"].tolist() == [48] * 6


def test_what_was_hashed_before_a_kill_is_not_hashed_again(some: Collection) -> None:
    some.add(*scenes(some.folder / "images", range(10)))
    counted: list[int] = []

    def interrupt(count: int) -> None:
        counted.append(count)
        if len(counted) == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        some.hash(interrupt)
    assert len(some.store.places()) == 8  # two parts
    again: list[int] = []
    some.hash(again.append)
    assert sum(again) == 2
    some.add(*scenes(some.folder / "images", range(10, 11)))
    again.clear()
    some.hash(again.append)
    assert sum(again) == 1


def test_a_bad_image_is_named_and_stops_nothing(some: Collection) -> None:
    bad = some.folder / "bad.jpg"
    good = scenes(some.folder / "images", range(2))
    bad.write_bytes(good[0].read_bytes()[:200])
    some.add(*good, bad)
    (failed,) = some.hash()
    assert (failed.content_id, failed.status) == (blake3(bad.read_bytes()).digest(), UNDECODABLE)
    table = hashed_table(some.store.places().ids, [failed])
    assert table["status"].to_pylist() == [OK, OK, UNDECODABLE]
    assert table["error"].to_pylist()[2] == failed.error
    np.testing.assert_array_equal(hashed_ids(table), some.store.places().ids)


def test_videos_are_left_out(some: Collection) -> None:
    video = some.folder / "film.mp4"
    video.write_bytes(b"film")
    (image,) = scenes(some.folder / "images", range(1))
    assert id_bytes(some.add(image, video)) == [blake3(image.read_bytes()).digest()]


def test_no_images_make_an_empty_file(some: Collection) -> None:
    target = some.folder / "sketches.npy"
    write_sketches(some.store.places(), some.store, target)
    assert len(read_sketches(target)) == 0
    assert hashed_table(np.empty(0, ID_DTYPE), []).num_rows == 0
