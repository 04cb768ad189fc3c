"""Decode processes, and the server that forks them, are killed from outside: no image is lost by that."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from scripts.lib.embedding.workers import prepare_all
from scripts.lib.files.status import OK
from scripts.lib.images import decoder_processes
from scripts.lib.images.headers import LibraryHeaders
from scripts.lib.images.readers.protocol import Header
from tests.conftest import ROOT, wait_until, write_pictures
from tests.test_workers import mean_colour, requests, settings

SECONDS = 0.06  # for an image: long enough for a kill to fall into one


def slow(image: Image.Image) -> np.ndarray:
    time.sleep(SECONDS)
    return mean_colour(image)


def processes(owner: int | None = None) -> list[psutil.Process]:
    """Return the server that forks the workers, and the workers."""
    children = psutil.Process(owner).children()
    (server,) = (child for child in children if "multiprocessing.forkserver" in str(child.cmdline()))
    return [server, *server.children()]


def slow_header(path: bytes) -> Header:
    time.sleep(SECONDS)
    return Header(int(path), 1, "MP4")


whoever = pytest.mark.parametrize(
    "victims", [[1], [0], [0, 1], [0, 1, 2]], ids=["worker", "server", "both", "all"]
)


def kill(victims: list[int]) -> None:
    """Kill some of the processes, one of which has just given an answer."""
    found = processes()
    time.sleep(SECONDS / 3)  # one that is killed as it takes a task keeps the others from theirs for long
    for victim in victims:
        os.kill(found[victim].pid, signal.SIGKILL)


@whoever
def test_the_run_goes_on(tmp_path: Path, victims: list[int]) -> None:
    wanted = requests(write_pictures(tmp_path, 40))
    answers = []
    for answer in prepare_all(iter(wanted), settings(slow)):
        if not answers:
            kill(victims)
        answers.append(answer)
    assert [each.content_id for each in answers] == [each.content_id for each in wanted]
    assert {each.status for each in answers} == {OK}


@whoever
def test_the_scan_goes_on(victims: list[int]) -> None:
    numbers = range(1, 41)
    with LibraryHeaders(2, 30, slow_header) as headers, ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda number: headers.read(b"%d" % number), numbers)
        first = next(answers)
        kill(victims)
        assert [header.width for header in (first, *answers)] == list(numbers)


def killed_in_its_turn(path: bytes) -> Header:
    """Have the first process that gets here killed while no other may take a task or answer."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return Header(1, 1, "MP4")
    frame = sys._getframe()
    while "channel" not in frame.f_locals:  # pebble's
        assert frame.f_back
        frame = frame.f_back
    frame.f_locals["channel"].mutex.acquire()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it was killed")


def test_the_scan_goes_on_where_a_process_took_the_turn_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_processes, "TURN_SECONDS", 0.5)
    (tmp_path / "first").touch()
    with LibraryHeaders(2, 30, killed_in_its_turn) as headers, ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(headers.read, [os.fsencode(tmp_path / "first")] * 8))
    assert answers == [Header(1, 1, "MP4")] * 8


def endless_header(path: bytes) -> Header:
    print(os.getpid(), flush=True)
    time.sleep(600)
    raise AssertionError("the owner was killed long ago")


def at_work(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


OWNER = """
from scripts.lib.images.headers import LibraryHeaders
from tests.test_killed_workers import endless_header

if __name__ == "__main__":
    with LibraryHeaders(2, 600, endless_header) as headers:
        headers.read(b"endless")
"""


def test_no_process_outlives_a_scan_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "owner.py").write_text(OWNER)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "owner.py")], env=environment, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout
        assert int(owner.stdout.readline())  # of the process that reads
        started = processes(owner.pid)
        owner.kill()
    wait_until(lambda: not any(map(at_work, started)), "no process is left")
