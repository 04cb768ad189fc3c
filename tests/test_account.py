"""What programs are told of a run: `run.json` at each moment, the history, and the table of benchmarks."""

import csv
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from scripts.lib.run import account as accounts
from scripts.lib.run import run_file
from scripts.lib.run.account import Account
from scripts.lib.run.benchmark_table import read_benchmarks, write_benchmarks
from scripts.lib.run.jobs import FAILED, SUCCEEDED, Job
from scripts.lib.run.run_file import history_file, is_at_work, read_run
from scripts.lib.run.summary import Run
from tests.conftest import COLLECTION_SIZE, ROOT, Workflow, wait_until

RUNS = Draft202012Validator(yaml.safe_load((ROOT / "workflow/schemas/run.schema.yaml").read_text()))
VERSIONS = {"seriatim": "1", "snakemake": "2", "python": "3"}


def told(collection: Path) -> dict[str, Any]:
    """Return what is told of the last run; it is what the schema says."""
    run = json.loads((collection / "run.json").read_text())
    RUNS.validate(run)
    return run


def history(collection: Path) -> list[dict[str, Any]]:
    runs = [json.loads(line) for line in history_file(collection).read_text().splitlines()]
    for run in runs:
        RUNS.validate(run)
    return runs


def at_work(collection: Path, process: int) -> list[str]:
    """Return the stages that are at work in a run."""
    run = read_run(collection)
    assert run is not None
    return [each["stage"] for each in run["stages"] if run["pid"] == process and each["status"] == "running"]


def job(folder: Path, stage: str, part: str = "", seconds: float = 2.0) -> Job:
    """Return a job that begins, with the benchmark and the log that it is going to leave."""
    stem = folder / stage / (part or "it")
    stem.parent.mkdir(parents=True, exist_ok=True)
    log, benchmark = stem.with_suffix(".log"), stem.with_suffix(".tsv")
    log.write_text(f"... INFO {stage} finished in {seconds:.1f} s: 1,000 images, 0.5 a second\n")
    measured = {"s": seconds, "max_rss": 10 * seconds, "cpu_time": 3, "mean_load": "NA"}
    benchmark.write_text("\t".join(measured) + "\n" + "\t".join(map(str, measured.values())) + "\n")
    return Job(stage, part, 2, str(log), str(benchmark), datetime.now().astimezone())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    model = tmp_path / "descriptor"
    model.mkdir()
    (model / "config.yaml").write_text("model: descriptor\n")
    config = {"copy_mode": "copy", "output": "out", "report": False}
    return Run(config, tmp_path, model, frozenset({"all"}), str)


@pytest.fixture
def begin(run: Run) -> Iterator[Callable[..., Account]]:
    """Return what makes an account; handlers of signals are those of before afterwards."""
    before = {number: signal.getsignal(number) for number in accounts.SIGNALS}

    def made(asked: bool = True, begun: bool = True) -> Account:
        about = {"name": "photos", "command": ["a", "b\udcff"], "folder": "/", "versions": VERSIONS}
        account = Account(run.collection, about, lambda: asked)
        if begun:
            account.begin(run, 2)
        return account

    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_run_is_told_while_it_is_at_work_and_when_it_has_succeeded(
    run: Run, begin: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "NOTE_SECONDS", 0)
    account = begin()
    assert is_at_work(told(run.collection))
    for number in range(2):
        account.job_began(number, job(run.model, "embed", str(number)))
    account.job_ended(0, SUCCEEDED)
    account.progress(1, 5)
    account.job_ended(1, SUCCEEDED)
    account.job_began(7, job(run.model, "knn"))
    seen = told(run.collection)
    assert [(each["stage"], each["status"]) for each in seen["stages"]] == [
        ("embed", "succeeded"),
        ("knn", "running"),
    ]
    assert (seen["jobs"], seen["exit_code"]) == ({"done": 1, "total": 5}, None)
    account.job_ended(7, SUCCEEDED)
    account.succeed(run)
    account.close()
    seen = told(run.collection)
    assert (seen["status"], seen["exit_code"], seen["reason"]) == ("succeeded", 0, None)
    assert seen["results"] == {"images": "out"}
    embed = seen["stages"][0]
    assert [embed[key] for key in ("jobs", "seconds", "cpu_seconds", "max_rss_mb")] == [2, 4.0, 6.0, 20.0]
    assert history(run.collection) == [seen]
    assert not is_at_work(seen)


