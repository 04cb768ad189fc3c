"""What a stage asks of a cluster: memory and time, by the number of contents and the dimension of vectors.

    memory   1.5 × (fixed + contents × (per_content + per_value × dimension))    times the attempt
    time       4 × (fixed + contents × (per_content + per_value × dimension))    times the attempt

The figures cover what was measured on two cores (docs/cluster.md). The factors are head-room: for other
images and other vectors, for slower disks and longer paths.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.artifacts.record import seen_record

UNKNOWN_CONTENTS, UNKNOWN_DIMENSION = 100_000, 1024  # before the first scan, and before there is a model
MEMORY_MARGIN, TIME_MARGIN = 1.5, 4
MEMORY_STEP = 100  # MB; equal requests are easier to place
LEAST_MINUTES = 10
TORCH_MB = 2_000  # with a network: torch, and CUDA where there is a GPU


class Size(NamedTuple):
    """How much a stage works on.

    partitions : how many jobs share it, where jobs do
    weights : bytes of the network's weights, 0 without one
    held : bytes of vectors that a stage of the ordering may hold
    """

    contents: int
    dimension: int
    partitions: int = 1
    weights: int = 0
    held: float = math.inf


class Cost(NamedTuple):
    """What something takes: at first, for each content, and for each value of its vector."""

    fixed: float
    per_content: float = 0
    per_value: float = 0

    def of(self, contents: float, dimension: int, most: float = math.inf) -> float:
        """Return the cost of so many contents; all values together take `most` at most."""
        return self.fixed + contents * self.per_content + min(most, contents * dimension * self.per_value)


class Need(NamedTuple):
    """What a stage takes: memory in MB and, for contents, bytes; time in minutes and milliseconds.

    shares, divides : whether the partitions divide what is held in memory, and the work
    network : whether the weights are loaded
    """

    memory: Cost
    time: Cost
    shares: bool = False
    divides: bool = False
    network: bool = False


NEEDS = {
    "scan": Need(Cost(400, 1_000), Cost(1, 2)),
    "train": Need(Cost(2_000, 100), Cost(120), network=True),
    "reconstruct": Need(Cost(1_000, 1_000), Cost(2), network=True),
    "embed": Need(Cost(600, 1_000), Cost(2, 250), shares=True, divides=True, network=True),
    "gather": Need(Cost(150, 600, 5), Cost(1, 0.2)),
    "knn": Need(Cost(320, 800, 6), Cost(1, 0.5, 0.005)),
    "knn_index": Need(Cost(320, 800, 6), Cost(1, 0.5, 0.005)),
    "knn_search": Need(Cost(320, 800, 6), Cost(1, 0.5, 0.005), divides=True),
    "bound": Need(Cost(250, 2_500, 5), Cost(1, 4)),
    "mst": Need(Cost(350, 600, 2), Cost(1, 1)),
    "traverse": Need(Cost(190, 300), Cost(1, 0.1)),
    "two_opt": Need(Cost(420, 1_500, 5), Cost(2, 12)),
    "order": Need(Cost(290, 2_000, 1), Cost(1, 0.2)),
    "quality": Need(Cost(350, 2_500, 3), Cost(1, 0.6)),
    "plan": Need(Cost(180, 3_000), Cost(1, 0.5)),
    "copy": Need(Cost(150, 2_500), Cost(1, 10)),
    "undo": Need(Cost(150, 2_500), Cost(1, 10)),
    "report": Need(Cost(480, 1_000), Cost(1, 0.1)),
    "verify": Need(Cost(300, 2_500), Cost(1, 10)),
    "clusters": Need(Cost(700, 8_000, 8), Cost(2, 3)),
    "cluster_table": Need(Cost(300, 2_000), Cost(1, 0.1)),
    "cluster_sheets": Need(Cost(600, 2_000), Cost(10)),
    "labels": Need(Cost(950, 1_000, 4), Cost(1, 1)),
    "categories": Need(Cost(600, 600, 4), Cost(2, 0.1), network=True),
    "category_sheet": Need(Cost(600, 2_000), Cost(2)),
    "projection": Need(Cost(520, 2_000, 3), Cost(3, 6)),
    "projection_map": Need(Cost(600, 2_000), Cost(2)),
    "thumbnails": Need(Cost(600, 1_000), Cost(2, 20)),
    "centroids": Need(Cost(600, 100, 4), Cost(2), network=True),
    "image_hashes": Need(Cost(600, 2_500), Cost(2, 20)),
    "duplicate_groups": Need(Cost(600, 6_000, 4), Cost(2, 5)),
    "clip_retrieval": Need(Cost(500, 2_000, 4), Cost(1, 0.1)),
    "collection": Need(Cost(300, 3_000), Cost(1, 0.1)),
    "plan_reorganize": Need(Cost(180, 3_000), Cost(1, 0.5)),
    "reorganize": Need(Cost(150, 2_500), Cost(1, 10)),
    "undo_reorganize": Need(Cost(150, 2_500), Cost(1, 10)),
}


def memory_mb(stage: str, size: Size, attempt: int = 1) -> int:
    """Return how much memory a stage asks for, in MB, more for each attempt."""
    need = NEEDS[stage]
    contents = size.contents / (size.partitions if need.shares else 1)
    megabytes = (
        need.memory._replace(fixed=need.memory.fixed * 1e6).of(contents, size.dimension, size.held) / 1e6
    )
    if need.network and size.weights:
        megabytes += TORCH_MB + 2 * size.weights / 1e6
    return attempt * MEMORY_STEP * math.ceil(MEMORY_MARGIN * megabytes / MEMORY_STEP)


def minutes(stage: str, size: Size, attempt: int = 1) -> int:
    """Return how long a stage asks to run, in minutes, more for each attempt."""
    need = NEEDS[stage]
    contents = size.contents / (size.partitions if need.divides else 1)
    taken = need.time._replace(fixed=need.time.fixed * 60_000).of(contents, size.dimension) / 60_000
    return attempt * max(LEAST_MINUTES, math.ceil(TIME_MARGIN * taken))


def size_of(collection: Path, model: Path, partitions: int = 1, held: float = math.inf) -> Size:
    """Return the size that the last scan and the model tell; a guess for what neither has told yet.

    collection, model : the folders of their artifacts
    """
    inventory = seen_record(collection / "inventory.parquet")
    contents = inventory.facts.get("ok") if inventory else None
    card = _card(model / "model.json")
    dimension = _number(card.get("dimension")) or UNKNOWN_DIMENSION
    return Size(
        _number(contents) or UNKNOWN_CONTENTS, dimension, partitions, _bytes(card.get("weights")), held
    )


def _card(file: Path) -> dict[str, Any]:
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}


def _bytes(file: object) -> int:
    """Return the size of a file, 0 where there is none."""
    try:
        return Path(str(file)).stat().st_size if file else 0
    except OSError:
        return 0


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
