"""One run at a time, and no lock that outlives its owner."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scripts.lib.errors import InputError
from scripts.lib.run import lock
from scripts.lib.run.lock import Owner, claim, named_owner, this_process
from tests.conftest import ROOT

HOLD = "import sys, pathlib; from scripts.lib.run.lock import claim; x = claim(pathlib.Path(sys.argv[1]));"


def holder(path: Path, then: str) -> subprocess.Popen[str]:
    program = f"{HOLD} print('held', flush=True); {then}"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_until_the_first_dies(tmp_path: Path) -> None:
    process = holder(tmp_path / "run.lock", "import time; time.sleep(60)")
    with pytest.raises(InputError, match="Another run is at work"):
        claim(tmp_path / "run.lock")
    process.kill()
    process.communicate()
    claim(tmp_path / "run.lock").close()


def test_without_kernel_locks_the_owner_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "fcntl", None)
    process = holder(tmp_path / "other.lock", "import time; time.sleep(60)")
    path = tmp_path / "run.lock"
    path.write_text(json.dumps(asdict(replace(this_process(), process=process.pid))))
    with pytest.raises(InputError):
        claim(path)
    process.kill()
    process.communicate()
    claim(path).close()
    assert named_owner(path) == replace(this_process(), begun=named_owner(path).begun)


ELSEWHERE = Owner("elsewhere", 1, "2026-01-02 03:04:05", "seriatim_1")


@pytest.mark.parametrize("kernel", [True, False])
def test_an_owner_on_another_host_is_respected_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: bool
) -> None:
    if not kernel:
        monkeypatch.setattr(lock, "fcntl", None)
    path = tmp_path / "run.lock"
    path.write_text(json.dumps(asdict(ELSEWHERE)))
    with pytest.raises(InputError, match=f"process 1 on elsewhere.* remove {path}"):
        claim(path)
    assert named_owner(path) == ELSEWHERE


@pytest.mark.parametrize(("lives", "is_taken"), [(True, False), (False, True), (None, False)])
def test_an_owner_in_a_job_of_the_cluster_lives_as_long_as_that(
    tmp_path: Path, lives: bool | None, is_taken: bool
) -> None:
    path = tmp_path / "run.lock"
    path.write_text(json.dumps(asdict(replace(ELSEWHERE, job="7"))))
    if is_taken:
        held = claim(path, lambda job: lives)
        assert named_owner(path).run == "seriatim_1"  # its jobs are to be looked for
        held.name(None)
        assert named_owner(path) is None
        held.close()
    else:
        with pytest.raises(InputError):
            claim(path, lambda job: lives)


def test_an_owner_is_named_until_it_ends_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    program = (
        f"import os, pathlib; from scripts.lib.run.lock import *; lock = claim(pathlib.Path({str(path)!r}));"
    )
    program += "lock.name(this_process('seriatim_1')); os.fork() or os._exit(0); os.wait(); "
    for end, is_named in (("", False), ("os._exit(0)", True)):
        subprocess.run([sys.executable, "-c", program + end], cwd=ROOT, check=True)
        owner = named_owner(path)
        assert (owner is not None and owner.run == "seriatim_1") == is_named
