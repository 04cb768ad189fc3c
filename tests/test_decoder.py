"""Pictures for the dashboard: of what files hold, and of nothing else; no file stops it."""

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from scripts.lib.dashboard.decoder import Decoder
from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pictures import NO_PICTURE, serve_pictures
from scripts.lib.files.content_ids import content_id_of
from tests.conftest import picture
from tests.small_results import Small, write_results

PIXELS = 20_000
SECONDS = 3.0


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    started = Decoder(PIXELS, SECONDS)
    yield started
    started.end()


def content(path: Path) -> bytes:
    return content_id_of(path.read_bytes())


def shape(image: bytes | None) -> tuple[int, int]:
    assert image is not None
    return Image.open(io.BytesIO(image)).size


def write(path: Path, size: tuple[int, int] = (120, 80)) -> Path:
    picture(1, size).save(path)
    return path


def test_a_picture_is_as_large_as_is_asked_for_and_no_larger_than_the_image(
    decoder: Decoder, tmp_path: Path
) -> None:
    file = write(tmp_path / "image.png")
    for side, wanted in ((60, (60, 40)), (1600, (120, 80))):
        made = decoder.picture(content(file), [bytes(file)], side)
        assert shape(made) == wanted
        assert decoder.picture(content(file), [], side) is made  # it is kept


def test_only_what_the_order_knows_is_shown(decoder: Decoder, tmp_path: Path) -> None:
    file, other = write(tmp_path / "image.png"), write(tmp_path / "other.png", (100, 90))
    wanted = content(file)
    other.replace(file)
    assert decoder.picture(wanted, [bytes(file), b"/nowhere", bytes(tmp_path)], 50) is None
    back = write(tmp_path / "back.png")
    assert shape(decoder.picture(wanted, [b"/nowhere", bytes(file), bytes(back)], 50)) == (50, 33)


def test_files_that_are_no_pictures_end_nothing(decoder: Decoder, tmp_path: Path) -> None:
    large = write(tmp_path / "large.png", (200, 150))  # more pixels than the limit
    cut, text = tmp_path / "cut.png", tmp_path / "text.jpg"
    cut.write_bytes(large.read_bytes()[:60])
    text.write_text("<script>")
    for file in (large, cut, text):
        assert decoder.picture(content(file), [bytes(file)], 50) is None
    assert shape(decoder.picture(content(write(large)), [bytes(large)], 50)) == (50, 33)


def test_a_file_that_never_ends_holds_up_no_other(decoder: Decoder, tmp_path: Path) -> None:
    pipe, file = tmp_path / "pipe.jpg", write(tmp_path / "image.png", (90, 80))
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        hung = threads.submit(decoder.picture, bytes(32), [bytes(pipe)], 50)
        assert shape(decoder.picture(content(file), [bytes(file)], 50)) == (50, 44)
        assert hung.result() is None
    assert decoder.picture(bytes(32), [bytes(file)], 50) is None  # it is not tried again
    assert shape(decoder.picture(content(file), [bytes(file)], 40)) == (40, 36)


def test_there_are_no_pictures_after_the_end(tmp_path: Path) -> None:
    decoder, file = Decoder(PIXELS, SECONDS), write(tmp_path / "image.png")
    decoder.end()
    assert decoder.picture(content(file), [bytes(file)], 50) is None


def test_what_has_no_picture_is_a_sign_and_not_kept(decoder: Decoder, tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(4, copies=1, has=()))
    library, server = Library(results), Flask("pictures")
    snapshot = library.refresh()
    assert snapshot is not None
    serve_pictures(server, library, decoder, lambda *_: None)
    gone = next(place for place in range(5) if not snapshot.same_content(place))
    twice = next(place for place in range(5) if snapshot.same_content(place))
    for place in (gone, twice):
        Path(os.fsdecode(snapshot.file(place))).unlink()
    client = server.test_client()
    sign = client.get(f"/image/{snapshot.generation}/{gone}")
    assert (sign.status_code, sign.data, sign.mimetype) == (200, NO_PICTURE, "image/svg+xml")
    assert "Cache-Control" not in sign.headers
    other = client.get(f"/thumbnail/{snapshot.generation}/{twice}")  # a file of the same bytes is there
    assert (other.mimetype, shape(other.data)) == ("image/jpeg", (96, 64))
