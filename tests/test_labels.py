"""Hierarchical labels: unique, with groups as beginnings, in an order of the images, and kept."""

import itertools
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.clustering.dendrogram import leaf_runs
from scripts.lib.clustering.item_tree import item_tree
from scripts.lib.embedding.gather import Items, first_ids, read_items
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.labels.kept_labels import (
    MOST_NEW,
    complete,
    fresh,
    kept_for,
    labels_behind,
    read_labels,
    write_labels,
)
from scripts.lib.labels.label_tree import ALPHABET, branches, label_order
from scripts.lib.labels.labels import LabelSettings, keep_labels, make_labels
from scripts.lib.labels.leaf_order import oriented
from tests.conftest import Workflow, write_pictures
from tests.groups import blobs, graph_and_tree


def prefix_free(labels: list[str]) -> bool:
    return not any(b.startswith(a) for a, b in itertools.pairwise(sorted(labels)))


def common_beginning(one: str, other: str) -> int:
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def labels_of(vectors: np.ndarray, symbols: int = 8) -> list[str]:
    return make_labels(vectors, LabelSettings(symbols)).labels.labels


def mean_link(vectors: np.ndarray, order: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(vectors[order], axis=0), axis=1).mean())


def ids_of(count: int) -> np.ndarray:
    return np.array([bytes([1 + i // 250, 1 + i % 250]) * 16 for i in range(count)], ID_DTYPE)


def items_of(ids: np.ndarray) -> Items:
    return Items(np.arange(len(ids)), ids)


@pytest.mark.parametrize("symbols", [2, 3, 8, 36])
@pytest.mark.parametrize("n", [1, 2, 3, 9, 150])
def test_no_label_is_the_beginning_of_another(n: int, symbols: int) -> None:
    labels = labels_of(np.random.default_rng(n).normal(size=(n, 5)).astype(np.float32), symbols)
    assert len(set(labels)) == n
    assert prefix_free(labels)
    assert set("".join(labels)) <= set(ALPHABET[:symbols])


def test_of_no_images_there_are_no_labels() -> None:
    assert labels_of(np.empty((0, 5), np.float32)) == []


def test_groups_are_beginnings() -> None:
    vectors, truth = blobs(8, 20)
    labels = labels_of(vectors)
    assert len({(label[0], group) for label, group in zip(labels, truth.tolist(), strict=True)}) == 8


def test_sorted_by_label_images_are_sorted_by_likeness() -> None:
    vectors = np.random.default_rng(1).normal(size=(400, 3)).astype(np.float32)
    by_label = mean_link(vectors, label_order(labels_of(vectors)))
    assert by_label < 0.4 * mean_link(vectors, np.random.default_rng(0).permutation(400))


def test_a_longer_common_beginning_means_a_smaller_distance() -> None:
    vectors = np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32)
    labels = labels_of(vectors)
    by_depth: dict[int, list[float]] = {}
    for i, j in itertools.combinations(range(0, 300, 3), 2):
        common = common_beginning(labels[i], labels[j])
        by_depth.setdefault(min(common, 2), []).append(float(np.linalg.norm(vectors[i] - vectors[j])))
    means = [np.mean(by_depth[depth]) for depth in sorted(by_depth)]
    assert means == sorted(means, reverse=True)


def test_a_better_layout_of_the_tree_is_a_shorter_order_of_the_same_groups() -> None:
    vectors = np.random.default_rng(3).normal(size=(200, 2)).astype(np.float32)
    tree = item_tree(vectors, "ward", 0)
    better = oriented(tree, vectors)
    assert mean_link(vectors, leaf_runs(better).order) < mean_link(vectors, leaf_runs(tree).order)
    for node in range(200, 399):
        assert set(leaf_runs(better).of(node)) == set(leaf_runs(tree).of(node))


def test_branches_are_parted_at_the_highest_joints_and_stand_in_order() -> None:
    vectors, _ = blobs(5, 10)
    tree = item_tree(vectors, "ward", 0)
    found = branches(tree, 98, 5)
    runs = leaf_runs(tree)
    assert [int(runs.counts[node]) for node in found] == [10] * 5
    starts = [int(runs.starts[node]) for node in found]
    assert starts == sorted(starts)


def test_new_images_get_labels_beside_what_they_resemble_and_nothing_else_changes() -> None:
    vectors, truth = blobs(6, 30)
    known = np.arange(180) < 150
    former = make_labels(vectors[known], LabelSettings()).labels
    ids = ids_of(180)
    found = keep_labels(items_of(ids), (ids[known], former), graph_and_tree(vectors)[1], 8)
    assert found is not None
    assert found.put_in == 30
    labels = found.labels.labels
    assert labels[:150] == former.labels
    assert prefix_free(labels)
    firsts = {(label[0], group) for label, group in zip(labels, truth.tolist(), strict=True)}
    assert len(firsts) == len({first for first, _ in firsts})


def test_with_many_new_images_all_labels_are_new() -> None:
    ids, former = ids_of(100), fresh([f"{i:03d}0" for i in range(60)])
    assert kept_for(items_of(ids), ids[:60], former) is None
    assert kept_for(items_of(ids[: int(60 / (1 - MOST_NEW))]), ids[:60], former) is not None


def test_images_added_little_by_little_count_together() -> None:
    ids, former = ids_of(12), fresh([f"{i}0" for i in range(8)])
    former.added[5:] = True
    assert kept_for(items_of(ids[:9]), ids[:8], former) is None


@pytest.mark.parametrize("symbols", [2, 3, 8, 36])
def test_there_is_always_room_for_one_more_and_labels_stay_short(symbols: int) -> None:
    found = list(itertools.islice(labels_behind("01", symbols), 2000))
    assert found == sorted(set(found))
    assert prefix_free(found)
    assert set("".join(found)) <= set(ALPHABET[:symbols])
    assert all(label.startswith("01") for label in found)
    assert max(map(len, found)) < 30


def test_labels_stay_what_they_are_while_images_come_and_go() -> None:
    random, symbols = np.random.default_rng(0), 3
    vectors, ids = random.normal(size=(400, 4)).astype(np.float32), ids_of(400)
    there = np.arange(400) < 150
    labels, former_ids = make_labels(vectors[there], LabelSettings(symbols)).labels, ids[there]
    for _ in range(20):
        there[random.choice(np.flatnonzero(there), 2, replace=False)] = False
        there[random.choice(np.flatnonzero(~there), 2, replace=False)] = True
        former = dict(zip(former_ids.tolist(), labels.labels, strict=True))
        tree = graph_and_tree(vectors[there])[1]
        found = keep_labels(items_of(ids[there]), (former_ids, labels), tree, symbols)
        assert found is not None
        labels, former_ids = found.labels, ids[there]
        assert prefix_free(labels.labels)
        now = dict(zip(former_ids.tolist(), labels.labels, strict=True))
        assert all(now[one] == former[one] for one in now.keys() & former.keys())
    assert labels.added.sum() > 30


def test_a_copy_that_comes_or_goes_changes_no_label(tmp_path: Path) -> None:
    ids, file = ids_of(5), tmp_path / "labels.parquet"
    write_labels(file, Items(np.array([0, 1, 0]), ids[1:4]), fresh(["00", "10"]), 8)
    former = read_labels(file, 8)
    assert former is not None
    kept = kept_for(Items(np.array([1, 0]), ids[2:4]), *former)
    assert kept is not None
    assert kept.labels == ["00", "10"]
    kept = kept_for(Items(np.array([0, 0, 1]), ids[:3]), *former)
    assert kept is not None
    assert kept.labels == ["00", "10"]


def test_images_that_were_one_do_not_share_a_label() -> None:
    ids = ids_of(9)
    former = fresh(["00", "00", "10", "20", "30", "40", "50", "60", "70"])
    kept = kept_for(items_of(ids), ids, former)
    assert kept is not None
    assert kept.labels[:3] == ["00", "", "10"]
    assert kept.added.tolist() == [False, True] + [False] * 7


def test_new_images_that_only_resemble_each_other_are_reached() -> None:
    vectors = np.array([[0.0], [1.0], [50.0], [50.1], [50.2]], np.float32)
    labels = fresh(["00", "10", "", "", ""])
    labels.ways[2:] = [0, 0, 0]
    assert complete(labels, graph_and_tree(vectors)[1], 8) == 3
    assert sorted(labels.labels)[1:] == sorted(["11", "12", "13", "10"])


def test_kept_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    ids, labels = ids_of(3), fresh(["00", "10", "20"])
    labels.added[1] = True
    write_labels(tmp_path / "kept" / "labels.parquet", items_of(ids), labels, 8)
    found = read_labels(tmp_path / "kept" / "labels.parquet", 8)
    assert found is not None
    assert (found[0] == ids).all()
    assert (found[1].labels, found[1].ways) == (labels.labels, [1, 1, 1])
    assert found[1].added.tolist() == [False, True, False]
    assert read_labels(tmp_path / "kept" / "labels.parquet", 9) is None
    assert read_labels(tmp_path / "nothing", 8) is None


def test_what_is_no_table_of_labels_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(DamagedArtifact, match=r"labels.parquet can't be read"):
        read_labels(tmp_path / "labels.parquet", 8)


def labels_by_content(workflow: Workflow) -> dict[bytes, str]:
    ids = first_ids(read_items(workflow.model / "items.parquet"))
    labels = pq.read_table(workflow.model / "labels.parquet")["label"].to_pylist()
    return dict(zip(ids.tolist(), labels, strict=True))


def test_the_workflow_keeps_labels_when_images_come_and_go(collection: Workflow) -> None:
    labels = str((collection.model / "labels.parquet").relative_to(collection.folder))
    collection.run(labels)
    before = labels_by_content(collection)
    assert len(set(before.values())) == 20
    write_pictures(collection.images / "more", 4, first=500)
    sorted(collection.images.rglob("*.jpg"))[0].unlink()
    collection.run("cluster")
    after = labels_by_content(collection)
    assert len(after) == 23
    assert prefix_free(list(after.values()))
    assert all(after[content] == label for content, label in before.items() if content in after)
    collection.run(labels, label_keep=False)
    assert labels_by_content(collection) != after