def test_a_failure_is_told_with_what_the_stages_said(run: Run, begin: Callable[..., Account]) -> None:
    account = begin()
    jobs = [job(run.model, stage) for stage in ("knn", "mst", "order")]
    for number, each in enumerate(jobs):
        account.job_began(number, each)
        account.job_ended(number, FAILED if number else SUCCEEDED)
    account.explain("what the engine makes of it")
    account.fail(run, [{"line": "mst failed: no tree", "log": jobs[1].log}])
    seen = told(run.collection)
    assert (seen["status"], seen["exit_code"]) == ("failed", 1)
    silent = f"order ended without a word, perhaps killed (log: {jobs[2].log})"
    assert seen["reason"].splitlines() == ["mst failed: no tree", silent]
    assert [each["stage"] for each in seen["failures"]] == ["mst", "order"]
    assert [row["stage"] for row in read_benchmarks(run.model / "benchmarks.tsv")] == ["knn"]


@pytest.mark.parametrize("number", list(accounts.SIGNALS))
def test_a_signal_interrupts_and_goes_to_whom_it_went_to_before(
    run: Run, begin: Callable[..., Account], number: signal.Signals
) -> None:
    heard = []
    signal.signal(number, lambda *_: heard.append(number))
    account = begin()
    account.job_began(1, job(run.model, "mst"))
    os.kill(os.getpid(), number)
    assert heard == [number]
    account.job_ended(1, FAILED)
    account.fail(run, [])
    seen = told(run.collection)
    assert (seen["status"], seen["failures"]) == ("interrupted", [])
    assert seen["reason"] == f"it was stopped by {accounts.SIGNALS[number]}"
    assert seen["stages"][0]["status"] == "interrupted"


def test_what_no_hook_tells_is_told_at_the_exit(run: Run, begin: Callable[..., Account]) -> None:
    account = begin()
    account.explain("the graph can't be made")
    account.explain("something else")
    account.close()
    assert told(run.collection)["reason"] == "the graph can't be made"
    assert len(history(run.collection)) == 1


def test_before_anything_began_only_a_run_that_was_asked_for_is_told(
    run: Run, begin: Callable[..., Account]
) -> None:
    for asked, reason in ((False, "unfit"), (True, "")):
        account = begin(asked, begun=False)
        account.explain(reason)
        account.close()
        begin(asked=False, begun=False).succeed(run)
        assert not (run.collection / "run.json").exists()
    account = begin(begun=False)
    account.explain("unfit")
    account.close()
    assert (told(run.collection)["status"], told(run.collection)["targets"]) == ("failed", None)


def test_a_run_that_is_at_work_keeps_its_file(run: Run, begin: Callable[..., Account]) -> None:
    at_work = begin()
    refused = begin(begun=False)
    refused.explain("Another run is at work")
    refused.close()
    begin(begun=False).succeed(run)
    assert told(run.collection)["run"] == at_work.run
    assert not history_file(run.collection).exists()


def test_a_run_that_was_killed_is_in_the_history(run: Run, begin: Callable[..., Account]) -> None:
    killed = begin().run
    process = subprocess.Popen(["true"])
    process.wait()
    text = (run.collection / "run.json").read_text()
    gone = json.loads(text) | {"pid": process.pid}
    (run.collection / "run.json").write_text(json.dumps(gone))
    assert is_at_work(gone) is False
    assert is_at_work(gone | {"host": "elsewhere"}) is None
    begin().succeed(run)
    first = history(run.collection)[0]
    assert (first["run"], first["status"], first["reason"]) == (killed, "interrupted", run_file.GONE)


