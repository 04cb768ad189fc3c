"""Members of tars, wherever originals are read: decoded, copied, verified, undone; never linked or moved."""

import os
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from PIL import Image

from scripts.lib.embedding import workers
from scripts.lib.embedding.workers import Request, WorkerSettings, prepare_all, prepare_one
from scripts.lib.errors import OutputError
from scripts.lib.files.originals import content_of
from scripts.lib.files.status import CHANGED, OK, UNREADABLE
from scripts.lib.files.tars.members import INDEX_FOLDER, INDEXES
from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.decoder_processes import DecoderProcesses
from scripts.lib.images.headers import LibraryHeaders
from scripts.lib.output.copied import check_sources
from scripts.lib.output.kinds import Supposed, with_kinds
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Wanted, names_of, targets_of
from scripts.lib.output.undo import undo
from scripts.lib.pictures.contact_sheet import contact_sheet
from scripts.lib.run.triggers import remember_failures, token_in
from tests.conftest import picture, write_pictures
from tests.copying import Photos, statuses, tree, wanted
from tests.films import clip
from tests.shards import TIME, jpeg, write_shard, write_tar


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INDEX_FOLDER, raising=False)
    INDEXES.clear()


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def mean_colour(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32).mean((0, 1))[np.newaxis]


SETTINGS = WorkerSettings(mean_colour, target=32, pixel_limit=10**6, workers=2, timeout=30)


def member(tar: Path, name: str, position: int = 0) -> Wanted:
    path = bytes(tar) + b"/" + os.fsencode(name)
    data = content_of(path)
    return Wanted(position, path, blake3(data).digest(), Seen(len(data), TIME * 10**9))


def test_workers_prepare_members_as_they_do_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tar, (path,) = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(0)}), write_pictures(tmp_path, 1)
    inside = bytes(tar) + b"/a.jpg"
    request = Request(blake3(jpeg(0)).digest(), [inside])
    (prepared,) = prepare_all([request], SETTINGS)
    assert np.array_equal(prepared.views, prepare_one(request._replace(paths=[bytes(path)]), SETTINGS).views)
    monkeypatch.setattr(workers, "WHOLE_BYTES", 10)
    assert np.array_equal(prepare_one(request, SETTINGS).views, prepared.views)
    assert prepare_one(request._replace(content_id=bytes(32)), SETTINGS).status == CHANGED
    for gone in (b"/b.jpg", b"/a.jpg/b.jpg"):
        assert prepare_one(request._replace(paths=[bytes(tar) + gone]), SETTINGS).status == UNREADABLE
    assert prepare_one(request._replace(paths=[bytes(tar) + b"/b.jpg", inside]), SETTINGS).status == OK


def test_every_way_to_an_image_reads_members(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(1), "film.mp4": clip(frames=5)})
    path = tar / "a.jpg"
    assert read_header(bytes(path)).format == "JPEG"
    assert decode(str(path), 16, 10**6).size == picture(1).size
    assert decode(str(tar / "film.mp4"), 16, 10**6).mode == "RGB"
    with LibraryHeaders(1, 60) as headers:
        assert headers.read(bytes(tar) + b"/film.mp4").format == "MP4"
    sheet = contact_sheet([path, tar / "film.mp4"])
    assert sheet.size[0] > 0
    processes = DecoderProcesses(1)  # in which large pictures of the dashboard are decoded
    request = Request(blake3(jpeg(1)).digest(), [bytes(path)])
    assert processes.submit(prepare_one, (request, SETTINGS), 30).result().status == OK
    processes.end()


def test_copies_of_members_have_their_names_times_and_bytes(photos: Photos, tmp_path: Path) -> None:
    tar = write_shard(tmp_path / "s" / "1.tar", 3)
    path = photos.make("file.jpg", "a file")
    order = [member(tar, "0002.jpg", 0), wanted(1, path), member(tar, "0000.jpg", 2)]
    before = tree(tmp_path)
    assert statuses(photos.copy_wanted(order)) == ["copied"] * 3
    assert (photos.output / "0000_0002.jpg").read_bytes() == jpeg(2)
    assert (photos.output / "0002_0000.jpg").stat().st_mtime_ns == TIME * 10**9
    assert statuses(photos.copy_wanted(order)) == ["kept"] * 3
    turned = [each._replace(position=2 - each.position) for each in order[::-1]]
    assert statuses(photos.copy_wanted(turned)) == ["renamed", "kept", "renamed"]
    summary = photos.copy_wanted(turned[:1])
    assert len(summary.removed) == 2  # which are in the tar and in the folder, still
    assert summary.set_aside == []
    assert photos.undo().refused == []
    assert photos.copies() == {}
    assert {path: state for path, state in tree(tmp_path).items() if "output" not in path} == before


