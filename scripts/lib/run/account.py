"""What is told of a run while it goes on and when it ends: the engine's events become `run.json`.

A run may end in many ways: by itself, by a stage that fails, by a signal, or before any stage began, because
the configuration can't be used or no rule makes what is asked for. What the engine has no hook for is told
when its process exits. Nothing in here ever fails a run.
"""

import atexit
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Concatenate, ParamSpec

from blake3 import blake3

from scripts.lib.run import run_file
from scripts.lib.run.benchmark_table import write_benchmarks
from scripts.lib.run.jobs import FAILED, INTERRUPTED, RUNNING, SUCCEEDED, Job, stage_totals, stamp
from scripts.lib.run.summary import Run, counts_of, results_of

SIGNALS = {signal.SIGINT: "SIGINT (Ctrl-C)", signal.SIGTERM: "SIGTERM"}
NOTE_SECONDS = 1.0
UNKNOWN = "it ended without a word"
UNHEARD = "ended without a word, perhaps killed"
P = ParamSpec("P")


def harmless(
    method: Callable[Concatenate["Account", P], None],
) -> Callable[Concatenate["Account", P], None]:
    """Let no failure of an account reach the run, and events of several threads wait for each other."""

    def guarded(account: "Account", /, *arguments: P.args, **named: P.kwargs) -> None:
        with suppress(Exception), account.lock:
            method(account, *arguments, **named)

    guarded.__doc__ = method.__doc__
    return guarded


