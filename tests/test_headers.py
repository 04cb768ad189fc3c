"""Headers that only a library can read: a file at which it hangs or crashes costs itself."""

import errno
import io
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from PIL import Image

from scripts.lib.files.found import Found
from scripts.lib.files.hashes import HashCache, Identity, hash_cache, identify_all
from scripts.lib.files.walk import Tree, walk
from scripts.lib.images import formats
from scripts.lib.images.decode import read_header, read_plain_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.headers import LibraryHeaders
from scripts.lib.images.readers.protocol import Header
from tests import faults
from tests.encoded import encoded
from tests.films import clip

SECONDS = 3.0  # enough to import a library
WHOLE = faults.images() | faults.odd()
LIBRARIES = ("RAW", "MP4", "MATROSKA", "AVI")  # the formats of which only a library can read the header


def treacherous(path: bytes) -> Header:
    """Read a header, but hang, die or be killed at files of such names."""
    match Path(os.fsdecode(path)).stem:
        case "hangs":
            time.sleep(60)
        case "dies":
            os._exit(7)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
    return read_header(path)


def never(path: bytes) -> Header:
    raise AssertionError("this is known already")


def changing(path: bytes) -> Header:
    """Read the header of a file that changes meanwhile."""
    header = read_header(path)
    with open(path, "ab") as file:
        file.write(b"more")
    return header


def slow_disk(path: bytes) -> Header:
    raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")


def found_in(folder: Path) -> list[Found]:
    return [entry for entry in walk(Tree([bytes(folder)])) if isinstance(entry, Found)]


def identified(files: list[Found], cache: HashCache, read: Callable[[bytes], Header]) -> list[Identity]:
    with LibraryHeaders(2, SECONDS, read) as headers:
        return identify_all(files, cache, 2, headers, lambda count: None)


# --- which headers need a library


@pytest.mark.parametrize("name", [*WHOLE, *faults.films()])
def test_a_plain_header_is_read_without_any_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (WHOLE | faults.films())[name]
    header = read_header(io.BytesIO(data))
    monkeypatch.setattr(formats, "library", lambda package: pytest.fail(f"{package.name} was asked"))
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    assert read_plain_header(io.BytesIO(data)) == (None if header.format in LIBRARIES else header)


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
def test_a_size_that_the_boxes_do_not_say_is_left_to_the_library(format: str) -> None:
    data = encoded(faults.NOISE, format).replace(b"ispe", b"none")
    assert read_plain_header(io.BytesIO(data)) is None


def test_a_plain_header_that_is_broken_needs_no_second_opinion() -> None:
    for fault in faults.gigantic():
        assert read_plain_header(io.BytesIO(fault.data)) or fault.name.endswith(".dng")
    for data in (b"", b"no image", encoded(faults.NOISE, "HEIF")[:30]):
        with pytest.raises(Undecodable):
            read_plain_header(io.BytesIO(data))


def test_no_process_is_started_where_no_header_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, data in WHOLE.items():
        if read_plain_header(io.BytesIO(data)):
            (folder / name).write_bytes(data)
    monkeypatch.setattr("pebble.pool.process.launch_process", lambda *_: pytest.fail("a process was started"))
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(found_in(folder), cache, read_header)
        assert len(identities) > 20
        assert {identity.error for identity in identities} == {None}
        (folder / "film.mp4").write_bytes(clip(frames=5))
        with pytest.raises(pytest.fail.Exception, match="a process was started"):
            identified(found_in(folder), cache, read_header)


# --- libraries that fail


def test_a_library_that_hangs_or_crashes_costs_one_file_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    names = ["a", "dies", "e", "hangs", "i", "is killed", "o", "u"]
    for number, name in enumerate(names, 2):
        (folder / f"{name}.mp4").write_bytes(clip(frames=number))
    (folder / "half.mp4").write_bytes(clip()[:500])
    faults.NOISE.save(folder / "photo.jpg")
    files = found_in(folder)
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(files, cache, treacherous)
        assert identified(files, cache, never) == identities
    contents = [Path(os.fsdecode(each.path)).read_bytes() for each in files]
    assert [identity.content_id for identity in identities] == [blake3(each).digest() for each in contents]
    found = {Path(os.fsdecode(f.path)).name: i for f, i in zip(files, identities, strict=True)}
    errors = {name: identity.error for name, identity in found.items() if identity.error}
    assert "broken or truncated" in errors.pop("half.mp4")
    assert errors == {
        "dies.mp4": "the decoder crashed (exit code 7)",
        "hangs.mp4": "decoding did not end within 3 s",
        "is killed.mp4": "the decoder crashed (exit code -9)",
    }
    assert {found[f"{name}.mp4"][1:4] for name in "aeiou"} == {("MP4", 64, 48)}
    assert found["photo.jpg"][1:4] == ("JPEG", 72, 64)
    with hash_cache(tmp_path / "side", retry=True) as cache:
        assert all(identity.error is None for identity in identified(files[:2], cache, read_header))


def test_the_header_is_of_the_bytes_that_were_hashed(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(clip(frames=5))
    (found,) = found_in(tmp_path)
    with hash_cache(tmp_path / "side") as cache:
        (identity,) = identified([found], cache, changing)
        assert identity == Identity(None, None, None, None, "can't be read: it changed meanwhile")
        assert cache.lookup(found) is None


def test_failures_of_reading_stay_what_they_are(tmp_path: Path) -> None:
    with LibraryHeaders(1, SECONDS) as headers, pytest.raises(FileNotFoundError):
        headers.read(b"/nowhere.mp4")
    with LibraryHeaders(1, SECONDS, slow_disk) as headers, pytest.raises(OSError, match="timed out"):
        headers.read(b"film.mp4")
