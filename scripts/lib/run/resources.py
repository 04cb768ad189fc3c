"""What a stage asks of a cluster: memory and time, by the number of contents and the dimension of vectors.

    memory   1.5 × (megabytes + contents × (per_content + per_value × dimension)), times the attempt
    time       4 × (minutes   + contents × (per_content + per_value × dimension)), times the attempt

The figures are what was measured on two cores (docs/cluster.md); the factors are head-room for other images,
other vectors and slower disks. What embeds or searches a partition counts the contents of one.
"""

import json
import math
from pathlib import Path
from typing import NamedTuple

from scripts.lib.artifacts.record import seen_record

UNKNOWN_CONTENTS, UNKNOWN_DIMENSION = 100_000, 1024  # before the first scan, and before there is a model
MEMORY_MARGIN, TIME_MARGIN = 1.5, 4
MEMORY_STEP = 100  # MB; equal requests are easier to place
LEAST_MINUTES = 10


class Size(NamedTuple):
    """How much a stage works on."""

    contents: int
    dimension: int
    partitions: int = 1


class Cost(NamedTuple):
    """What something takes: at first, for each content, and for each value of its vector."""

    fixed: float
    per_content: float = 0
    per_value: float = 0

    def of(self, contents: float, dimension: int) -> float:
        """Return the cost of so many contents."""
        return self.fixed + contents * (self.per_content + self.per_value * dimension)


class Need(NamedTuple):
    """What a stage takes: memory in MB and bytes, time in minutes and milliseconds."""

    memory: Cost
    time: Cost
    of_a_partition: bool = False


# Decoding holds images: of 500 megapixels at most, in as many processes as there are threads.
NEEDS = {
    "scan": Need(Cost(1_500, 1_500), Cost(1, 2)),
    "train": Need(Cost(6_000), Cost(60)),
    "reconstruct": Need(Cost(2_000), Cost(2)),
    "embed": Need(Cost(5_000, 500), Cost(5, 250), of_a_partition=True),
    "gather": Need(Cost(300, 400, 4), Cost(1, 0.2)),
    "knn": Need(Cost(1_000, 600, 8), Cost(2, 0.5, 0.01)),
    "knn_index": Need(Cost(1_000, 600, 8), Cost(2, 0.5, 0.01)),
    "knn_search": Need(Cost(1_000, 600, 8), Cost(2, 0.5, 0.01)),
    "bound": Need(Cost(500, 600, 4), Cost(2, 2)),
    "mst": Need(Cost(500, 600, 4), Cost(2, 1)),
    "traverse": Need(Cost(300, 500), Cost(1, 0.2)),
    "two_opt": Need(Cost(500, 600, 4), Cost(2, 12)),
    "order": Need(Cost(500, 3_000, 4), Cost(1, 0.2)),
    "quality": Need(Cost(500, 600, 4), Cost(1, 0.2)),
    "plan": Need(Cost(500, 4_000), Cost(1, 0.5)),
    "copy": Need(Cost(500, 4_000), Cost(2, 20)),
    "undo": Need(Cost(500, 4_000), Cost(2, 20)),
    "report": Need(Cost(1_500, 3_000), Cost(2, 0.1)),
    "verify": Need(Cost(500, 4_000), Cost(2, 20)),
    "clusters": Need(Cost(1_000, 600, 8), Cost(5, 5)),
    "cluster_table": Need(Cost(500, 3_000), Cost(1, 0.1)),
    "cluster_sheets": Need(Cost(1_500, 3_000), Cost(10)),
    "labels": Need(Cost(1_200, 600, 8), Cost(2, 5)),
    "categories": Need(Cost(3_000, 600, 4), Cost(5, 0.1)),
    "category_sheet": Need(Cost(1_500, 3_000), Cost(5)),
    "projection": Need(Cost(1_000, 2_000, 4), Cost(5, 5)),
    "projection_map": Need(Cost(1_500, 3_000), Cost(2)),
    "thumbnails": Need(Cost(3_000, 500), Cost(5, 20)),
    "centroids": Need(Cost(3_000, 600, 4), Cost(2)),
    "image_hashes": Need(Cost(3_000, 2_500), Cost(5, 20)),
    "duplicate_groups": Need(Cost(1_000, 5_000, 4), Cost(5, 5)),
    "clip_retrieval": Need(Cost(500, 2_000, 4), Cost(1, 0.1)),
    "collection": Need(Cost(500, 4_000), Cost(1, 0.1)),
    "plan_reorganize": Need(Cost(500, 4_000), Cost(1, 0.5)),
    "reorganize": Need(Cost(500, 4_000), Cost(2, 20)),
    "undo_reorganize": Need(Cost(500, 4_000), Cost(2, 20)),
}


def memory_mb(stage: str, size: Size, attempt: int = 1) -> int:
    """Return how much memory a stage asks for, in MB, more for each attempt."""
    need = NEEDS[stage]
    cost = Cost(need.memory.fixed * 1e6, *need.memory[1:])
    wanted = MEMORY_MARGIN * cost.of(_contents(need, size), size.dimension) / 1e6
    return attempt * MEMORY_STEP * math.ceil(wanted / MEMORY_STEP)


def minutes(stage: str, size: Size, attempt: int = 1) -> int:
    """Return how long a stage asks to run, in minutes, more for each attempt."""
    need = NEEDS[stage]
    cost = Cost(need.time.fixed * 60_000, *need.time[1:])
    wanted = TIME_MARGIN * cost.of(_contents(need, size), size.dimension) / 60_000
    return attempt * max(LEAST_MINUTES, math.ceil(wanted))


def _contents(need: Need, size: Size) -> float:
    return size.contents / size.partitions if need.of_a_partition else size.contents


def size_of(collection: Path, model: Path, partitions: int = 1) -> Size:
    """Return the size that the last scan and the model tell; a guess for what neither has told yet.

    collection, model : the folders of their artifacts
    """
    inventory = seen_record(collection / "inventory.parquet")
    contents = inventory.facts.get("ok") if inventory else None
    return Size(_number(contents) or UNKNOWN_CONTENTS, _dimension(model) or UNKNOWN_DIMENSION, partitions)


def _dimension(model: Path) -> int | None:
    try:
        return _number(json.loads((model / "model.json").read_text(encoding="utf-8"))["dimension"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
