"""`run.json`: what programs read of the last run of a collection, and the history of all runs.

A run that was killed can't say so: `status` stays `running`. Whoever reads that looks whether its process is
still there (`is_at_work`).
"""

import json
import os
import socket
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.atomic import temporary_for, write_text
from scripts.lib.errors import InputError
from scripts.lib.run.processes import process_start

FORMAT = 1
GONE = "its process is gone: it was killed, or the machine went down"


def run_file(collection: Path) -> Path:
    """Name the file that tells of the last run."""
    return collection / "run.json"


def history_file(collection: Path) -> Path:
    """Name the file with a line for each run that has ended."""
    return collection / "logs" / "runs.jsonl"


def read_run(collection: Path) -> dict[str, Any] | None:
    """Read what is told of the last run; None where nothing is, or nothing of this format."""
    try:
        run = json.loads(run_file(collection).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return run if isinstance(run, dict) and run.get("format") == FORMAT else None


def last_run(results: Path, name: str | None = None) -> dict[str, Any]:
    """Return the run of a collection, or that which began last of all.

    Raises
    ------
    InputError
        where there is none.
    """
    folders = [results / name] if name else sorted(file.parent for file in results.glob("*/run.json"))
    runs = [run for run in map(read_run, folders) if run]
    if not runs:
        whose = f" of {name}" if name else ""
        raise InputError(
            f"Nothing is told of a run{whose} in {results}: there was none, or it was elsewhere."
        )
    return max(runs, key=lambda run: datetime.fromisoformat(run["started"]))


def write_run(collection: Path, run: Mapping[str, Any]) -> None:
    """Replace what is told of the last run."""
    write_text(run_file(collection), _as_json(run))


def note_progress(collection: Path, run: Mapping[str, Any]) -> None:
    """Replace what is told of the last run, whole but not flushed: what it was a moment ago is as good."""
    with temporary_for(run_file(collection)) as temporary:
        temporary.write_text(_as_json(run), encoding="utf-8")
        os.replace(temporary, run_file(collection))


def _as_json(run: Mapping[str, Any]) -> str:
    """Return the text of the file, in ASCII: a command may hold bytes that are no text."""
    return json.dumps(run, indent=2) + "\n"


def add_to_history(collection: Path, run: Mapping[str, Any]) -> None:
    """Append a run that has ended."""
    history_file(collection).parent.mkdir(parents=True, exist_ok=True)
    with history_file(collection).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(run) + "\n")


def this_process() -> dict[str, Any]:
    """Return what tells this process from all others."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "process_start": process_start(os.getpid())}


def is_at_work(run: Mapping[str, Any]) -> bool | None:
    """Tell whether a run is at work; None where that can't be known, because it is on another machine."""
    if run["status"] != "running":
        return False
    if run["host"] != socket.gethostname() or run["process_start"] is None:
        return None
    return bool(process_start(run["pid"]) == run["process_start"])
