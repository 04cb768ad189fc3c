"""A stage's log has everything; the user has one line."""

import errno
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from scripts.lib.errors import InputError
from scripts.lib.run.stage import FAILURES, stage, tell_failure
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FAILURES, raising=False)
    monkeypatch.setattr("scripts.lib.run.stage.die_with_parent", lambda: None)


def test_the_log_tells_what_happened(tmp_path: Path) -> None:
    with stage("knn", str(tmp_path / "knn.log")) as run:
        run.info("%d items", 7)
        with run.progress(2, "items") as count:
            count(1, "worst 0.5")
            count(1)
    log = (tmp_path / "knn.log").read_text()
    for expected in ("knn started", "7 items", "100% 2/2", "items/s, worst 0.5", "knn finished"):
        assert expected in log


def test_the_last_line_of_a_log_has_total_and_rate(tmp_path: Path) -> None:
    def last_line(name: str) -> str:
        return (tmp_path / name).read_text().splitlines()[-1]

    with stage("knn", str(tmp_path / "shown.log")) as run, run.progress(3, "items") as count:
        count(3)
    assert re.search(r"knn finished in \d+\.\d s: 3 items, [\d,]+\.\d a second$", last_line("shown.log"))
    with stage("mst", str(tmp_path / "told.log")) as run:
        with run.progress(9, "searches") as count:
            count(9)
        run.counts(1200, "items")
    assert "s: 1,200 items, " in last_line("told.log")
    with stage("weights", str(tmp_path / "silent.log")):
        pass
    assert re.search(r"weights finished in \d+\.\d s$", last_line("silent.log"))


def test_a_users_error_is_one_line_and_where_the_log_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "knn.log"
    with pytest.raises(SystemExit) as end, stage("knn", str(log)):
        raise InputError("the vectors\nare bad")
    assert end.value.code == 1
    assert capsys.readouterr().err == f"seriatim: knn failed: the vectors are bad (log: {log})\n"
    assert "test_stage.py" in log.read_text()
    assert "the vectors are bad" in log.read_text()


def test_a_defect_names_its_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), stage("knn", str(tmp_path / "log")):
        raise ZeroDivisionError("division by zero")
    assert "ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_full_disk_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "knn.log"
    with pytest.raises(SystemExit), stage("knn", str(log)):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "knn.npz")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"seriatim: knn failed: {Path.cwd()}/knn.npz can't be written: its disk is full")
    assert "Traceback" in log.read_text()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_log_that_can_not_be_written_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kernel's device that is always full stands for the log, and for the failures of the run."""
    monkeypatch.setenv(FAILURES, "/dev/full")
    with pytest.raises(SystemExit) as end, stage("knn", "/dev/full") as run:
        run.info("%d items", 7)
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "its disk is full" in line


def test_failures_are_collected_for_the_end_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FAILURES, str(tmp_path / "failures.txt"))
    with pytest.raises(SystemExit), stage("knn", str(tmp_path / "log")):
        raise InputError("b" + "ad")
    assert capsys.readouterr().err == ""
    assert "bad" not in (tmp_path / "log").read_text()  # the engine shows the log before the end
    failure = json.loads((tmp_path / "failures.txt").read_text())
    tell_failure(**failure)
    assert capsys.readouterr().err.startswith("seriatim: knn failed: bad")
    assert "knn failed: bad" in (tmp_path / "log").read_text()


def test_warnings_go_to_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(), stage("knn", str(tmp_path / "log")):
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)
    assert "careful" in (tmp_path / "log").read_text()
    assert capsys.readouterr().err == ""


def test_a_stage_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """The child outlives its parent by no more than the kernel takes; a pipe tells when it is gone."""
    child = (
        "import sys, time\n"
        "from scripts.lib.run.processes import die_with_parent\n"
        "die_with_parent(); print('ready', flush=True); time.sleep(60)\n"
    )
    parent = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print('started', flush=True); os.kill(os.getpid(), 9)\n"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a process of its parent's death")
    run = subprocess.run(
        [sys.executable, "-c", parent, child], cwd=ROOT, stdout=subprocess.PIPE, timeout=30, check=False
    )
    assert run.stdout == b"started\n"
