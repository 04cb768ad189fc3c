"""What stages ask of a cluster: enough for what was measured, more for each attempt, and never an error."""

import json
from pathlib import Path

import pytest

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.run.resources import NEEDS, Size, memory_mb, minutes, size_of

# max_rss in MB of the benchmarks of whole runs on two cores: by precomputed vectors, and by the descriptor.
MEASURED = {
    Size(80_000, 1024, held=4e9): {
        "scan": 307,
        "embed": 391,
        "gather": 538,
        "knn": 859,
        "bound": 787,
        "mst": 227,
        "traverse": 168,
        "two_opt": 961,
        "order": 398,
        "quality": 756,
        "report": 491,
        "clusters": 1604,
        "labels": 1207,
        "projection": 926,
    },
    Size(100_000, 617, held=4e9): {
        "scan": 262,
        "embed": 419,
        "gather": 323,
        "knn": 585,
        "bound": 630,
        "mst": 236,
        "traverse": 171,
        "two_opt": 627,
        "order": 384,
        "quality": 579,
        "plan": 423,
        "copy": 299,
        "report": 538,
    },
    Size(3_000, 617, held=4e9): {
        "cluster_table": 151,
        "cluster_sheets": 195,
        "projection_map": 360,
        "thumbnails": 365,
        "image_hashes": 385,
        "duplicate_groups": 545,
        "collection": 156,
        "plan_reorganize": 183,
        "reorganize": 168,
    },
    Size(1_000_000, 617): {"scan": 594},
    Size(16, 3024, weights=335_013_715): {"embed": 1155},  # regnet_y_16gf on a CPU
}


@pytest.mark.parametrize(
    ("size", "stage", "taken"),
    [(size, stage, taken) for size, stages in MEASURED.items() for stage, taken in stages.items()],
)
def test_what_is_asked_for_covers_what_was_taken_and_is_not_many_times_that(
    size: Size, stage: str, taken: int
) -> None:
    assert 1.3 * taken < memory_mb(stage, size) < 6 * taken


@pytest.mark.parametrize("stage", sorted(NEEDS))
def test_more_is_asked_for_more_and_again(stage: str) -> None:
    small, large = Size(1_000, 64, 4), Size(1_000_000, 1024, 4)
    for ask in (memory_mb, minutes):
        assert 0 < ask(stage, small) <= ask(stage, large)
        assert ask(stage, small, attempt=3) == 3 * ask(stage, small)
    assert memory_mb(stage, small) < 10_000 < 64_000
    assert memory_mb(stage, large) < 64_000


def test_a_partition_asks_for_its_share() -> None:
    whole, share = (Size(1_000_000, 617, partitions) for partitions in (1, 100))
    assert memory_mb("embed", share) < memory_mb("embed", whole)
    assert minutes("embed", share) < minutes("embed", whole)
    assert memory_mb("mst", share) == memory_mb("mst", whole)


def test_the_size_is_what_the_last_scan_and_the_model_tell(tmp_path: Path) -> None:
    guess = size_of(tmp_path, tmp_path / "model", 3)
    assert guess == Size(100_000, 1024, 3)
    provenance = Provenance("scan", 1, facts={"files": 12, "ok": 7})
    with recording(tmp_path / "inventory.parquet", provenance) as file:
        file.write_text("")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text(json.dumps({"dimension": 5}))
    assert size_of(tmp_path, tmp_path / "model", 3) == Size(7, 5, 3)


@pytest.mark.parametrize("damaged", ["", "{}", '{"dimension": null}', '{"dimension": 0}', "[]"])
def test_what_can_not_be_read_is_guessed(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "model.json").write_text(damaged)
    (tmp_path / "inventory.parquet").write_text("")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "inventory.parquet.json").write_text(damaged)
    assert size_of(tmp_path, tmp_path) == Size(100_000, 1024)
