"""The refined path: a permutation, never longer, optimal where that can be checked."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.chunks import in_sequence
from scripts.lib.ordering.search.kicks import SearchSettings, draw_kicks
from scripts.lib.ordering.search.links import make_links
from scripts.lib.ordering.search.local_search import descend, kick_and_repair
from scripts.lib.ordering.search.search_state import SearchState, StateFile
from scripts.lib.ordering.search.tour import carry_out, make_tour, node_at, place_of, plan, take_back
from scripts.lib.ordering.search.two_opt import cut_open, make_search, refine, search_steps
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.traverse import traverse

Vectors = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int32]


def points(n: int, d: int = 8, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def first_path(vectors: Vectors) -> tuple[NeighborGraph, Rows]:
    graph = nearest_neighbors(vectors, KnnSettings(k=10))
    return graph, traverse(minimum_spanning_tree(vectors, graph), len(vectors))


def length(vectors: Vectors, path: Rows) -> float:
    return float(link_lengths(vectors, path).sum(dtype=np.float64))


def assert_refined(vectors: Vectors, before: Rows, after: Rows) -> None:
    assert after.dtype == np.int32
    assert sorted(after.tolist()) == list(range(len(vectors)))
    assert length(vectors, after) <= length(vectors, before) * (1 + 1e-9)


def shortest(vectors: Vectors) -> float:
    """Length of the best path, by dynamic programming over subsets (Held and Karp 1962)."""
    n = len(vectors)
    distances = np.linalg.norm(vectors[:, np.newaxis] - vectors.astype(np.float64), axis=2)
    best = np.full((1 << n, n), np.inf)
    for node in range(n):
        best[1 << node, node] = 0.0
    for visited in range(1, 1 << n):
        for node in range(n):
            if not visited >> node & 1:
                reached = visited | 1 << node
                through = (best[visited] + distances[:, node]).min()
                best[reached, node] = min(best[reached, node], through)
    return float(best[-1].min())


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("n", [3, 4, 10, 500])
def test_refined_path_is_a_permutation_and_not_longer(n: int, dtype: type) -> None:
    vectors = points(n).astype(dtype)
    graph, path = first_path(vectors)
    assert_refined(vectors, path, refine(vectors, graph, path))


@pytest.mark.parametrize("kicks", [0.0, 10.0])
def test_a_random_path_becomes_much_shorter(kicks: float) -> None:
    vectors = points(800, 3)
    path = np.random.default_rng(0).permutation(800).astype(np.int32)
    graph, _ = first_path(vectors)
    refined = refine(vectors, graph, path, SearchSettings(kicks_per_node=kicks))
    assert_refined(vectors, path, refined)
    assert length(vectors, refined) < 0.3 * length(vectors, path)


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 8, 9])
def test_tiny_paths_are_optimal(n: int) -> None:
    for seed in range(20):
        vectors = points(n, 2, seed)
        graph, path = first_path(vectors)
        refined = refine(vectors, graph, path)
        assert length(vectors, refined) == pytest.approx(shortest(vectors), rel=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_nothing_to_refine(n: int) -> None:
    graph, path = first_path(points(n))
    assert refine(points(n), graph, path).tolist() == list(range(n))


def test_points_on_a_line_come_out_in_order() -> None:
    vectors = np.random.default_rng(0).permutation(300).astype(np.float32)[:, np.newaxis]
    graph, path = first_path(vectors)
    assert length(vectors, refine(vectors, graph, path)) == 299


def test_identical_vectors_end() -> None:
    vectors = np.ones((300, 4), np.float16)
    graph, path = first_path(vectors)
    assert_refined(vectors, path, refine(vectors, graph, path))


def test_two_far_clusters_are_linked_once() -> None:
    vectors = np.concatenate([points(150), points(150, seed=1) + 1000])
    graph, path = first_path(vectors)
    refined = refine(vectors, graph, path)
    assert_refined(vectors, path, refined)
    assert (link_lengths(vectors, refined) > 500).sum() == 1


def test_the_same_seed_gives_the_same_path_whatever_its_direction() -> None:
    vectors = points(400)
    graph, path = first_path(vectors)
    first, again = (refine(vectors, graph, path, SearchSettings(seed=1)) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert first[0] < first[-1]


def test_progress_adds_up() -> None:
    vectors, done = points(300), []
    graph, path = first_path(vectors)
    refine(vectors, graph, path, progress=done.append)
    assert sum(done) == search_steps(300, SearchSettings())


def test_more_kicks_give_shorter_paths() -> None:
    vectors = points(1000)
    graph, path = first_path(vectors)
    lengths = [
        length(vectors, refine(vectors, graph, path, SearchSettings(kicks_per_node=kicks)))
        for kicks in (0.0, 1.0, 20.0)
    ]
    assert lengths == sorted(lengths, reverse=True)


def test_planned_reversals_foretell_what_is_carried_out() -> None:
    n, generator = 23, np.random.default_rng(0)
    nodes = generator.permutation(n)
    for _ in range(100):
        tour = make_tour(nodes, 8, n)
        for planned in range(4):
            start, end = generator.integers(0, n, 2)
            plan(tour, planned, start, end, bool(generator.integers(2)))
        foretold = [node_at(tour, 0, 4, place) for place in range(n)]
        places = [place_of(tour, 0, 4, node) for node in range(n)]
        carry_out(tour, 0, 4)
        assert in_sequence(tour.chunks).tolist() == foretold
        assert [place_of(tour, 4, 4, node) for node in range(n)] == places
        take_back(tour, 4)
        assert in_sequence(tour.chunks).tolist() == nodes.tolist()


def test_gains_add_up_to_what_the_path_lost() -> None:
    """Every length is computed in one way, or the search could go in circles."""
    vectors = points(600, 40).astype(np.float16)
    graph, path = first_path(vectors)
    search = make_search(vectors, graph, path, SearchSettings())
    descended, _ = descend(search, 0)
    kicked = sum(kick_and_repair(search, kicks) for kicks in draw_kicks(600, SearchSettings(seed=2)))
    assert not search.queue.waiting.any()
    lost = length(vectors, path) - length(vectors, cut_open(search.tour))
    assert (descended + kicked) / search.links.units == pytest.approx(lost, abs=1e-8)


def test_links_to_the_extra_node_have_no_length() -> None:
    vectors = points(50)
    links = make_links(vectors, nearest_neighbors(vectors), 5)
    assert np.isinf(links.lengths[50]).all()


class Killed(Exception):
    pass


@pytest.mark.parametrize("seen_steps", [1, 400, 5000])
def test_an_interrupted_search_ends_as_if_it_had_not_been(tmp_path: Path, seen_steps: int) -> None:
    vectors = points(600, 24)
    graph, path = first_path(vectors)
    settings = SearchSettings(kicks_per_node=20.0)
    state_file = StateFile(tmp_path / "search.npz", "these vectors", seconds=0.0)
    done = 0

    def kill(steps: int) -> None:
        nonlocal done
        done += steps
        if done >= seen_steps:
            raise Killed

    with pytest.raises(Killed):
        refine(vectors, graph, path, settings, kill, state_file)
    resumed = refine(vectors, graph, path, settings, state_file=state_file)
    assert resumed.tolist() == refine(vectors, graph, path, settings).tolist()


def test_a_search_is_taken_up_where_it_stood(tmp_path: Path) -> None:
    """What is left of the search after its last state is nothing: no kick is tried again."""
    vectors = points(300)
    graph, path = first_path(vectors)
    state_file = StateFile(tmp_path / "search.npz", "these vectors", seconds=0.0)
    refine(vectors, graph, path, state_file=state_file)
    state = state_file.read()
    assert state is not None
    assert state.kicks == search_steps(300, SearchSettings()) - 300
    backwards = state._replace(tour=state.tour[::-1].copy())
    state_file.write(backwards)
    taken_up = refine(vectors, graph, path, state_file=state_file)
    assert length(vectors, taken_up) == pytest.approx(length(vectors, refine(vectors, graph, path)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"other"])
def test_a_broken_or_foreign_state_is_not_taken(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "search.npz"
    if content == b"other":
        StateFile(file, "other vectors").write(SearchState(np.arange(3), np.arange(3), 7))
    else:
        file.write_bytes(content)
    assert StateFile(file, "these vectors").read() is None


def test_progress_adds_up_to_the_steps_foretold() -> None:
    vectors, done = points(700), []
    graph, path = first_path(vectors)
    refine(vectors, graph, path, progress=done.append)
    assert sum(done) == search_steps(700, SearchSettings())


@pytest.mark.parametrize("n", [1, 2, 3, 4, 200])
def test_a_path_begins_where_it_is_told_to(n: int) -> None:
    vectors = points(n)
    graph, path = first_path(vectors)
    free = refine(vectors, graph, path)
    for first in {0, n // 2, n - 1}:
        found = refine(vectors, graph, path, SearchSettings(first=first))
        assert found[0] == first
        assert sorted(found) == list(range(n))
        assert length(vectors, found) <= 1.1 * length(vectors, free) + 2 * np.ptp(vectors)


@pytest.mark.parametrize("n", [4, 6, 7])
def test_the_best_path_from_a_given_start_is_found_in_small_sets(n: int) -> None:
    vectors = points(n, 3)
    graph, path = first_path(vectors)
    found = refine(vectors, graph, path, SearchSettings(first=1))
    others = [node for node in range(n) if node != 1]
    best = min(length(vectors, np.array([1, *rest], np.int32)) for rest in permutations(others))
    assert length(vectors, found) == pytest.approx(best, rel=1e-6)


def test_a_search_that_may_not_copy_the_vectors_finds_a_path_as_short() -> None:
    vectors = points(1000, 16)
    graph, path = first_path(vectors)
    copied, not_copied = (
        length(vectors, refine(vectors, graph, path, SearchSettings(copied_bytes=size)))
        for size in (1 << 30, 0)
    )
    assert not_copied == pytest.approx(copied, rel=0.02)


def far_clusters(seed: int) -> Vectors:
    """Small lattices with many equal distances, as far apart as 2 ** 30 of their steps."""
    generator = np.random.default_rng(seed)
    centres = generator.integers(0, 6, (40, 3)) * 1e8
    steps = generator.integers(0, 4, (240, 2)) * 0.1
    return np.unique(np.concatenate([centres.repeat(6, axis=0), steps], axis=1).astype(np.float32), axis=0)


def with_sentinels(seed: int) -> Vectors:
    """Vectors in which a number far off stands for what is missing."""
    generator = np.random.default_rng(seed)
    vectors = points(300, 12, seed)
    vectors[:, :6][generator.random((300, 6)) < 0.3] = -1e9
    return vectors


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [far_clusters, with_sentinels])
def test_rounding_never_seems_to_gain_anything(kind: Callable[[int], Vectors], seed: int) -> None:
    """Or the search would make the same exchanges for ever."""
    vectors = kind(seed)
    graph, path = first_path(vectors)
    assert_refined(vectors, path, refine(vectors, graph, path))


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_the_path_does_not_depend_on_the_unit_of_length(scale: float) -> None:
    vectors = points(300)
    lengths = []
    for scaled in (vectors, vectors * np.float32(scale)):
        graph, path = first_path(scaled)
        lengths.append(length(scaled, refine(scaled, graph, path)))
    assert lengths[1] / scale == pytest.approx(lengths[0], rel=0.003)
