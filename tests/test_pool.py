"""Views come back from workers whole, whether they fit their slot or not, and slots are used again."""

from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.lib.embedding.pool import SLOT_BYTES, SPARE_SLOTS, WorkerPool
from scripts.lib.embedding.workers import prepare_all
from scripts.lib.files.status import OK
from tests.conftest import write_pictures
from tests.test_workers import requests, settings, treacherous


def views_of_many_sizes(image: Image.Image) -> np.ndarray:
    """Return a view per 10 pixels of width, each of the first pixel's red, a megabyte each."""
    red = np.asarray(image)[0, 0, 0]
    return np.full((image.width // 10, 1 << 20), red)


def test_views_that_do_not_fit_the_memory_come_all_the_same(tmp_path: Path) -> None:
    widths = [10, 30, 100, 20, 200, 10, 90, 10]  # together far more than a slot holds, and one more alone
    assert SLOT_BYTES >> 20 < 200 // 10
    paths = [tmp_path / f"{i}.png" for i in range(len(widths))]
    for i, (path, width) in enumerate(zip(paths, widths, strict=True)):
        Image.new("RGB", (width, 8), (i, 0, 0)).save(path)
    answers = list(prepare_all(requests(paths), settings(views_of_many_sizes)))
    for i, (answer, width) in enumerate(zip(answers, widths, strict=True)):
        assert answer.views is not None
        assert answer.views.shape == (width // 10, 1 << 20)
        assert (answer.views == i).all()


def test_a_pool_serves_one_run_after_the_other_though_workers_die(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path, 10)
    Image.new("RGB", (9, 1)).save(tmp_path / "dies.png")
    with WorkerPool(2) as pool:
        for _ in range(2):
            answers = list(
                prepare_all(requests([*paths, tmp_path / "dies.png"]), settings(treacherous), pool)
            )
            assert [each.status == OK for each in answers] == [True] * 10 + [False]
            assert sorted(pool.slots) == list(range(pool.tasks + SPARE_SLOTS))


def test_no_image_is_blamed_where_all_processes_are_gone(tmp_path: Path) -> None:
    wanted = requests(write_pictures(tmp_path, 40))
    with WorkerPool(2) as pool:
        answers = []
        for answer in prepare_all(wanted, settings(), pool):
            if len(answers) in (0, 20):  # pebble does so where it finds them dead and at no task
                manager = pool._processes._pool_manager
                manager.handle_broken_pool(BrokenProcessPool("All workers expired"))
            answers.append(answer)
    assert [each.content_id for each in answers] == [each.content_id for each in wanted]
    assert {each.status for each in answers} == {OK}


def test_the_memory_of_a_task_that_failed_is_left_alone(tmp_path: Path) -> None:
    Image.new("RGB", (9, 1)).save(tmp_path / "dies.png")
    with WorkerPool(2) as pool:
        first = pool.slots[0]
        list(prepare_all(requests([tmp_path / "dies.png"]), settings(treacherous), pool))
        assert pool.slots[-1] == first
