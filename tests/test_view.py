"""What viewers see: results that are asked for, artifacts that belong to the order, and one state of them."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from benchmarks.made_results import make_results
from scripts.lib.artifacts.record import Provenance, record_path, recording
from scripts.lib.errors import InputError
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.view.artifacts import KINDS, Moving, State, artifact_path, intact, see_all
from scripts.lib.view.neighbors import Neighbors
from scripts.lib.view.results import Results, all_results, find_results
from scripts.lib.view.snapshot import load_snapshot

IMAGES = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return make_results(tmp_path_factory.mktemp("made"), IMAGES, 8)


@pytest.fixture
def results(made: Results, tmp_path: Path) -> Results:
    """Return results of one's own, linked file by file: whoever replaces one replaces the link."""
    for file in (path for path in made.base.rglob("*") if path.is_file()):
        target = tmp_path / file.relative_to(made.base)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(file)
    return Results(tmp_path / made.model.relative_to(made.base), made.config)


def write_again(results: Results, name: str, inputs: list[str]) -> None:
    """Replace an artifact by one of other bytes, made from others."""
    path = artifact_path(results, name)
    table = pq.read_table(path).replace_schema_metadata({"again": "yes"})
    provenance = Provenance("again", 1, {}, [artifact_path(results, each) for each in inputs])
    with recording(path, provenance) as temporary:
        pq.write_table(table, temporary)


def states(results: Results) -> dict[str, State]:
    return {name: seen.state for name, seen in see_all(results).items()}


def write_config(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(text)


def test_the_results_of_the_last_run_are_found_or_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, name, model in (
        (30, "cats", "descriptor"),
        (20, "dogs", "descriptor"),
        (10, "cats", "resnet18"),
    ):
        tag = f"{model}-0123" if model == "resnet18" else model
        write_config(tmp_path / name / tag, yaml.safe_dump({"name": name, "model": model}))
        os.utime(tmp_path / name / tag / "config.yaml", (1e9 - age, 1e9 - age))
    write_config(tmp_path / "broken" / "descriptor", "{")
    write_config(tmp_path / "empty" / "descriptor", "")
    assert [(each.name, each.tag) for each in all_results(tmp_path)] == [
        ("cats", "resnet18-0123"),
        ("dogs", "descriptor"),
        ("cats", "descriptor"),
    ]
    assert find_results(tmp_path).tag == "resnet18-0123"
    assert find_results(tmp_path).config["thumbnail_side"] == 160  # what the last run did not know
    assert find_results(tmp_path, "cats", "descriptor").tag == "descriptor"
    assert find_results(tmp_path, model="resnet18").tag == "resnet18-0123"
    assert find_results(tmp_path, "dogs").base == tmp_path.parent
    for here, folder in ((tmp_path, "."), (tmp_path / "dogs", ".."), (tmp_path.parent, tmp_path.name)):
        monkeypatch.chdir(here)
        assert find_results(Path(folder)).base == tmp_path.parent
    with pytest.raises(InputError, match=r"no results of birds in .* There are: cats by resnet18-0123, dogs"):
        find_results(tmp_path, "birds")
    with pytest.raises(InputError, match="sort some images first"):
        find_results(tmp_path / "nowhere")


def test_what_there_is_belongs_together(results: Results) -> None:
    there = {name for name in KINDS if artifact_path(results, name).exists()}
    assert {"order", "vectors", "clusters", "cluster_table", "projection", "thumbnails"} <= there < {*KINDS}
    assert states(results) == {name: State.PRESENT if name in there else State.MISSING for name in KINDS}


def test_what_belongs_to_other_vectors_than_the_order_is_outdated(results: Results) -> None:
    vectors = artifact_path(results, "vectors")
    matrix = np.load(vectors) + 1
    with recording(vectors, Provenance("gather", 1)) as temporary, temporary.open("wb") as stream:
        np.save(stream, matrix)
    before = states(results)  # a sort is at work: the order and all that belongs to it can be shown
    assert before["vectors"] is State.OUTDATED
    assert {before[name] for name in ("order", "clusters", "cluster_table", "projection")} == {State.PRESENT}
    write_again(results, "order", ["vectors", "items"])
    after = states(results)
    assert after["vectors"] is after["order"] is State.PRESENT
    assert {after[name] for name in ("clusters", "labels", "projection", "knn")} == {State.OUTDATED}
    snapshot = load_snapshot(results)
    assert snapshot is not None
    assert snapshot.plane is snapshot.clusters is snapshot.labels is None


def test_a_table_of_other_clusters_is_outdated(results: Results) -> None:
    write_again(results, "clusters", ["vectors"])
    assert states(results)["cluster_table"] is State.OUTDATED


def test_viewers_touch_nothing(results: Results) -> None:
    """A damaged artifact is neither shown nor set aside: that is for stages."""
    path = artifact_path(results, "projection")
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + b"x")
    record_path(artifact_path(results, "labels")).unlink()
    before = {file: file.read_bytes() for file in results.base.rglob("*") if file.is_file()}
    assert states(results)["labels"] is State.MISSING
    with pytest.raises(Moving, match="replaced, or damaged"):
        load_snapshot(results)
    with pytest.raises(Moving, match="is not there"):
        intact(see_all(results)["quality"])
    assert {file: file.read_bytes() for file in results.base.rglob("*") if file.is_file()} == before


