"""What is told of a collection and of one file, in figures and words."""

from pathlib import Path

import pyarrow as pa
import pytest

from scripts.lib.dashboard.left_out import range_words, turned
from scripts.lib.view.artifacts import artifact_path
from scripts.lib.view.facts import duplicates_of, facts_of
from scripts.lib.view.overview import counts, left_out_of, parts, read_object
from scripts.lib.view.shapes import Shapes
from scripts.lib.view.snapshot import Snapshot, load_snapshot
from tests.small_results import HOSTILE, Small, write_results


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    results = write_results(tmp_path_factory.mktemp("overview"), Small(30, HOSTILE, copies=2))
    found = load_snapshot(results)
    assert found is not None
    return found


def test_how_much_there_is(snapshot: Snapshot) -> None:
    told = [tuple(each) for each in counts(snapshot, 1)]
    assert told[:4] == [
        ("32", "files in order"),
        ("30", "different images"),
        ("3", "folders"),
        ("1", "file left out"),
    ]
    assert ("3", "duplicates") in told
    assert ("3", "categories") in told


def test_what_there_is_and_what_makes_the_rest(tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(6, has={"clusters", "quality"}))
    found = load_snapshot(results)
    assert found is not None
    states = {each.name: (each.state, each.target) for each in parts(found)}
    assert states["Clusters"] == ("there", None)
    assert states["The map"] == ("not made yet", "project")
    assert states["Thumbnails"] == ("not made yet", "dashboard_data")
    assert "What the middles of clusters look like" not in states


def test_what_was_left_out_is_read_as_text(snapshot: Snapshot) -> None:
    table = left_out_of(snapshot)
    assert table is not None
    assert table["status"].to_pylist() == ["undecodable", "too large"]


def test_what_is_damaged_is_not_read(tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(6))
    found = load_snapshot(results)
    assert found is not None
    assert read_object(found.seen["quality"]) is not None
    artifact_path(results, "quality").write_text("{")
    artifact_path(results, "rejected").unlink()
    artifact_path(results, "inventory").write_bytes(b"")
    assert read_object(found.seen["quality"]) is None
    assert left_out_of(found) is None
    assert Shapes().of(found, 0) is None


def test_damage_leaves_the_rest_to_be_seen(tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(6))
    artifact_path(results, "labels").write_bytes(b"")
    found = load_snapshot(results, whole=False)
    assert found is not None
    assert found.labels is None
    assert found.clusters is not None
    assert not found.seen["labels"].is_present


def test_facts_of_a_file(snapshot: Snapshot) -> None:
    for place in range(len(snapshot)):
        facts = dict(facts_of(snapshot, place, Shapes().of(snapshot, place)))
        assert facts["Pixels"] == "96 × 64"
        assert facts["Content"] == snapshot.content_id(place).hex()
        assert {"File", "Size", "Changed", "Cluster", "Category", "Label"} <= {*facts}
        assert ("To the next" in facts) == (place < len(snapshot) - 1)
        assert not any(mark in text for text in facts.values() for mark in "\n\u202e\u2069")


def test_duplicates_of_a_file(snapshot: Snapshot) -> None:
    for place in range(len(snapshot)):
        group, same = duplicates_of(snapshot, place), snapshot.same_content(place)
        assert {each.position for each in group} >= {place, *same} or not (group or same)
        assert [each.kept for each in group] == [True] * bool(group) + [False] * (len(group) - 1)


def test_pages_are_turned_within_bounds() -> None:
    assert [turned(start, 45, True) for start in (0, 20, 40)] == [20, 40, 40]
    assert [turned(start, 45, False) for start in (0, 20, 10**9)] == [0, 0, 40]
    assert turned(0, 20, True) == 0
    assert range_words(pa.table({"path": ["x"] * 45}), 40) == "41 to 45 of 45"
