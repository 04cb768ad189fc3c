"""One run at a time, and no lock that outlives its owner."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.errors import InputError
from scripts.lib.run import lock
from scripts.lib.run.lock import claim
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
    path.write_text(f"{lock.socket.gethostname()} {process.pid}\n")
    with pytest.raises(InputError):
        claim(path)
    process.kill()
    process.communicate()
    claim(path).close()
    assert path.read_text().split() == [lock.socket.gethostname(), str(lock.os.getpid())]


def test_an_owner_on_another_host_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "fcntl", None)
    (tmp_path / "run.lock").write_text("elsewhere 1\n")
    with pytest.raises(InputError):
        claim(tmp_path / "run.lock")
