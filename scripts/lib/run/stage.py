"""The frame in which a stage runs: its log, its progress, its end.

Everything that a stage says goes to its log, tracebacks too. Where it fails, the user reads one line
that says what happened and where the log is; the same line is kept for the end of the run.
"""

import faulthandler
import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import format_tb
from typing import TextIO

from scripts.lib.artifacts.disk import as_disk_error
from scripts.lib.errors import SeriatimError
from scripts.lib.run.processes import die_with_parent
from scripts.lib.run.progress import Progress
from scripts.lib.run.visible import visible, visible_lines

DEFECT_LENGTH = 200
FAILURES = "SERIATIM_FAILURES"  # names the file that collects the failures of one run
FINISHED = re.compile(r" finished in [\d.]+ s: ([\d,]+) (.+), [\d,.]+ a second$")  # the last line of a log
TAIL = 4096  # bytes that have it


class Stage:
    """A running stage: where it logs and how it shows progress."""

    def __init__(self, name: str, log: logging.Logger) -> None:
        self.name, self.log = name, log
        self._started = time.monotonic()
        self._work: tuple[int, str] | None = None
        self._progress: Progress | None = None

    def info(self, message: str, *values: object) -> None:
        """Write one line to the stage's log."""
        self.log.info(message, *(visible(value) if isinstance(value, str) else value for value in values))

    def tell(self, message: str) -> None:
        """Write one line to the log and to the user's terminal."""
        line = visible(message)
        self.log.info("%s", line)
        print(f"seriatim: {self.name}: {line}", file=sys.stderr, flush=True)

    def progress(self, total: int, unit: str) -> Progress:
        """Begin a progress display of `total` units; the last one says at the end what was done."""
        self._progress = Progress(total, unit, self.name, self.log)
        return self._progress

    def counts(self, number: int, unit: str) -> None:
        """Say how much the stage does in all, where that is not what its last progress display counts."""
        self._work = (number, unit)

    def end(self) -> None:
        """Write the last line of the log: that the stage has come to its end, its total and its rate."""
        seconds = time.monotonic() - self._started
        if self._work is None and self._progress:
            self._work = (self._progress.done, self._progress.unit)
        rate = ""
        if self._work:
            number, unit = self._work
            rate = f": {number:,} {unit}, {number / max(seconds, 1e-3):,.1f} a second"
        self.log.info("%s finished in %.1f s%s", self.name, seconds, rate)


def finished_work(log: Path) -> tuple[int, str] | None:
    """Return what a stage did in all by the last line of its log: how many, and of what."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL))
            found = FINISHED.search(stream.read().decode(errors="replace").rstrip())
    except OSError:
        return None
    return (int(found[1].replace(",", "")), found[2]) if found else None


@contextmanager
def stage(name: str, log_file: str) -> Iterator[Stage]:
    """Run the body of a stage; on failure write the log, tell the user, and exit with 1."""
    die_with_parent()
    with _telling(name, log_file), _log_to(Path(log_file)) as log:
        log.info("%s started", name)
        running = Stage(name, log)
        try:
            yield running
        except Exception as error:
            _log_failure(log, name, error)
            raise
        running.end()


@contextmanager
def _telling(name: str, log_file: str) -> Iterator[None]:
    """Tell the user of a failure, that of the log itself included, and exit."""
    try:
        yield
    except Exception as error:
        _tell_failure(name, as_disk_error(error), log_file)
        sys.exit(1)


class _LogFormatter(logging.Formatter):
    """Write what would not be seen as escapes, but for line breaks, which tracebacks have."""

    def format(self, record: logging.LogRecord) -> str:
        return visible_lines(super().format(record))


class _LogHandler(logging.StreamHandler[TextIO]):
    """Write lines to the log; one that can't be written is told when the log is closed, once."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing."""


@contextmanager
def _log_to(path: Path) -> Iterator[logging.Logger]:
    path.parent.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("seriatim")
    log.setLevel(logging.INFO)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        faulthandler.enable(stream)
        handler = _LogHandler(stream)
        handler.setFormatter(_LogFormatter("%(asctime)s %(levelname)s %(message)s"))
        logging.captureWarnings(True)
        for each in (log, logging.getLogger("py.warnings")):
            each.addHandler(handler)
            each.propagate = False
        try:
            yield log
        finally:
            faulthandler.disable()
            logging.captureWarnings(False)
            for each in (log, logging.getLogger("py.warnings")):
                each.removeHandler(handler)


def _log_failure(log: logging.Logger, name: str, error: Exception) -> None:
    """Log the traceback; the message of a user's error comes last and once, from `_tell_failure`.

    The engine shows the log of a failed stage, and would otherwise show the message with it.
    """
    if isinstance(error, SeriatimError):
        log.error(
            "%s failed with %s\n%s", name, type(error).__name__, "".join(format_tb(error.__traceback__))
        )
    else:
        log.exception("%s failed", name)


def _tell_failure(name: str, error: Exception, log_file: str) -> None:
    what = str(error)
    if not isinstance(error, SeriatimError):  # a defect may say very much; the log has it all
        what = f"{type(error).__name__}: {what}"[:DEFECT_LENGTH]
    what = visible(" ".join(what.split()))
    failure = {"line": f"{name} failed: {what} (log: {log_file})", "log": log_file}
    try:
        with open(os.environ[FAILURES], "a", encoding="utf-8") as failures:
            failures.write(json.dumps(failure) + "\n")
    except (KeyError, OSError):  # nothing collects failures, or the disk does not take them
        tell_failure(**failure)


def tell_failure(line: str, log: str) -> None:
    """Tell the user what happened and where the log is, and complete the log with it."""
    print(f"seriatim: {line}", file=sys.stderr, flush=True)
    with suppress(OSError), open(log, "a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(line + "\n")
