"""What a run asks of the cluster: jobs that a killed run left, and whether the end of a job can be seen."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scripts.lib.errors import InputError
from scripts.lib.run import session
from scripts.lib.run.cluster import (
    NAME,
    Cluster,
    check_status,
    cores_of_a_job,
    end_jobs,
    job_lives,
    jobs_left,
)
from scripts.lib.run.lock import named_owner, this_process
from scripts.lib.run.stage import FAILURES

RUN = f"{NAME}0a1b"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other test of this process find what a run that is begun here tells its stages."""
    for name in (FAILURES, session.FORCED):
        monkeypatch.setenv(name, "")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with all the programs that there are, at first what a shell needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "rm").symlink_to("/bin/rm")
    (folder / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def answer(folder: Path, program: str, script: str) -> None:
    (folder / program).write_text(f"#!/bin/sh\n{script}\n")
    (folder / program).chmod(0o755)


def queue(folder: Path, *jobs: tuple[str, str, Path]) -> None:
    """Have squeue tell of jobs until they are cancelled."""
    (folder / "queue").write_text("".join(f"{number}|{name}|{place}\n" for number, name, place in jobs))
    answer(folder, "squeue", f"cat {folder}/queue 2>/dev/null || true")
    answer(folder, "scancel", f'echo "$@" > {folder}/cancelled; rm {folder}/queue')


def test_only_jobs_of_runs_in_this_folder_are_left(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    queue(
        programs,
        ("1", RUN, tmp_path),
        ("2", RUN, tmp_path / "link"),
        ("3", RUN, tmp_path / "other"),
        ("4", "seriatim", tmp_path),
        ("5", "someone|else", tmp_path),
        ("6", "0a1b-named-by-the-plugin-alone", tmp_path / "other"),
        ("7", f"{NAME}of-this-process", tmp_path),
    )
    assert jobs_left(tmp_path, own="7") == ["1", "2"]
    assert jobs_left(tmp_path, "0a1b-named-by-the-plugin-alone", own="7") == ["1", "2", "6"]


def test_jobs_that_are_left_are_ended_and_named(
    programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue(programs, ("12", RUN, tmp_path), ("13", RUN, tmp_path))
    end_jobs(tmp_path / "run.lock")
    assert (programs / "cancelled").read_text() == "12 13\n"
    assert capsys.readouterr().err.endswith("they are cancelled first: 12, 13\n")


def test_where_jobs_can_not_be_asked_for_the_next_run_says_what_to_do_each_time(
    programs: Path, tmp_path: Path
) -> None:
    lock = tmp_path / "run.lock"
    former = replace(this_process(RUN), process=2**22 + 1)  # none has that number
    lock.write_text(json.dumps(asdict(former)))
    for _ in range(2):
        with pytest.raises(InputError, match=f"remove {lock}"):
            session.begin({}, str(lock), str(tmp_path), str(tmp_path))
        session._held.pop().close()
        assert named_owner(lock) == former
    lock.unlink()
    session.begin({}, str(lock), str(tmp_path), str(tmp_path), cluster=Cluster(NAME))
    assert named_owner(lock).run == NAME
    session._held.pop().close()


@pytest.mark.parametrize(
    ("nodes", "cores"),
    [
        (["all* 2"], 2),
        (["small* 64+", "small* 4", "debug 1"], 4),  # of the default partition, what each of its nodes has
        (["large* 128"], 8),
        (["one 6", "two 3"], 3),  # none is the default
    ],
)
def test_a_job_asks_for_no_more_cores_than_each_node_has(
    programs: Path, nodes: list[str], cores: int
) -> None:
    answer(programs, "sinfo", "\n".join(["cat <<END", *nodes, "END"]))
    assert cores_of_a_job() == cores


@pytest.mark.parametrize("script", [None, "echo 'Unable to contact slurm controller' >&2; exit 1", "true"])
def test_without_an_answer_a_job_asks_for_the_cores_of_this_host(
    programs: Path, monkeypatch: pytest.MonkeyPatch, script: str | None
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    if script:
        answer(programs, "sinfo", script)
    assert cores_of_a_job() == 5


@pytest.mark.parametrize(
    ("script", "lives"),
    [
        ("echo 7", True),
        ("true", False),
        ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", False),
        ("echo 'Unable to contact slurm controller' >&2; exit 1", None),
    ],
)
def test_a_job_lives_while_slurm_knows_it(programs: Path, script: str, lives: bool | None) -> None:
    assert job_lives("7") is None  # no Slurm at all
    answer(programs, "squeue", script)
    assert job_lives("7") is lives


@pytest.mark.parametrize(
    ("command", "accounts", "age", "problem"),
    [
        ("squeue", "accounting_storage/none", 300, None),
        ("squeue", "accounting_storage/slurmdbd", 300, None),
        ("sacct", "accounting_storage/slurmdbd", 60, None),
        ("sacct", "accounting_storage/none", 300, "Set slurm-status-command to squeue"),
        ("sacct", "(null)", 300, "Set slurm-status-command to squeue"),
        ("squeue", "accounting_storage/slurmdbd", 60, "60 seconds .* Set slurm-status-command to sacct"),
        ("squeue", "accounting_storage/none", 60, "Use profiles/generic"),
    ],
)
def test_what_would_wait_for_ever_is_refused(
    programs: Path, command: str, accounts: str, age: int, problem: str | None
) -> None:
    told = f"AccountingStorageType   = {accounts}\nMinJobAge               = {age} sec"
    answer(programs, "scontrol", f'echo "{told}"')
    if problem is None:
        assert check_status(command) == age
    else:
        with pytest.raises(InputError, match=problem):
            check_status(command)


def test_a_controller_that_does_not_answer_is_told(programs: Path) -> None:
    answer(programs, "scontrol", "echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(InputError, match=r"Slurm does not answer: .*Unable to contact slurm controller"):
        check_status("squeue")


def test_a_job_on_another_host_takes_part_in_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.join(str(tmp_path), lambda: "as the last scan says") == "as the last scan says"
    lock = str(tmp_path / "run.lock")
    session.begin({}, lock, str(tmp_path), str(tmp_path), ["scan", "copy"], "12-ab")
    session._held.pop().close()
    for name in (FAILURES, session.FORCED):
        monkeypatch.delenv(name)
    assert session.join(str(tmp_path), lambda: "as the last scan says") == "12-ab"
    assert session.is_forced("copy")
    assert os.environ[FAILURES] == str(session.failures_path(str(tmp_path)))
