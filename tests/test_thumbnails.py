"""Thumbnails: one of each image and video, made once whatever happens, and what has none is named."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from PIL import Image

from scripts.lib import versions
from scripts.lib.artifacts.record import read_record
from scripts.lib.embedding.embed import PartSettings
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.upkeep.merging import plan_rewriting, rewrite
from scripts.lib.embedding.workers import Request
from scripts.lib.files.content_ids import ID_TYPE, id_bytes, read_ids
from scripts.lib.files.holders import holders_of
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE
from scripts.lib.run.verify import verify_parts, verify_thumbnails
from scripts.lib.thumbnails.packed import FOLDER, PackedThumbnails, write_packed
from scripts.lib.thumbnails.picture_parts import PictureParts
from scripts.lib.thumbnails.thumbnail import SIDE, first_file, thumbnail, thumbnails, worker_settings
from scripts.lib.thumbnails.thumbnails import (
    make_pictures,
    pictured_contents,
    remove_former,
    thumbnail_table,
    tidy,
)
from tests.conftest import Workflow, picture, write_pictures
from tests.films import film
from tests.test_verify import alter

PARTS_OF_FOUR = PartSettings(4, 1e9)


class Collection:
    """A few files, their inventory and the parts of their pictures."""

    def __init__(self, folder: Path, side: int = SIDE) -> None:
        self.folder, self.inventory, self.side = folder, folder / "inventory.parquet", side
        self.parts = PictureParts(folder / FOLDER, side)
        self.paths: list[Path] = []
        self.ids: list[bytes] = []

    def add(self, *paths: Path, kind: str = "image") -> None:
        """Take files in."""
        self.paths += paths
        self.ids += [blake3(path.read_bytes()).digest() for path in paths]
        columns = {
            "content_id": pa.array(self.ids, ID_TYPE),
            "path_bytes": pa.array([bytes(path) for path in self.paths], pa.binary()),
            "kind": [kind] * len(self.ids),
            "status": [OK] * len(self.ids),
        }
        pq.write_table(pa.table(columns), self.inventory)

    def make(self, progress: Callable[[int], object] = lambda count: None) -> dict[bytes, Failed]:
        """Make the pictures that are missing, and the table."""
        wanted = pictured_contents(self.inventory)
        missing = self.parts.places().without(wanted)
        holders, workers = holders_of(self.inventory, missing), worker_settings(self.side, 10**6, 1, 30)
        failures = make_pictures(missing, holders, self.parts, workers, PARTS_OF_FOUR, progress)
        table = thumbnail_table(wanted, self.parts.places(), failures, self.parts)
        write_packed(table, self.folder / "thumbnails.parquet")
        return failures

    def made(self) -> int:
        """Make what is missing, and tell how many pictures that took."""
        counted: list[int] = []
        self.make(counted.append)
        return sum(counted)

    def picture(self, path: Path) -> Image.Image | None:
        """Return the picture of a file, as a viewer has it."""
        found = PackedThumbnails.open(self.folder / "thumbnails.parquet")
        content = found.get(self.ids[self.paths.index(path)])
        return None if content is None else Image.open(io.BytesIO(content))


@pytest.fixture
def some(tmp_path: Path) -> Collection:
    """Return a collection of ten images."""
    collection = Collection(tmp_path)
    collection.add(*write_pictures(tmp_path / "images", 10))
    return collection


@pytest.mark.parametrize(
    ("size", "small"),
    [((400, 300), (160, 120)), ((300, 400), (120, 160)), ((90, 60), (90, 60)), ((9000, 2), (160, 1))],
)
def test_the_longer_side_is_as_asked_and_nothing_is_enlarged(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    image = picture(1, size)
    views = thumbnail(image, SIDE)
    made = Image.open(io.BytesIO(first_file(np.concatenate([views, thumbnail(picture(2), SIDE)]))))
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", small)
    if min(small) > 1:
        assert np.abs(np.asarray(made, int) - np.asarray(image.resize(small), int)).mean() < 4
    assert image.size == size


def test_pictures_of_all_sizes_are_found_by_the_content_of_the_file(tmp_path: Path) -> None:
    collection = Collection(tmp_path, side=64)
    sizes = [(3, 3), (640, 480), (100, 300), (64, 64), (1500, 20)]
    names = ["plain", "<script>alert(1)</script>", "q\"'uo te", "new\nline", os.fsdecode(b"caf\xe9")]
    paths = [tmp_path / f"{name}.png".replace("/", "_") for name in names]
    for seed, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        picture(seed, size).save(path)
    collection.add(*paths)
    assert collection.make() == {}
    for seed, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        made = collection.picture(path)
        assert made is not None
        assert max(made.size) == min(64, max(size))
        expected = picture(seed, size).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        found = made.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert np.abs(np.subtract(found, expected)).max() < 10


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(3, (300, 200)).save(tmp_path / "turned.jpg", exif=exif)
    collection = Collection(tmp_path)
    collection.add(tmp_path / "turned.jpg")
    collection.make()
    made = collection.picture(tmp_path / "turned.jpg")
    assert made is not None
    assert made.size == (107, 160)


def test_a_video_has_a_frame_that_is_worth_looking_at(tmp_path: Path) -> None:
    black = np.zeros((48, 64, 3), np.uint8)
    lively = np.asarray(picture(5, (64, 48)))
    (tmp_path / "film.mp4").write_bytes(film([black] * 20 + [lively] * 20))
    collection = Collection(tmp_path)
    collection.add(tmp_path / "film.mp4", kind="video")
    assert collection.make() == {}
    made = collection.picture(tmp_path / "film.mp4")
    assert made is not None
    assert np.abs(np.asarray(made, int) - lively).mean() < 12


def test_what_was_made_before_a_kill_is_not_made_again(some: Collection) -> None:
    counted: list[int] = []

    def interrupt(count: int) -> None:
        counted.append(count)
        if len(counted) == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        some.make(interrupt)
    assert len(some.parts.places()) == 8  # two parts
    assert some.made() == 2
    some.add(*write_pictures(some.folder / "images", 1, first=10))
    assert some.made() == 1
    assert some.made() == 0
    assert all(some.picture(path) for path in some.paths)


@pytest.mark.parametrize("harm", ["gone", "truncated", "altered"])
def test_a_bad_part_is_found_and_its_pictures_alone_are_made_again(some: Collection, harm: str) -> None:
    some.make()
    table, victim = some.folder / "thumbnails.parquet", some.parts.parts()[0]
    assert verify_thumbnails(table) == []
    before = read_ids(table).tolist()
    if harm == "gone":
        victim.unlink()
    elif harm == "truncated":
        os.truncate(victim, victim.stat().st_size // 2)
    else:
        alter(victim)
    found = verify_parts(some.parts.parts(), lambda count: None)
    assert [each.path for each in found] == ([] if harm == "gone" else [victim])
    (lost,) = verify_thumbnails(table)
    assert "1 parts with pictures are gone" in lost.problem
    assert not table.exists()
    assert some.made() == 4
    assert verify_thumbnails(table) == []
    assert read_ids(table).tolist() == before
    assert all(some.picture(path) for path in some.paths)
    remove_former(some.parts)
    assert sorted(some.parts.folder.glob("*")) == sorted(some.parts.parts())


def test_a_bad_image_and_one_that_has_changed_are_named_and_stop_nothing(some: Collection) -> None:
    bad, changed = some.folder / "bad.jpg", some.paths[3]
    bad.write_bytes(some.paths[0].read_bytes()[:300])
    some.add(bad)
    picture(99).save(changed)
    failures = some.make()
    assert {failures[some.ids[10]].status, failures[some.ids[3]].status} == {UNDECODABLE, CHANGED}
    assert len(failures) == 2
    table = pq.read_table(some.folder / "thumbnails.parquet")
    ids = table["content_id"].to_pylist()
    assert ids == sorted(ids)
    for row in table.to_pylist():
        status, error = failures.get(row["content_id"], (0, OK, None))[1:]
        assert (row["status"], row["error"]) == (status, error)
        assert (row["part"] is None) == (row["row"] is None) == (status != OK)
    assert table.schema.field("part").type == pa.dictionary(pa.int32(), pa.string())
    assert some.picture(bad) is None
    assert some.picture(some.paths[0]) is not None


def test_pictures_that_nobody_wants_go_when_they_pile_up(some: Collection) -> None:
    some.make()
    parts = some.parts.parts()
    by_part = [some.parts.read(part.name)[0] for part in parts]
    assert [len(ids) for ids in by_part] == [4, 4, 2]
    tidy(some.parts, np.sort(np.concatenate(by_part)), 4)
    assert some.parts.parts() == parts
    tidy(some.parts, np.sort(np.concatenate([by_part[0][:3], by_part[2]])), 4)
    assert some.parts.parts() == [parts[0], parts[2]]  # a part that holds one that is wanted stays
    tidy(some.parts, by_part[0][:1], 4)  # but not where most are unwanted
    (left,) = some.parts.parts()
    ids, files = some.parts.read(left.name)
    assert (ids.tolist(), len(files)) == (by_part[0][:1].tolist(), 1)
    tidy(some.parts, by_part[0][:0], 4)
    assert some.parts.parts() == []


def test_small_parts_are_merged_and_lose_nothing(some: Collection) -> None:
    some.make()
    before = {content: path.name for path in some.parts.parts() for content in some.parts.read(path.name)[0]}
    files = [some.picture(path) for path in some.paths]
    rewrite(some.parts, plan_rewriting(some.parts, 100), lambda parts: None)
    assert (len(before), len(some.parts.parts())) == (10, 1)
    assert some.made() == 0
    for path, former in zip(some.paths, files, strict=True):
        assert some.picture(path) == former is not None


def test_pictures_of_a_former_size_go(some: Collection) -> None:
    some.make()
    other = Collection(some.folder, side=64)
    other.add(*some.paths)
    assert other.made() == 10
    remove_former(other.parts)
    assert not some.parts.folder.exists()
    assert other.picture(some.paths[0]) is not None


def test_vectors_have_no_pictures(some: Collection) -> None:
    some.add(kind="vector")
    assert some.make() == {}
    assert len(PackedThumbnails.open(some.folder / "thumbnails.parquet")) == 0


def test_a_page_gets_pictures_of_what_can_be_decoded(some: Collection) -> None:
    (some.folder / "bad.jpg").write_bytes(b"no image")
    some.add(some.folder / "bad.jpg")
    files = {content: [bytes(path)] for content, path in zip(some.ids, some.paths, strict=True)}
    counted: list[int] = []
    found = thumbnails(files, worker_settings(SIDE, 10**6, 1, 30), counted.append)
    assert (len(found), sum(counted)) == (10, 11)
    assert list(found) == [Request(*each).content_id for each in files.items()][:10]


def made_now(workflow: Workflow) -> int:
    """Return how many pictures the last job made."""
    return int(read_record(workflow.results / "thumbnails.parquet").facts["made_now"])


def test_what_the_dashboard_shows_costs_only_what_is_new(collection: Workflow) -> None:
    collection.config |= {"projection": "pca"}
    first = set(collection.jobs("dashboard_data"))
    assert first == {"thumbnails", "projection", "clusters", "cluster_table", "labels", "dashboard_data"}
    table, folder = collection.results / "thumbnails.parquet", collection.results / "thumbnails"
    assert (made_now(collection), len(PackedThumbnails.open(table))) == (20, 20)

    write_pictures(collection.images, 2, first=50)
    (collection.images / "b&<i>.jpg").write_bytes(film([np.asarray(picture(7, (64, 48)))] * 5))
    (collection.images / "half.jpg").write_bytes((collection.images / "image 0.jpg").read_bytes()[:-100])
    told = collection.run("dashboard_data").stderr
    assert "no thumbnail of 1 image, which can't be read or decoded" in told
    assert not re.search(r"Rule: (copy|plan|image_hashes|centroids)\)", told)
    assert "half.jpg" in (collection.results / "logs" / "thumbnails.log").read_text()
    assert made_now(collection) == 3

    victim = next(folder.glob("*/*.arrow"))
    lost = pa.ipc.open_file(victim).read_all().num_rows
    victim.unlink()
    assert collection.jobs("dashboard_data") == {"thumbnails": 1, "dashboard_data": 1}
    assert made_now(collection) == lost
    assert collection.jobs("dashboard_data") == {}
    victim = next(folder.glob("*/*.arrow"))
    alter(victim)
    found = collection.run("verify", check=False)
    assert (found.returncode, victim.name in found.stderr) == (1, True)
    assert collection.jobs("dashboard_data", thumbnail_side=64) == {"thumbnails": 1, "dashboard_data": 1}
    assert made_now(collection) == 23
    assert [each.name for each in folder.glob("*-*")] == [f"{versions.THUMBNAILS}-64"]
    pictures = PackedThumbnails.open(table)
    assert [pictures.get(content) is None for content in id_bytes(read_ids(table))].count(True) == 1