def test_a_snapshot_tells_of_each_file_what_the_tables_tell(results: Results) -> None:
    snapshot = load_snapshot(results)
    assert snapshot is not None
    order, folder = pq.read_table(artifact_path(results, "order")), results.model
    tables = {
        name: pq.read_table(folder / f"{name}.parquet") for name in ("projection", "clusters", "labels")
    }
    chances = pq.read_table(folder / "categories.parquet")
    for position in (0, 17, IMAGES - 1):
        item = order["item"][position].as_py()
        assert snapshot.path(position) == order["path"][position].as_py()
        assert snapshot.content_id(position) == order["content_id"][position].as_py()
        assert snapshot.plane is not None
        assert snapshot.space is not None
        place = {axis: tables["projection"][axis][item].as_py() for axis in "uvxyz"}
        assert snapshot.plane[position].tolist() == [place["u"], place["v"]]
        assert snapshot.space[position].tolist() == [place["x"], place["y"], place["z"]]
        assert snapshot.clusters is not None
        assert snapshot.clusters.codes[position] == tables["clusters"]["cluster"][item].as_py()
        assert snapshot.labels is not None
        assert snapshot.labels[position].as_py() == tables["labels"]["label"][item].as_py()
        assert snapshot.categories is not None
        called = snapshot.categories.names[snapshot.categories.codes[position]]
        assert called == chances["category"][item].as_py()
        assert snapshot.probabilities is not None
        wanted = np.array(chances["probabilities"][item].as_py(), np.float16)
        assert (snapshot.probabilities[item] == wanted).all()
        folder_name = str(Path(snapshot.path(position)).parent)
        assert snapshot.folders.names[snapshot.folders.codes[position]] == folder_name
        assert snapshot.first_positions[item] == position
        assert snapshot.file(position) == bytes(results.base / snapshot.path(position))
    assert snapshot.folders.names == sorted(snapshot.folders.names)


def test_a_generation_changes_with_what_is_shown(results: Results) -> None:
    first, second = load_snapshot(results), load_snapshot(results)
    assert first is not None
    assert second is not None
    assert first.generation == second.generation
    write_again(results, "labels", ["vectors"])
    third = load_snapshot(results)
    assert third is not None
    assert third.generation != first.generation


def test_there_is_no_snapshot_before_the_first_order(results: Results) -> None:
    artifact_path(results, "order").unlink()
    assert load_snapshot(results) is None


def test_neighbours_are_those_of_the_graph(results: Results) -> None:
    snapshot, graph = load_snapshot(results), read_graph(artifact_path(results, "knn"))
    assert snapshot is not None
    neighbors, item = Neighbors(), int(snapshot.items[5])
    near = neighbors.of(snapshot, 5, 4)
    assert [int(snapshot.items[each.position]) for each in near] == graph.indices[item, :4].tolist()
    assert [each.distance for each in near] == graph.distances[item, :4].tolist()


def test_an_empty_order_is_a_snapshot_too(results: Results) -> None:
    path = artifact_path(results, "order")
    table = pq.read_table(path).slice(0, 0)
    with recording(path, Provenance("order", 1)) as temporary:
        pq.write_table(table, temporary)
    for name in ("projection", "clusters", "cluster_table", "labels", "categories"):
        artifact_path(results, name).unlink()
    snapshot = load_snapshot(results)
    assert snapshot is not None
    assert len(snapshot) == len(snapshot.folders.names) == len(snapshot.first_positions) == 0


def test_probabilities_that_are_not_known_are_no_numbers(results: Results) -> None:
    path = artifact_path(results, "categories")
    table, record = pq.read_table(path), see_all(results)["categories"].record
    assert record is not None
    lists = table["probabilities"].to_pylist()
    lists[3] = None
    changed = table.set_column(3, "probabilities", pa.array(lists, pa.list_(pa.float32())))
    provenance = Provenance("categories", 1, {}, [artifact_path(results, "items")], dict(record.facts))
    with recording(path, provenance) as temporary:
        pq.write_table(changed, temporary)
    snapshot = load_snapshot(results)
    assert snapshot is not None
    assert snapshot.probabilities is not None
    assert np.flatnonzero(np.isnan(snapshot.probabilities).any(axis=1)).tolist() == [3]