class Account:
    """The account of one run, kept by the process that the user started.

    Parameters
    ----------
    collection : results/{name}
    about : what is known before anything else: name, command, folder, versions
    is_run : tells whether a run was asked for; the engine can also list, draw and tell what it would do
    """

    def __init__(self, collection: Path, about: Mapping[str, Any], is_run: Callable[[], bool]) -> None:
        started = datetime.now().astimezone()
        self.lock = threading.RLock()
        self._collection, self._is_run = collection, is_run
        self._jobs: dict[int, Job] = {}
        self._reason, self._signal = "", ""
        self._run: dict[str, Any] = {
            "format": run_file.FORMAT,
            "run": f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            "status": RUNNING,
            "reason": None,
            "exit_code": None,
            "started": stamp(started),
            "ended": None,
            "seconds": None,
            **about,
            **run_file.this_process(),
            **dict.fromkeys(("targets", "model", "cores", "config"), None),
            "jobs": {"done": 0, "total": None},
            "stages": [],
            "failures": [],
            "counts": None,
            "results": None,
        }
        self._started, self._has_begun, self._has_ended, self._noted = started, False, False, 0.0
        atexit.register(self.close)

    @property
    def run(self) -> str:
        """Return what names this run and no other."""
        return str(self._run["run"])

    @harmless
    def begin(self, run: Run, cores: int) -> None:
        """Tell that the run is at work; it has the folder for itself now."""
        config = run.model / "config.yaml"
        digest = blake3(config.read_bytes()).hexdigest()
        self._run |= {"cores": cores, "config": {"file": str(config), "blake3": digest}}
        self._name(run)
        self._note_killed()
        self._has_begun = True
        run_file.write_run(self._collection, self._run)
        for number in SIGNALS:
            self._listen(number)

    @harmless
    def job_began(self, number: int, job: Job) -> None:
        """Tell that a job is at work, or was submitted."""
        is_new = job.stage not in {each.stage for each in self._jobs.values() if each.status == RUNNING}
        self._jobs[number] = job
        self._note(is_new)

    @harmless
    def job_ended(self, number: int, status: str) -> None:
        """Tell that a job has succeeded or failed."""
        job = self._jobs.get(number)
        if job:
            job.ended, job.status = datetime.now().astimezone(), status
            job.measure()
            self._note(status == FAILED)

    @harmless
    def progress(self, done: int, total: int) -> None:
        """Tell how many jobs are done, of how many that are known by now."""
        self._run["jobs"] = {"done": done, "total": total}

    @harmless
    def explain(self, reason: str) -> None:
        """Keep why the run is going to fail, if nobody has said so before."""
        self._reason = self._reason or reason

    @harmless
    def succeed(self, run: Run) -> None:
        """Tell that everything that was asked for is there."""
        if self._has_begun or self._is_run():
            self._name(run)
            self._finish(SUCCEEDED, counts=counts_of(run), results=results_of(run))
            self._write_benchmarks(run)

    @harmless
    def fail(self, run: Run, failures: Iterable[Mapping[str, str]]) -> None:
        """Tell that the run failed or was interrupted.

        failures : what stages have said, as `line`, and where their logs are, as `log`
        """
        said = {failure["log"]: failure["line"] for failure in failures}
        for job in self._jobs.values():  # a stage that hears of the signal, too, says nothing
            if self._signal and job.status == FAILED and job.log not in said:
                job.status = INTERRUPTED
        failed = {job.log: job.stage for job in self._jobs.values() if job.status == FAILED}
        lines = {log: f"{stage} {UNHEARD} (log: {log})" for log, stage in failed.items()} | said
        stages = {job.log: job.stage for job in self._jobs.values()}
        self._run["failures"] = [
            {"stage": stages.get(log), "message": line, "log": log} for log, line in lines.items()
        ]
        self._finish(FAILED, "\n".join(lines.values()) or self._reason or UNKNOWN)
        self._write_benchmarks(run)

    @harmless
    def close(self) -> None:
        """Tell how the run ended if no hook has; called where the process exits."""
        if os.getpid() != self._run["pid"] or self._has_ended:
            return
        if self._has_begun or (self._reason and self._is_run()):
            self._finish(FAILED, self._reason or UNKNOWN)

    def _name(self, run: Run) -> None:
        self._run |= {"model": run.model.name, "targets": sorted(run.targets)}

    def _finish(self, status: str, reason: str | None = None, **more: object) -> None:
        if not self._has_begun and not self._is_free():
            return
        ended = datetime.now().astimezone()
        if status == FAILED and self._signal:
            status, reason = INTERRUPTED, f"it was stopped by {self._signal}"
        for job in self._jobs.values():
            job.status = status if job.status == RUNNING else job.status
            job.measure()  # what another machine has written may take its time to be seen here
        seconds = round((ended - self._started).total_seconds(), 3)
        self._run |= {"status": status, "reason": reason, "exit_code": int(status != SUCCEEDED)}
        self._run |= {"ended": stamp(ended), "seconds": seconds, "stages": self._stages(), **more}
        self._has_ended = True
        run_file.write_run(self._collection, self._run)
        run_file.add_to_history(self._collection, self._run)

    def _is_free(self) -> bool:
        """Tell whether the file is not that of another run, which is at work; note one that was killed."""
        former = run_file.read_run(self._collection)
        if former and run_file.is_at_work(former) is not False:
            return False
        self._note_killed()
        return True

    def _write_benchmarks(self, run: Run) -> None:
        if self._jobs:
            write_benchmarks(run.model / "benchmarks.tsv", self.run, self._jobs.values())

    def _note(self, at_once: bool) -> None:
        """Tell what the jobs do, of many that come fast not each."""
        now = time.monotonic()
        if self._has_begun and not self._has_ended and (at_once or now - self._noted > NOTE_SECONDS):
            self._run["stages"] = self._stages()
            run_file.note_progress(self._collection, self._run)
            self._noted = now

    def _stages(self) -> list[dict[str, Any]]:
        return list(stage_totals(self._jobs.values()))

    def _note_killed(self) -> None:
        """Put the last run into the history if it could not do that itself."""
        former = run_file.read_run(self._collection)
        if former and former["status"] == RUNNING and run_file.is_at_work(former) is False:
            gone = {"status": INTERRUPTED, "reason": run_file.GONE}
            run_file.add_to_history(self._collection, former | gone)

    def _listen(self, number: signal.Signals) -> None:
        """Keep that a signal came, and leave the rest to whom it went to before."""
        before = signal.getsignal(number)
        if not callable(before):
            return

        def heard(came: int, frame: FrameType | None) -> Any:
            self._signal = self._signal or SIGNALS[number]
            return before(came, frame)

        signal.signal(number, heard)
