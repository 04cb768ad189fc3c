"""What there is to be seen of a collection, and what makes the rest.

Viewers never touch an artifact. What they show belongs to the order that there is: an artifact that was made
from other vectors, or from another path, than that order was, is left out, and so is one that is missing; the
target that makes it is told. So a sort that is at work does no harm: until there is a new order, the former
one and all that belongs to it are shown.
"""

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from scripts.lib.artifacts.record import Record, checksum, seen_record
from scripts.lib.errors import SeriatimError
from scripts.lib.view.results import Results


class State(Enum):
    """Whether an artifact can be shown."""

    PRESENT = "present"
    OUTDATED = "outdated"  # belongs to another order than the present one
    MISSING = "missing"


class Moving(SeriatimError):
    """An artifact is being replaced at this moment; a second later it can be read."""


class Kind(NamedTuple):
    """An artifact that viewers read: its file, and the target that makes it."""

    file: str
    target: str = "all"
    of_files: bool = False  # lies in results/{name}, not in the folder of a model


KINDS = {  # what is made from another one stands behind it
    "order": Kind("order.parquet"),
    "rejected": Kind("rejected.csv"),
    "inventory": Kind("inventory.parquet", of_files=True),
    "model": Kind("model.json"),
    "vectors": Kind("vectors.npy"),
    "items": Kind("items.parquet"),
    "knn": Kind("knn.npz"),
    "bound": Kind("bound.json"),
    "quality": Kind("quality.json"),
    "copied": Kind("copied.parquet", of_files=True),
    "thumbnails": Kind("thumbnails.parquet", "dashboard_data", of_files=True),
    "projection": Kind("projection.parquet", "project"),
    "projection_map": Kind("projection.png", "project"),
    "clusters": Kind("clusters.parquet", "cluster"),
    "cluster_table": Kind("cluster_table.parquet", "cluster"),
    "labels": Kind("labels.parquet", "cluster"),
    "centroids": Kind("centroids.npy", "dashboard_data"),
    "categories": Kind("categories.parquet", "categorize"),
    "duplicates": Kind("duplicates.parquet", "duplicates"),
}


class Seen(NamedTuple):
    """An artifact as a viewer finds it; `record` is None where it is missing."""

    path: Path
    state: State
    target: str
    record: Record | None

    @property
    def is_present(self) -> bool:
        """Tell whether it can be shown."""
        return self.state is State.PRESENT


def artifact_path(results: Results, name: str) -> Path:
    """Return where an artifact in `KINDS` lies, or would."""
    kind = KINDS[name]
    return (results.collection if kind.of_files else results.model) / kind.file


def see_all(results: Results) -> dict[str, Seen]:
    """Look at every artifact in `KINDS`."""
    found: dict[str, Seen] = {}
    base: dict[str, str] = {}  # checksums of what is shown, and of what the order was made from
    for name, kind in KINDS.items():
        path = artifact_path(results, name)
        record, state = seen_record(path), State.MISSING
        if record is not None:
            state = State.PRESENT if _fits(path, record, base) else State.OUTDATED
        if record is not None and state is State.PRESENT:
            base[os.path.normpath(path)] = record.blake3
            base |= dict(_inputs(path, record)) if name == "order" else {}
        found[name] = Seen(path, state, kind.target, record)
    return found


def _fits(path: Path, record: Record, base: dict[str, str]) -> bool:
    """Tell whether an artifact was made from nothing else than what is shown."""
    here = base.get(os.path.normpath(path), record.blake3)
    return here == record.blake3 and all(
        base.get(source, checksum) == checksum for source, checksum in _inputs(path, record)
    )


def _inputs(path: Path, record: Record) -> Iterator[tuple[str, str]]:
    """Yield the files that an artifact was made from, with their checksums."""
    for name, blake3 in record.inputs.items():
        yield os.path.normpath(path.parent / name), blake3


def intact(seen: Seen) -> Path:
    """Return the path of an artifact that is there and is what its record says.

    Raises
    ------
    Moving
        otherwise: most probably it has been replaced since it was seen.
    """
    if seen.record is None:
        raise Moving(f"{seen.path} is not there.")
    try:
        fits = seen.path.stat().st_size == seen.record.bytes and checksum(seen.path) == seen.record.blake3
    except OSError as error:
        raise Moving(f"{seen.path} can't be read ({error.strerror}).") from error
    if not fits:
        raise Moving(f"{seen.path} is not what its record says: it is being replaced, or damaged.")
    return seen.path
