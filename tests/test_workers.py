"""Workers prepare what they were asked for, and one that hangs or dies costs one image."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from PIL import Image

from scripts.lib.embedding import workers
from scripts.lib.embedding.workers import Prepared, Request, WorkerSettings, prepare_all
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE, UNREADABLE
from scripts.lib.images.decode import decode_all
from tests.conftest import write_pictures
from tests.films import clip


def mean_colour(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32).mean((0, 1))


def two_views(image: Image.Image) -> np.ndarray:
    return np.stack([mean_colour(image), mean_colour(image.crop((0, 0, 9, 9)))])


def treacherous(image: Image.Image) -> np.ndarray:
    """Die on images 1 pixel high, hang on those 2 pixels high, fail on those 3 pixels high."""
    if image.height == 1:
        os._exit(7)
    if image.height == 2:
        time.sleep(60)
    if image.height == 3:
        raise ValueError("three")
    return mean_colour(image)


def settings(prepare: object = mean_colour, timeout: float = 30) -> WorkerSettings:
    return WorkerSettings(prepare, target=32, pixel_limit=10**6, workers=2, timeout=timeout)


def requests(paths: list[Path]) -> list[Request]:
    return [Request(blake3(path.read_bytes()).digest(), [bytes(path)]) for path in paths]


def by_id(prepared: Iterator[Prepared]) -> dict[bytes, Prepared]:
    return {each.content_id: each for each in prepared}


def test_answers_in_order_and_for_everything(tmp_path: Path) -> None:
    wanted = requests(write_pictures(tmp_path, 40))
    answers = list(prepare_all(iter(wanted), settings()))
    assert [each.content_id for each in answers] == [each.content_id for each in wanted]
    assert all(each.status == OK and each.views is not None for each in answers)


def test_a_vector_is_never_stored_under_another_images_name(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path, 3)
    wanted = requests(paths)
    paths[1].write_bytes(paths[2].read_bytes())
    answers = by_id(prepare_all(wanted, settings()))
    assert answers[wanted[1].content_id].status == CHANGED
    assert answers[wanted[1].content_id].views is None
    assert answers[wanted[2].content_id].status == OK


def test_large_files_are_checked_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WHOLE_BYTES", 0)
    path = write_pictures(tmp_path, 1)[0]
    request = requests([path])[0]
    assert workers.prepare_one(request, settings()).status == OK
    for content in (b"other", b""):
        path.write_bytes(content)
        assert workers.prepare_one(request, settings()).status == CHANGED


def test_a_file_that_memory_does_not_hold_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(workers, "_prepare_file", fails)
    answer = workers.prepare_one(requests(write_pictures(tmp_path, 1))[0], settings())
    assert answer.status == UNREADABLE
    assert "not enough memory" in str(answer.error)


def test_a_video_is_the_views_of_its_frames_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(clip(frames=40))
    (request,) = requests([tmp_path / "film.mp4"])
    for count in (1, 4):
        answer = workers.prepare_one(request, replace(settings(two_views), video_frames=count))
        frames = decode_all((tmp_path / "film.mp4").read_bytes(), 32, 10**6, count)
        assert len(frames) == count
        np.testing.assert_array_equal(answer.views, np.concatenate([two_views(frame) for frame in frames]))


def test_the_next_file_of_the_content_is_tried(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path, 1)
    content = requests(paths)[0].content_id
    request = Request(content, [b"/nowhere.jpg", bytes(paths[0])])
    assert by_id(prepare_all([request], settings()))[content].status == OK
    alone = Request(content, [b"/nowhere.jpg"])
    answer = by_id(prepare_all([alone], settings()))[content]
    assert answer.status == UNREADABLE
    assert "/nowhere.jpg" in str(answer.error)


def test_one_bad_image_never_stops_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GROUP", 3)
    paths = write_pictures(tmp_path, 10)
    for name, height in (("dies.png", 1), ("hangs.png", 2), ("fails.png", 3)):
        Image.new("RGB", (9, height), (height, 0, 0)).save(tmp_path / name)
        paths.insert(9, tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(paths[0].read_bytes()[:200])
    wanted = requests([*paths, tmp_path / "broken.jpg"])
    answers = list(prepare_all(wanted, settings(treacherous, timeout=1.0)))
    assert [each.content_id for each in answers] == [each.content_id for each in wanted]
    reasons = {Path(os.fsdecode(w.paths[0])).name: a for w, a in zip(wanted, answers, strict=True)}
    assert "crashed (exit code 7)" in str(reasons.pop("dies.png").error)
    assert "did not end within 1 s" in str(reasons.pop("hangs.png").error)
    assert "three" in str(reasons.pop("fails.png").error)
    assert reasons.pop("broken.jpg").status == UNDECODABLE
    assert {each.status for each in reasons.values()} == {OK}


def once(image: Image.Image, trace: Path) -> np.ndarray:
    """End the worker the first time, whatever the image."""
    if not trace.exists():
        trace.touch()
        os._exit(9)
    return mean_colour(image)


def test_a_worker_that_is_killed_costs_no_image(tmp_path: Path) -> None:
    wanted = requests(write_pictures(tmp_path, 3))
    answers = list(prepare_all(wanted, settings(partial(once, trace=tmp_path / "killed"))))
    assert (tmp_path / "killed").exists()
    assert [each.status for each in answers] == [OK] * 3
