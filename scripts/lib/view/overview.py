"""What there is of a collection, in figures and words that people understand."""

import json
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.files.rejected import read_rejected
from scripts.lib.view.artifacts import Moving, Seen, State, intact
from scripts.lib.view.quality import Figure
from scripts.lib.view.snapshot import Snapshot
from scripts.lib.words import counted

PARTS = {  # what people look at, by the artifact that tells of it
    "order": "The order",
    "quality": "How good the order is",
    "copied": "The copies in order",
    "thumbnails": "Thumbnails",
    "projection": "The map",
    "clusters": "Clusters",
    "labels": "Hierarchical labels",
    "categories": "Categories",
    "duplicates": "Duplicates",
    "centroids": "What the middles of clusters look like",
}
TRAINED = "autoencoder"  # the only model that makes pictures of vectors
STATES = {
    State.PRESENT: "there",
    State.OUTDATED: "belongs to another order",
    State.MISSING: "not made yet",
}


class Part(NamedTuple):
    """Something that can be looked at, whether it is there, and the target that makes it otherwise."""

    name: str
    state: str
    target: str | None


def parts(snapshot: Snapshot) -> list[Part]:
    """Return what there is and what there could be."""
    trained = snapshot.results.config["model"] == TRAINED
    shown = {key: name for key, name in PARTS.items() if key != "centroids" or trained}
    found = ((name, snapshot.seen[key]) for key, name in shown.items())
    return [Part(name, STATES[seen.state], None if seen.is_present else seen.target) for name, seen in found]


def counts(snapshot: Snapshot, rejected: int) -> list[Figure]:
    """Return how much there is of everything.

    rejected : files that are not in the order
    """
    files, images = len(snapshot), int(snapshot.items.max(initial=-1)) + 1
    folders = len(snapshot.folders.names)
    found = [_figure(files, "file in order", "files in order"), _figure(images, "different image")]
    found.append(_figure(folders, "folder"))
    found.append(_figure(rejected, "file left out", "files left out"))
    if snapshot.cluster_table is not None:
        found.append(_figure(len(snapshot.cluster_table), "cluster"))
    if snapshot.category_names:
        found.append(_figure(len(snapshot.category_names), "category", "categories"))
    if snapshot.duplicates is not None:
        spare = int(pc.sum(pc.invert(snapshot.duplicates["keep"])).as_py() or 0)
        found.append(_figure(spare, "duplicate", "duplicates"))
    return found


def _figure(number: int, one: str, many: str | None = None) -> Figure:
    return Figure(f"{number:,}", counted(number, one, many).split(" ", 1)[1])


def read_object(seen: Seen) -> dict[str, Any] | None:
    """Read an artifact that is a JSON object; None where it is not there, or is being replaced."""
    try:
        found = json.loads(intact(seen).read_text(encoding="utf-8")) if seen.is_present else None
    except (Moving, OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def left_out_of(snapshot: Snapshot) -> pa.Table | None:
    """Read which files are not in the order: path, kind, status, error. None as in `read_object`."""
    seen = snapshot.seen["rejected"]
    try:
        return read_rejected(intact(seen)) if seen.is_present else None
    except (Moving, OSError, pa.ArrowException):
        return None
