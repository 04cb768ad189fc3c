"""The lower bound: never above the shortest path, whatever the graph leaves out, and close below it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.measure.ascent import dense_groups
from scripts.lib.ordering.measure.audit import search_cost
from scripts.lib.ordering.measure.bound import BoundSettings, lower_bound
from scripts.lib.ordering.measure.confidence import mean_limit
from scripts.lib.ordering.measure.islands import far_islands
from scripts.lib.ordering.measure.one_tree import (
    KnownLinks,
    charge,
    known_links,
    lightest_one_tree,
    slack,
    two_lowest,
)
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.two_opt import refine
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.reach import reaches
from scripts.lib.ordering.tree.traverse import traverse

Vectors = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]

LARGEST_GAP = 0.03


def points(n: int, d: int = 8, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def with_copies(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    drawn = np.random.default_rng(seed).integers(0, max(1, n // 2), n)
    return points(n, d, seed)[drawn]


def with_far_ones(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    vectors = points(n, d, seed)
    vectors[: n // 4] *= 50
    return vectors


def in_clusters(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    centres = np.random.default_rng(seed).integers(0, 3, (n, 1)).astype(np.float32)
    return points(n, d, seed) + 100 * centres


def far_from_the_origin(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    return points(n, d, seed) + np.float32(3000)


Kind = Callable[[int, int, int], Vectors]
KINDS: list[Kind] = [points, with_copies, with_far_ones, in_clusters, far_from_the_origin]


def exact_graph(vectors: Vectors, k: int) -> NeighborGraph:
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    assert graph.method == "exact"
    return graph


def known_from(vectors: Vectors, graph: NeighborGraph) -> KnownLinks:
    reach = reaches(vectors, graph)
    return known_links(graph, reach, far_islands(vectors, graph, reach, np.inf))


def damaged(graph: NeighborGraph, k: int, seed: int) -> NeighborGraph:
    """Drop true neighbours at random, and claim nothing."""
    noise = np.random.default_rng(seed).random(graph.indices.shape)
    kept = np.sort(np.argsort(noise, axis=1)[:, :k], axis=1)
    indices, distances = (np.take_along_axis(each, kept, axis=1) for each in (graph.indices, graph.distances))
    return NeighborGraph(indices, distances, k / graph.indices.shape[1], "damaged")


def all_distances(vectors: Vectors) -> Doubles:
    """Distances as the metric gives them: (n, n) float64."""
    n = len(vectors)
    own, other = (each.ravel().astype(np.int32) for each in np.indices((n, n)))
    return pair_distances(kernel_view(vectors), own, other).reshape(n, n).astype(np.float64)


def shortest(vectors: Vectors) -> float:
    """Length of the best path, by dynamic programming over subsets (Held and Karp 1962)."""
    n, distances = len(vectors), all_distances(vectors)
    best = np.full((1 << n, n), np.inf)
    best[1 << np.arange(n), np.arange(n)] = 0.0
    for visited in range(1, 1 << n):
        free = np.flatnonzero(~visited >> np.arange(n) & 1)
        reached = visited | 1 << free
        through = (best[visited][:, np.newaxis] + distances[:, free]).min(axis=0)
        best[reached, free] = np.minimum(best[reached, free], through)
    return float(best[-1].min())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 4, 5, 7, 9])
def test_no_path_is_shorter(n: int, kind: Kind) -> None:
    for seed in range(12):
        vectors = kind(n, 1 + seed % 5, seed)
        optimum = shortest(vectors)
        for k in {1, 2, n // 2, n - 1}:
            bound = lower_bound(vectors, exact_graph(vectors, k), BoundSettings(rounds=1 + 7 * seed))
            assert bound.kind == "proven"
            assert 0.0 <= bound.value <= optimum


@pytest.mark.parametrize("kind", KINDS)
def test_no_path_through_twelve_is_shorter(kind: Kind) -> None:
    vectors = kind(12, 3, 0)
    optimum = shortest(vectors)
    for k in (1, 3, 6, 11):
        assert lower_bound(vectors, exact_graph(vectors, k)).value <= optimum


@pytest.mark.parametrize("kind", KINDS)
def test_potentials_of_any_kind_give_a_bound(kind: Kind) -> None:
    generator = np.random.default_rng(0)
    for seed in range(10):
        vectors = kind(7, 2, seed)
        optimum = shortest(vectors)
        for k in (1, 2, 3, 6):
            known = known_from(vectors, exact_graph(vectors, k))
            potentials = generator.normal(size=7) * 10.0 ** generator.integers(-2, 3)
            bound = lightest_one_tree(known, potentials).bound - slack(known, potentials)
            assert bound <= optimum


@pytest.mark.parametrize("k", [1, 2, 5, 20, 39])
def test_the_tree_weighs_no_more_than_that_of_all_links(k: int) -> None:
    generator = np.random.default_rng(k)
    for kind in KINDS:
        vectors, potentials = kind(40, 4, k), generator.normal(size=40)
        weights = all_distances(vectors) + potentials + potentials[:, np.newaxis]
        whole = nx.Graph((i, j, {"weight": weights[i, j]}) for i in range(40) for j in range(i))
        tree = nx.minimum_spanning_tree(whole).size(weight="weight")
        ends = potentials[two_lowest(potentials)].sum()
        bound = tree - 2 * potentials.sum() + ends
        found = lightest_one_tree(known_from(vectors, exact_graph(vectors, k)), potentials)
        assert found.degrees.sum() == 80
        assert found.bound <= bound + 1e-9 * abs(bound)
        if k == 39:
            assert found.bound == pytest.approx(bound)


def test_a_charge_is_the_least_weight_beyond_both_reaches() -> None:
    generator = np.random.default_rng(0)
    for n in (2, 3, 10, 50):
        reach = generator.integers(1, 5, n).astype(np.float64)
        potentials = generator.normal(size=n)
        weights = np.maximum(reach, reach[:, np.newaxis]) + potentials + potentials[:, np.newaxis]
        np.fill_diagonal(weights, np.inf)
        charges, partners = np.empty(n), np.empty(n, np.int32)
        charge(reach, np.argsort(reach), potentials, charges, partners)
        np.testing.assert_allclose(charges, weights.min(axis=1))
        np.testing.assert_allclose(weights[np.arange(n), partners], charges)


@pytest.mark.parametrize("kind", KINDS)
def test_unlisted_links_are_beyond_the_reach_of_both_ends(kind: Kind) -> None:
    vectors = kind(60, 6, 0)
    graph = exact_graph(vectors, 5)
    distances, reach = all_distances(vectors), reaches(vectors, graph)
    listed = np.eye(60, dtype=bool)
    np.put_along_axis(listed, graph.indices, True, axis=1)
    unlisted = ~(listed | listed.T)
    assert (distances >= np.maximum(reach, reach[:, np.newaxis]))[unlisted].all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_refined_path_is_close_above(dtype: type) -> None:
    vectors = points(1000, 32).astype(dtype)
    graph = exact_graph(vectors, 24)
    path = refine(vectors, graph, traverse(minimum_spanning_tree(vectors, graph), 1000))
    length = link_lengths(vectors, path).sum(dtype=np.float64)
    value = lower_bound(vectors, graph).value
    assert value <= length <= (1 + LARGEST_GAP) * value


def test_points_on_a_line_are_bounded_by_its_length() -> None:
    vectors = np.random.default_rng(0).permutation(300).astype(np.float32)[:, np.newaxis]
    assert lower_bound(vectors, exact_graph(vectors, 8)).value == pytest.approx(299)


def test_more_rounds_give_a_better_bound() -> None:
    vectors = points(500, 16)
    graph = exact_graph(vectors, 16)
    values = [lower_bound(vectors, graph, BoundSettings(rounds=rounds)).value for rounds in (1, 20, 200)]
    assert values == sorted(set(values))


def test_copies_share_a_potential_and_hardly_move_the_bound() -> None:
    vectors = points(200, 16)
    copied = np.repeat(vectors, 3, axis=0)
    graph = exact_graph(copied, 72)
    assert len(dense_groups(graph).scales) == 200
    alone = lower_bound(vectors, exact_graph(vectors, 24)).value
    assert lower_bound(copied, graph).value == pytest.approx(alone, rel=LARGEST_GAP)


@pytest.mark.parametrize("kind", KINDS)
def test_no_path_is_shorter_although_neighbours_were_missed(kind: Kind) -> None:
    """All nodes are searched, so the bound is proven again, however bad the graph."""
    for seed in range(6):
        vectors = kind(9, 1 + seed % 4, seed)
        optimum = shortest(vectors)
        for k in (1, 2, 4):
            graph = damaged(exact_graph(vectors, 8), k, seed)
            bound = lower_bound(vectors, graph, BoundSettings(rounds=20))
            assert bound[1:3] == ("proven", 1.0)
            assert bound.sample == 9
            assert 0.0 <= bound.value <= optimum


def test_searching_all_nodes_makes_up_for_what_a_graph_has_missed() -> None:
    vectors = points(600, 24)
    exact = exact_graph(vectors, 24)
    missed = lower_bound(vectors, damaged(exact, 20, 0)).value
    assert missed == pytest.approx(lower_bound(vectors, exact).value, rel=LARGEST_GAP)


@pytest.mark.parametrize("kind", [points, with_copies, in_clusters])
def test_a_statistical_bound_holds_at_its_confidence(kind: Kind) -> None:
    """In many draws, below the best path that is found and below what is proven, but for a few."""
    vectors = kind(400, 8, 0)
    graph = damaged(exact_graph(vectors, 16), 12, 0)
    length = link_lengths(
        vectors, refine(vectors, graph, np.arange(400, dtype=np.int32), SearchSettings(kicks_per_node=40))
    ).sum(dtype=np.float64)
    work = 100 * search_cost(vectors)
    bounds = [lower_bound(vectors, graph, BoundSettings(rounds=30, work=work, seed=s)) for s in range(40)]
    assert {bound[1:3] for bound in bounds} == {("statistical", 0.99)}
    assert {bound.sample for bound in bounds} == {100}
    assert max(bound.value for bound in bounds) <= length
    proven = lower_bound(vectors, graph, BoundSettings(rounds=30)).value
    assert sum(bound.value > proven for bound in bounds) <= 3


def test_a_larger_sample_gives_a_higher_bound() -> None:
    vectors = points(2000, 16)
    graph = damaged(exact_graph(vectors, 24), 22, 0)
    values = [
        lower_bound(vectors, graph, BoundSettings(rounds=30, work=sample * search_cost(vectors))).value
        for sample in (50, 400, 2000)
    ]
    assert values == sorted(set(values))
    assert values[0] > 0


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
def test_the_limit_of_a_mean_is_seldom_too_low(share: float) -> None:
    generator = np.random.default_rng(0)
    limits = [mean_limit((generator.random(300) < share) * 1.0, 0.95) for _ in range(300)]
    assert np.mean(np.array(limits) < share) <= 0.05
    assert np.median(limits) <= share + 0.1


@pytest.mark.parametrize("n", [0, 1])
def test_a_path_without_links_has_no_length(n: int) -> None:
    vectors = points(n)
    assert lower_bound(vectors, nearest_neighbors(vectors))[:2] == (0.0, "proven")


def test_two_vectors_are_bounded_by_their_distance() -> None:
    vectors = points(2)
    distance = all_distances(vectors)[0, 1]
    assert lower_bound(vectors, nearest_neighbors(vectors)).value == pytest.approx(distance)


def test_identical_vectors_are_bounded_by_zero() -> None:
    vectors = np.ones((100, 4), np.float16)
    assert lower_bound(vectors, exact_graph(vectors, 8)).value == 0.0


def test_the_same_graph_gives_the_same_bound_whatever_the_threads() -> None:
    vectors = points(300)
    graph = damaged(exact_graph(vectors, 8), 6, 0)
    settings = BoundSettings(rounds=25, work=50 * search_cost(vectors))
    first, again = (lower_bound(vectors, graph, settings, threads) for threads in (1, 2))
    assert first == again


def test_progress_adds_up() -> None:
    vectors, totals, done = points(300), [], []

    def watch(total: int, unit: str) -> AbstractContextManager[Callable[[int], None]]:
        totals.append(total)
        return nullcontext(done.append)

    lower_bound(vectors, damaged(exact_graph(vectors, 8), 6, 0), BoundSettings(rounds=25), 1, watch)
    assert totals == [25, 300]
    assert sum(done) == sum(totals)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("graph_of", [exact_graph, lambda v, k: damaged(exact_graph(v, k), k, 0)])
def test_the_bound_is_below_the_path_of_lkh(kind: Kind, graph_of: Callable[..., NeighborGraph]) -> None:
    lkh = pytest.importorskip("benchmarks.lkh")
    if not lkh.has_lkh():
        pytest.skip("LKH is not installed (elkai, in the extra bench)")
    vectors = kind(120, 4, 0)
    path = lkh.lkh_path(vectors)
    bound = lower_bound(vectors, graph_of(vectors, 6))
    assert 0 < bound.value <= link_lengths(vectors, path).sum(dtype=np.float64) * (1 + 1e-6)


@pytest.mark.parametrize("outlier", [300, 30_000])
def test_one_vector_far_away_does_not_spoil_the_bound(outlier: float) -> None:
    vectors = points(300, 16)
    vectors[7] *= outlier
    assert_close_above(vectors)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_vectors_far_from_the_origin_have_a_bound_as_close(dtype: type) -> None:
    assert_close_above((points(300, 16) + 300).astype(dtype))


def assert_close_above(vectors: Vectors) -> None:
    """The gap is small, measured without the way to what lies far away."""
    graph = exact_graph(vectors, 24)
    walk = traverse(minimum_spanning_tree(vectors, graph), len(vectors))
    path = refine(vectors, graph, walk)
    links = link_lengths(vectors, path).astype(np.float64)
    bound = lower_bound(vectors, graph)
    assert bound.kind == "proven"
    assert 0 <= links.sum() - bound.value <= LARGEST_GAP * np.sort(links)[:-2].sum() + 1e-6 * links.sum()
