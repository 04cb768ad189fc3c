"""One run from the user's point of view: its configuration, its lock, and what went wrong."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from scripts.lib.artifacts.atomic import write_text
from scripts.lib.run.lock import claim
from scripts.lib.run.stage import FAILURES, tell_failure

FORCED = "SERIATIM_FORCED"  # names them to the stages of a run
_held: list[IO[str]] = []  # locks last as long as the process


def begin(
    config: Mapping[str, Any], lock: str, collection: str, model: str, forced: Iterable[str] = ()
) -> None:
    """Claim this folder for the run, keep its configuration, and start with no failures.

    forced : the stages that the user wants to run again, whatever there is

    Raises
    ------
    InputError
        when another run is at work here.
    """
    _held.append(claim(Path(lock)))
    write_text(Path(model, "config.yaml"), yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
    failures = failures_path(collection)
    failures.parent.mkdir(parents=True, exist_ok=True)
    failures.unlink(missing_ok=True)
    os.environ[FAILURES] = str(failures)
    os.environ[FORCED] = " ".join(forced)


def is_forced(stage: str) -> bool:
    """Tell whether the user wants a stage to run again, whatever there is."""
    return stage in os.environ.get(FORCED, "").split()


def failures_path(collection: str) -> Path:
    """Name the file that collects one line per failed stage of a run."""
    return Path(collection, "logs", "failures.jsonl")


def read_failures(collection: str) -> list[dict[str, str]]:
    """Read what the stages of this run have failed of: `line`, for the user, and `log`, the file."""
    try:
        lines = failures_path(collection).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


def report_failures(collection: str) -> None:
    """Say at the end of a run what failed, a line per stage."""
    failures = read_failures(collection)
    if not failures:
        print(
            f"seriatim: a stage ended without a word, perhaps killed; logs are in {collection}",
            file=sys.stderr,
        )
    for failure in failures:
        tell_failure(**failure)
