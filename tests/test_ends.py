"""Where paths begin and end."""

import numpy as np
import pytest

from scripts.lib.ordering.search.ends import beginning_with, cut_at_weakest_link, directed


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, np.newaxis]


def test_the_longest_link_becomes_the_gap_between_the_ends() -> None:
    vectors = column(3, 4, 5, 100, 101, 2)
    path = np.arange(6, dtype=np.int32)
    assert cut_at_weakest_link(vectors, path).tolist() == [5, 0, 1, 2, 3, 4]


def test_a_path_that_cannot_gain_stays_as_it_is() -> None:
    path = np.array([2, 0, 1], np.int32)
    assert cut_at_weakest_link(column(1, 2, 0), path).tolist() == [2, 0, 1]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_short_paths_have_nothing_to_cut(n: int) -> None:
    path = np.arange(n, dtype=np.int32)
    assert cut_at_weakest_link(column(*range(n)) if n else np.empty((0, 1), np.float32), path).tolist() == (
        path.tolist()
    )


def test_equal_vectors_are_not_turned() -> None:
    assert cut_at_weakest_link(column(1, 1, 1), np.array([1, 2, 0], np.int32)).tolist() == [1, 2, 0]


def test_a_named_node_comes_first_and_the_others_stay_in_order() -> None:
    path = np.array([3, 1, 0, 2], np.int32)
    assert beginning_with(path, 0).tolist() == [0, 3, 1, 2]
    assert beginning_with(path, None).tolist() == path.tolist()


def test_direction_is_told_by_the_smaller_end_or_the_named_one() -> None:
    path = np.array([2, 1, 0], np.int32)
    assert directed(path).tolist() == [0, 1, 2]
    assert directed(path, 2).tolist() == [2, 1, 0]
    assert directed(path, 0).tolist() == [0, 1, 2]
