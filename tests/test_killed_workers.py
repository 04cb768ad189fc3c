"""Decode workers, and the server that forks them, are killed from outside: no image is lost by that."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from scripts.lib.embedding.workers import prepare_all
from scripts.lib.files.status import OK
from tests.conftest import write_pictures
from tests.test_workers import mean_colour, requests, settings


def slow(image: Image.Image) -> np.ndarray:
    """Take long enough for a kill to fall between two images."""
    time.sleep(0.02)
    return mean_colour(image)


def processes() -> list[psutil.Process]:
    """Return the server that forks the workers, and the workers."""
    (server,) = (
        child for child in psutil.Process().children() if "multiprocessing.forkserver" in str(child.cmdline())
    )
    return [server, *server.children()]


@pytest.mark.parametrize("victims", [[1], [0], [0, 1], [0, 1, 2]], ids=["worker", "server", "both", "all"])
def test_the_run_goes_on(tmp_path: Path, victims: list[int]) -> None:
    wanted = requests(write_pictures(tmp_path, 60))
    answers = []
    for answer in prepare_all(iter(wanted), settings(slow)):
        if not answers:
            found = processes()
            for victim in victims:
                os.kill(found[victim].pid, signal.SIGKILL)
        answers.append(answer)
    assert [each.content_id for each in answers] == [each.content_id for each in wanted]
    assert {each.status for each in answers} == {OK}
