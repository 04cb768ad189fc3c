"""Progress of long work: a bar on a terminal, quiet lines in a log."""

import logging
import sys
import time
from types import TracebackType

from tqdm import tqdm

LOG_SECONDS = 10.0  # between two lines in the log


class Progress:
    """Count finished units; show them with rate and time left.

    Use it as a context manager and call it with the number of units newly done, and a note such as how
    small a loss has become.
    """

    def __init__(self, total: int, unit: str, title: str, log: logging.Logger) -> None:
        self.total, self.unit, self.title, self.log = total, unit, title, log
        self.done, self.note = 0, ""
        self.started = self.logged = time.monotonic()
        self.bar = tqdm(
            total=total,
            desc=title,
            unit=f" {unit}",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )

    def __call__(self, units: int = 1, note: str = "") -> None:
        """Report that `units` more are done; a note stands until the next one."""
        self.done += units
        if note:
            self.note = note
            self.bar.set_postfix_str(note, refresh=False)
        self.bar.update(units)
        if time.monotonic() - self.logged >= LOG_SECONDS:
            self._log_line()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.close()
        self._log_line()

    def _log_line(self) -> None:
        self.logged = time.monotonic()
        line = tqdm.format_meter(
            self.done,
            self.total,
            self.logged - self.started,
            ncols=0,
            unit=f" {self.unit}",
            postfix=self.note,
        )
        self.log.info("%s %s", self.title, line.strip())
