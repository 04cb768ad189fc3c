"""What the stages cost: time, rate and memory, as they were measured when each ran last."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from scripts.lib.run.benchmarks import stage_benchmarks

STAGES = {  # in the order in which they run: what each does, and what it counts
    "scan": ("looks for files and hashes new ones", "files"),
    "train": ("trains the network", ""),
    "reconstruct": ("shows what the network learnt", ""),
    "weights": ("finds the model", ""),
    "embed": ("turns images into vectors", "images"),
    "gather": ("puts the vectors together", "items"),
    "knn_index": ("prepares the search of neighbours", "items"),
    "knn_search": ("finds the nearest neighbours", "items"),
    "knn": ("finds the nearest neighbours", "items"),
    "mst": ("builds the spanning tree", "items"),
    "traverse": ("walks along the tree", "items"),
    "two_opt": ("shortens the path", "items"),
    "bound": ("finds how short a path can be", "items"),
    "order": ("names the files in order", "files"),
    "quality": ("measures the order", "items"),
    "plan": ("plans the output", "files"),
    "copy": ("fills the output", "files"),
    "clusters": ("finds clusters", "items"),
    "cluster_table": ("names clusters", ""),
    "cluster_sheets": ("draws clusters", ""),
    "labels": ("gives labels", "items"),
    "categories": ("compares images with words", "items"),
    "category_sheet": ("draws categories", ""),
    "projection": ("lays out the map", "items"),
    "projection_map": ("draws the map", ""),
    "image_hashes": ("decodes images for comparison", ""),
    "duplicate_groups": ("finds duplicates", "files"),
    "thumbnails": ("makes thumbnails", ""),
    "centroids": ("decodes the clusters’ centres", ""),
    "plan_reorganize": ("plans the folders", "files"),
    "reorganize": ("fills the folders", "files"),
    "collection": ("makes one table of all", "files"),
}


class Timing(NamedTuple):
    """What a stage cost.

    rate : units a second, None where nothing is counted
    memory : MB, at most
    """

    stage: str
    does: str
    seconds: float
    units: int | None
    unit: str
    memory: float | None
    ended: datetime

    @property
    def rate(self) -> float | None:
        """Return the units a second, None where nothing was counted."""
        return self.units / self.seconds if self.units and self.seconds else None


def timings(collection: Path, model: Path, counts: Mapping[str, int]) -> Iterator[Timing]:
    """Yield what each stage cost that has run, in the order in which they run.

    counts : how many files and items there are, by unit
    """
    for stage, (does, unit) in STAGES.items():
        folders = (collection / "benchmarks", model / "benchmarks")
        found = [each for folder in folders for each in stage_benchmarks(folder, stage)]
        if found:
            memories = [each.memory for each in found if each.memory is not None]
            yield Timing(
                stage,
                does,
                sum(each.seconds for each in found),
                embedded_now(model) if stage == "embed" else counts.get(unit),
                unit,
                max(memories, default=None),
                datetime.fromtimestamp(max(each.ended for each in found)).astimezone(),
            )


def embedded_now(model: Path) -> int:
    """Return how many contents the last embed jobs did not find in the store."""
    total = 0
    for record in (model / "embed" / "records").glob("*.json"):
        try:
            total += json.loads(record.read_text(encoding="utf-8"))["facts"]["embedded_now"]
        except (OSError, ValueError, KeyError):
            continue
    return total