def test_no_state_of_the_disk_fails_a_run(run: Run, begin: Callable[..., Account]) -> None:
    (run.collection / "run.json").mkdir()
    (run.collection / "logs").touch()
    account = begin()
    account.job_began(1, job(run.model, "mst"))
    account.succeed(run)
    account.close()
    assert read_run(run.collection) is None


def test_the_table_has_each_job_as_it_ran_last(tmp_path: Path) -> None:
    table = tmp_path / "benchmarks.tsv"
    jobs = [job(tmp_path, *of) for of in (("scan",), ("embed", "0"), ("embed", "1"), ("knn",))]
    for each in jobs:
        each.status = SUCCEEDED
        each.measure()
    jobs[3].measured = None  # one that failed
    write_benchmarks(table, "first", jobs)
    Path(jobs[2].benchmark or "").unlink()
    write_benchmarks(table, "second", jobs[:1])
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert [(row["run"], row["stage"], row["part"]) for row in rows] == [
        ("first", "embed", "0"),
        ("second", "scan", ""),
    ]
    wanted = ("seconds", "cpu_seconds", "max_rss_mb", "mean_load", "threads", "units", "unit", "rate")
    assert [rows[0][key] for key in wanted] == ["2.00", "3.00", "20.00", "", "2", "1000", "images", "500.00"]
    table.write_text("of another form\n1\n")
    assert read_benchmarks(table) == []


def test_a_sort_leaves_an_account_and_a_table_of_its_stages(template: Workflow) -> None:
    seen, rows = told(template.results), read_benchmarks(template.model / "benchmarks.tsv")
    assert (seen["status"], seen["targets"], seen["model"]) == ("succeeded", ["all"], "descriptor")
    assert seen["counts"] == {
        "files": COLLECTION_SIZE,
        "ok": COLLECTION_SIZE,
        "rejected": 0,
        "items": COLLECTION_SIZE,
    }
    assert all((template.folder / place).exists() for place in seen["results"].values())
    assert seen["jobs"]["done"] == seen["jobs"]["total"]
    stages = [each["stage"] for each in seen["stages"]]
    assert {"scan", "embed", "two_opt", "copy"} <= set(stages)
    assert {row["stage"] for row in rows} == set(stages)
    assert {row["run"] for row in rows} == {seen["run"]}
    embed = next(row for row in rows if row["stage"] == "embed")
    assert (embed["part"], embed["units"], embed["unit"]) == ("0", str(COLLECTION_SIZE), "images")
    assert history(template.results) == [seen]


def test_runs_in_which_no_stage_runs_are_told(collection: Workflow) -> None:
    assert collection.jobs() == {}
    idle = told(collection.results)
    assert (idle["status"], idle["stages"], idle["targets"]) == ("succeeded", [], ["all"])
    for looks in (["--dry-run"], ["--list"]):
        collection.run(*looks, check=False, knn_kk=3)
    assert told(collection.results) == idle
    collection.run(check=False, knn_kk=3)
    assert "knn_kk: there is no such key" in told(collection.results)["reason"]
    collection.run("nonsense", check=False)
    assert "nonsense" in told(collection.results)["reason"]
    collection.run(check=False, images="/nowhere")
    seen = told(collection.results)
    assert (seen["status"], [each["stage"] for each in seen["failures"]]) == ("failed", ["scan"])
    assert "There is no folder /nowhere" in seen["reason"]
    assert [each["status"] for each in history(collection.results)[1:]] == ["succeeded"] + 3 * ["failed"]


def test_ctrl_c_is_told(collection: Workflow) -> None:
    collection.forget("mst")
    run = subprocess.Popen(
        collection.command(),
        cwd=collection.folder,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where tests run in the background
    )
    wait_until(lambda: at_work(collection.results, run.pid) == ["mst"], "mst is at work")
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait() == 1
    seen = told(collection.results)
    assert (seen["status"], seen["reason"]) == ("interrupted", "it was stopped by SIGINT (Ctrl-C)")
