"""One run from the user's point of view: its configuration, its lock, and what went wrong."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.artifacts.atomic import write_json, write_text
from scripts.lib.run.cluster import Cluster, can_be_asked, end_jobs, job_lives
from scripts.lib.run.lock import Lock, claim, named_owner, this_process
from scripts.lib.run.stage import FAILURES, tell_failure

FORCED = "SERIATIM_FORCED"  # names them to the stages of a run
_held: list[Lock] = []  # locks last as long as the process


def begin(
    config: Mapping[str, Any],
    lock: str,
    collection: str,
    model: str,
    forced: Iterable[str] = (),
    fingerprint: str = "",
    cluster: Cluster | None = None,
) -> None:
    """Claim this folder for the run, keep its configuration, and start with no failures.

    forced : the stages that the user wants to run again, whatever there is
    fingerprint : of the input
    cluster : how the run submits jobs, None where it has none

    Raises
    ------
    InputError
        when another run, or a job of a former one, is at work here.
    """
    _claim(Path(lock), cluster)
    write_text(Path(model, "config.yaml"), yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))
    failures = failures_path(collection)
    failures.parent.mkdir(parents=True, exist_ok=True)
    failures.unlink(missing_ok=True)
    write_json(_begun(collection), {"fingerprint": fingerprint, "forced": list(forced)})
    _set_environment(collection, forced)


def _claim(lock: Path, cluster: Cluster | None) -> None:
    """Take the lock, and end what a former run has left on the cluster."""
    former = named_owner(lock)
    held = claim(lock, job_lives)
    _held.append(held)
    run, own = former.run if former else "", cluster.job if cluster else ""
    if run or (cluster and can_be_asked()):
        end_jobs(lock, run, own)
    held.name(this_process(cluster.run, cluster.job) if cluster else None)


def join(collection: str, otherwise: Callable[[], str]) -> str:
    """Take part in a run as a job of it, perhaps on another host; return the fingerprint of its input.

    otherwise : returns the fingerprint where no run has said it
    """
    try:
        begun = json.loads(_begun(collection).read_text(encoding="utf-8"))
        fingerprint, forced = str(begun["fingerprint"]), begun["forced"]
    except (OSError, ValueError, KeyError, TypeError):
        return otherwise()
    _set_environment(collection, forced)
    return fingerprint or otherwise()


def _begun(collection: str) -> Path:
    """Name the file that tells the jobs of a run what they can't find out themselves."""
    return Path(collection, "logs", "begun.json")


def _set_environment(collection: str, forced: Iterable[str]) -> None:
    os.environ[FAILURES] = str(failures_path(collection))
    os.environ[FORCED] = " ".join(forced)


def is_forced(stage: str) -> bool:
    """Tell whether the user wants a stage to run again, whatever there is."""
    return stage in os.environ.get(FORCED, "").split()


def failures_path(collection: str) -> Path:
    """Name the file that collects one line per failed stage of a run."""
    return Path(collection, "logs", "failures.jsonl")


def read_failures(collection: str) -> list[dict[str, str]]:
    """Read what the stages of this run have failed of, once, however often they were tried.

    Each has the `line` for the user, and `log`, the file.
    """
    try:
        lines = failures_path(collection).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in dict.fromkeys(lines)]


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
