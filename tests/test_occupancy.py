"""Many share a store, one at a time puts it in order, and no lock outlives its owner."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts.lib.embedding.upkeep import occupancy
from scripts.lib.embedding.upkeep.occupancy import LOCK, alone_in, occupying
from scripts.lib.errors import InputError
from tests.conftest import ROOT, wait_until

OCCUPANT = (
    "import sys, time, pathlib\n"
    "from scripts.lib.embedding.upkeep.occupancy import {how}\n"
    "with {how}(pathlib.Path(sys.argv[1]){more}):\n"
    "    print('there', flush=True); time.sleep(60)\n"
)


def occupant(store: Path, how: str, more: str = "") -> subprocess.Popen[str]:
    """Start a process that shares a store, or has it alone, until it is killed."""
    program = OCCUPANT.format(how=how, more=more)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(store)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_who_shares_a_store_keeps_others_from_putting_it_in_order(tmp_path: Path) -> None:
    other = occupant(tmp_path, "occupying", ", print")
    with pytest.raises(InputError, match="Another process is at work"), alone_in(tmp_path):
        pass
    with occupying(tmp_path, print) as mine, mine.alone() as alone:
        assert not alone
    end(other)
    with occupying(tmp_path, print) as mine, mine.alone() as alone:
        assert alone
    with alone_in(tmp_path):
        pass


def test_after_being_alone_a_store_is_shared_again(tmp_path: Path) -> None:
    with occupying(tmp_path, print) as mine:
        with mine.alone():
            pass
        end(occupant(tmp_path, "occupying", ", print"))
        with pytest.raises(InputError), alone_in(tmp_path):
            pass


def test_who_wants_to_share_waits_and_says_so(tmp_path: Path) -> None:
    other = occupant(tmp_path, "alone_in")
    told: list[str] = []
    entered = threading.Event()

    def enter() -> None:
        with occupying(tmp_path, told.append):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    wait_until(lambda: bool(told), "the wait is told")
    assert not entered.is_set()
    end(other)
    thread.join()
    assert entered.is_set()
    assert "waits until the store" in told[0]


def test_without_locks_somebody_must_vouch_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "flock", lambda *_, **__: False)
    with pytest.raises(InputError, match="--unlocked"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path, unlocked=True):
        pass
    with occupying(tmp_path, print) as mine, mine.alone() as alone:
        assert not alone


def test_a_store_that_can_not_be_written_is_shared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with occupying(tmp_path, print):
        pass
    opened = Path.open

    def read_only(path: Path, mode: str = "r", **more: str) -> object:
        if path.name == LOCK and mode != "r":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode, **more)

    monkeypatch.setattr(Path, "open", read_only)
    with occupying(tmp_path, print) as mine:
        assert mine.lock is not None
        assert mine.lock.mode == "r"
    (tmp_path / LOCK).unlink()
    with occupying(tmp_path, print) as mine:
        assert mine.lock is None
