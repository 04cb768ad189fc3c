"""Each job has a GPU to itself, for as long as it lives."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib.embedding.models import device
from scripts.lib.errors import InputError
from tests.conftest import ROOT, wait_until

HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from scripts.lib.embedding.models.device import claim_gpu
print(claim_gpu(sys.argv[2:]), flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the locks a folder of their own, and forget them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    device.own_gpu.cache_clear()
    yield tmp_path
    device.own_gpu.cache_clear()
    while device._held:
        device._held.pop().close()


def holder(folder: Path, *gpus: str) -> tuple[subprocess.Popen[str], str]:
    """Start a process that takes a GPU and keeps it; return it and which it got."""
    command = [sys.executable, "-c", HOLD, str(folder), *gpus]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    got = process.stdout.readline().strip()
    process.stdout.close()
    return process, got


def test_jobs_take_one_gpu_each_and_a_death_frees_it(folder: Path) -> None:
    gpus = ["first", "second"]
    jobs = [holder(folder, *gpus) for _ in range(3)]
    assert [got for _, got in jobs] == ["0", "1", "None"]
    assert device.claim_gpu(gpus) is None
    jobs[1][0].kill()
    jobs[1][0].wait()
    assert device.claim_gpu(gpus) == 1
    for process, _ in jobs:
        process.kill()
        process.wait()


def test_a_job_keeps_its_gpu_however_often_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_gpus", lambda: ["first", "second"])
    assert [device.choose_device(wanted) for wanted in ("auto", "cuda", "cpu", "auto")] == [
        "cuda:0",
        "cuda:0",
        "cpu",
        "cuda:0",
    ]


def test_a_job_waits_for_a_gpu(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_gpus", lambda: ["only"])
    process, _ = holder(folder, "only")

    def end(seconds: float) -> None:
        process.kill()
        process.wait()

    monkeypatch.setattr(device.time, "sleep", end)
    assert device.choose_device("auto") == "cuda:0"
    wait_until(lambda: process.poll() is not None, "it has ended")


def test_without_a_gpu_networks_run_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_gpus", list)
    assert device.choose_device("auto") == "cpu"
    with pytest.raises(InputError, match="device=cpu"):
        device.choose_device("cuda")
