"""Near-duplicates side by side, at no cost."""

import numpy as np
import pytest

from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.contiguous import bring_together, stray_runs


def runs_of(path: np.ndarray, labels: np.ndarray) -> int:
    return 1 + int((np.diff(labels[path]) != 0).sum())


def test_copies_come_together_and_the_path_gets_no_longer() -> None:
    generator = np.random.default_rng(0)
    vectors = np.repeat(generator.normal(size=(40, 6)), 3, axis=0).astype(np.float32)
    labels = np.repeat(np.arange(40, dtype=np.int32), 3)
    for seed in range(5):
        path = np.random.default_rng(seed).permutation(120).astype(np.int32)
        together = bring_together(vectors, path, labels)
        assert sorted(together) == list(range(120))
        assert runs_of(together, labels) == 40
        before, after = (link_lengths(vectors, each).sum(dtype=float) for each in (path, together))
        assert after <= before * (1 + 1e-6)


def test_a_member_that_serves_as_a_bridge_is_left_where_it_costs_something_to_move_it() -> None:
    vectors = np.array([[0, 0], [0.2, 0], [0, 9], [0.2, 9.1], [0.1, 4]], np.float32)
    labels = np.array([0, 0, 1, 1, 0], np.int32)  # the last one, by its label, belongs to the first two
    path = np.array([0, 1, 4, 2, 3], np.int32)
    assert bring_together(vectors, path, labels).tolist() == path.tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_small_paths(n: int) -> None:
    path = np.arange(n, dtype=np.int32)
    vectors = np.zeros((n, 2), np.float32)
    assert bring_together(vectors, path, np.zeros(n, np.int32)).tolist() == path.tolist()


def test_only_groups_in_several_runs_are_looked_at() -> None:
    path = np.array([0, 2, 1, 3, 4, 5], np.int32)
    labels = np.array([7, 7, 1, 2, 3, 3], np.int32)
    ((run, members),) = stray_runs(path, labels)
    assert sorted([*run, *members]) == [0, 1]