def test_a_member_that_is_not_what_was_scanned_is_a_row(photos: Photos, tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(1), "b.jpg": jpeg(2)})
    order = [member(tar, "a.jpg", 0), member(tar, "b.jpg", 1)]
    write_tar(tar, {"a.jpg": jpeg(3), "c.jpg": jpeg(2)})
    summary = photos.copy_wanted(order)
    assert statuses(summary) == ["failed"] * 2
    assert [str(row.error).partition(":")[0] for row in summary.files] == [
        "changed since the scan",
        "can't be read",
    ]
    assert photos.copies() == {}


def test_a_file_that_is_removed_while_it_is_copied_is_no_member(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photos.make("a.jpg", "a")
    order = [wanted(0, path)]
    read = os.read

    def removing(fd: int, size: int) -> bytes:
        path.unlink(missing_ok=True)
        return read(fd, size)

    monkeypatch.setattr(os, "read", removing)
    assert statuses(photos.copy_wanted(order)) == ["copied"]


def test_the_last_copy_of_a_member_whose_tar_is_gone_stays(photos: Photos, tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(1)})
    order = [member(tar, "a.jpg")]
    photos.copy_wanted(order)
    tar.unlink()
    assert "last copy" in photos.undo().refused[0].reason
    assert list(photos.output.glob("*.jpg"))


@pytest.mark.parametrize("mode", ["hardlink", "symlink", "move"])
def test_members_are_copied_where_files_are_linked_or_moved_if_that_is_allowed(
    photos: Photos, tmp_path: Path, mode: str
) -> None:
    tar, path = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(1)}), photos.make("b.jpg", "b")
    order = [member(tar, "a.jpg", 0), wanted(1, path)]
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"1 of 2 images lie in a tar .*copy_fallback=true"):
        photos.copy_wanted(order, mode=mode)
    targets = targets_of(order, names_of(order, Naming()))
    able = Supposed(os.stat(tmp_path).st_dev)
    with pytest.raises(OutputError, match="lie in a tar"):
        with_kinds(photos.output, targets, mode, False, able)
    assert {path: state for path, state in tree(tmp_path).items() if "output" not in path} == before
    made = "moved" if mode == "move" else "linked"
    assert statuses(photos.copy_wanted(order, mode=mode, fallback=True)) == ["copied", made]
    assert tar.exists()
    assert path.exists() == (mode != "move")
    assert (photos.output / "0000_a.jpg").read_bytes() == jpeg(1)
    assert not (photos.output / "0000_a.jpg").is_symlink()
    assert photos.undo().refused == []
    assert {path: state for path, state in tree(tmp_path).items() if "output" not in path} == before


def test_sources_that_are_gone_are_missed_in_tars_too(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": jpeg(1)})
    order = [member(tar, "a.jpg")]
    check_sources(order, allow_shrink=False)
    tar.unlink()
    with pytest.raises(Exception, match="1 of 1 images to be copied are gone"):
        check_sources(order, allow_shrink=False)


def test_files_that_a_list_names_go_back_to_their_places_and_nowhere_else(photos: Photos) -> None:
    paths = [photos.make("a.jpg", "a"), photos.make("b.jpg", "b")]
    before = tree(photos.sources)
    photos.copy(paths, mode="move")
    listed = {os.fsencode(paths[0])}
    summary = undo(photos.output, "photos", 1, lambda count: None, [b"list.txt"], listed=listed)
    assert summary.returned == [b"0000_a.jpg"]
    assert len(summary.refused) == 1
    photos.undo()
    assert tree(photos.sources) == before


def test_a_member_that_could_not_be_read_is_tried_again_once_its_tar_is_back(tmp_path: Path) -> None:
    side, tar = tmp_path / "side.json", tmp_path / "t.tar"
    remember_failures(side, "token", 1, [bytes(tar) + b"/a.jpg"])
    assert token_in(side) == "token"
    write_tar(tar, {"a.jpg": jpeg(1)})
    assert token_in(side) != "token"
