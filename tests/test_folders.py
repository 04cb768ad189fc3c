"""Folders as labels, and the order of names."""

import numpy as np
import pyarrow as pa
import pytest

from scripts.lib.files.folders import (
    filed,
    folder_labels,
    input_order,
    label_chance,
    label_share,
    labels_along,
    link_places,
)


def table(paths: list[bytes], items: list[int]) -> pa.Table:
    return pa.table({"path_bytes": pa.array(paths, pa.binary()), "item": pa.array(items, pa.int32())})


def classes(count: int, each: int) -> list[bytes]:
    return [b"root/class %d/%d.jpg" % (label, number) for label in range(count) for number in range(each)]


def test_a_folder_is_a_label_where_there_are_several_with_enough_files() -> None:
    labels = folder_labels(classes(3, 5))
    assert labels is not None
    assert labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert folder_labels(classes(1, 50)) is None
    assert folder_labels(classes(10, 4)) is None
    assert folder_labels([]) is None
    assert folder_labels([b"%d" % number for number in range(50)]) is None


def test_items_stand_in_the_order_of_their_first_names() -> None:
    paths, items = [b"b", b"d", b"a", b"\xff", b"c"], [2, 0, 0, 1, 3]
    assert input_order(filed(table(paths, items)), 4).tolist() == [0, 2, 3, 1]


def test_items_without_a_file_come_last() -> None:
    assert input_order(filed(table([b"b", b"a"], [3, 1])), 5).tolist() == [1, 3, 0, 2, 4]
    assert input_order(filed(table([], [])), 2).tolist() == [0, 1]


def test_labels_follow_the_items_to_another_order() -> None:
    paths = [*classes(2, 5)]
    files = filed(table(paths, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]))
    order = np.array([8, 0, 1, 2, 3, 4, 5, 6, 7], np.int32)
    along = labels_along(files, order)
    assert along is not None
    assert along.tolist() == [1, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert labels_along(filed(table([b"a"], [0])), np.zeros(1, np.int32)) is None


def test_the_share_counts_neighbours() -> None:
    assert label_share(np.array([0, 0, 1, 1, 0], np.int32)) == 0.5
    assert label_share(np.array([0], np.int32)) is None
    assert label_share(None) is label_chance(None) is None


def test_chance_is_the_mean_share_of_all_orders() -> None:
    labels = np.repeat(np.arange(4, dtype=np.int32), [3, 5, 9, 20])
    generator = np.random.default_rng(0)
    shares = [label_share(generator.permutation(labels)) or 0 for _ in range(4000)]
    assert label_chance(labels) == pytest.approx(np.mean(shares), abs=0.005)


def test_a_link_stands_between_the_files_that_are_side_by_side() -> None:
    items = np.array([5, 5, 2, 7, 7, 7], np.int32)
    assert link_places(items, 5, 2) == (1, 2)
    assert link_places(items, 2, 7) == (2, 3)
    assert link_places(items, 7, 2) == (2, 3)  # the files stand the other way round
    assert link_places(items, 7, 9) is link_places(items, 9, 7) is None
