"""The updated neighbour graph against exact search of everything, and what makes it decline."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.candidates import Rows, exhaustive, single_threaded, stream
from scripts.lib.ordering.graph.graph_update import Change, change_of_rows, extended, updated_graph
from scripts.lib.ordering.graph.kept_graph import KeptGraph, read_kept_graph, write_kept_graph
from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.graph.list_updates import empty_lists, offer
from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.vectors import Floats

Vectors = npt.NDArray[np.floating]
Ids = npt.NDArray[np.bytes_]

SETTINGS = KnnSettings(k=10)


def clusters(n: int, d: int = 12, seed: int = 0) -> npt.NDArray[np.float16]:
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(max(1, n // 50), d)) * 3
    points = centres[generator.integers(0, len(centres), n)] + generator.normal(size=(n, d))
    return points.astype(np.float16)


def ids_of(n: int) -> Ids:
    return np.array([number.to_bytes(32, "big") for number in range(256, 256 + n)], ID_DTYPE)


def proposing(vectors: Vectors, width: int = 30) -> Callable[[Floats], Rows]:
    return lambda queries: stream(vectors, queries, width)


class Case:
    """A collection of which some rows were there before and some are there now."""

    def __init__(self, vectors: Vectors, added: float = 0.0, removed: float = 0.0) -> None:
        fate = np.random.default_rng(1).random(len(vectors))
        self.before, self.now = np.flatnonzero(fate >= added), np.flatnonzero(fate < 1 - removed)
        self.vectors = vectors[self.now]
        self.former = nearest_neighbors(vectors[self.before], SETTINGS)
        ids = ids_of(len(vectors))
        self.change = change_of_rows(ids[self.before], ids[self.now])
        self.queries: list[Floats] = []

    def propose(self, queries: Floats) -> Rows:
        self.queries.append(queries)
        return proposing(self.vectors)(queries)

    def update(self, settings: KnnSettings = SETTINGS, threads: int = 1) -> NeighborGraph:
        graph = updated_graph(self.former, self.change, self.vectors, self.propose, settings, threads)
        assert graph is not None
        return graph


def recall_of(graph: NeighborGraph, vectors: Vectors) -> float:
    """Share of the true neighbours of all rows, ties counted."""
    exact = nearest_neighbors(vectors, KnnSettings(k=graph.indices.shape[1]))
    assert exact.method == "exact"
    return float((graph.distances <= exact.distances[:, -1:]).mean())


def assert_sound(graph: NeighborGraph, vectors: Vectors) -> None:
    """Lists are full, sorted by (distance, index), without repetition, and their distances exact."""
    n, k = graph.indices.shape
    assert (n, k) == (len(vectors), SETTINGS.k)
    assert (graph.indices.dtype, graph.distances.dtype) == (np.int32, np.float32)
    assert ((graph.indices >= 0) & (graph.indices < n)).all()
    assert (graph.indices != np.arange(n)[:, np.newaxis]).all()
    for indices, distances in zip(graph.indices, graph.distances, strict=True):
        assert len(set(indices.tolist())) == k
        assert (np.lexsort((indices, distances)) == np.arange(k)).all()
    own = np.repeat(np.arange(n, dtype=np.int32), k)
    measured = pair_distances(kernel_view(vectors), own, graph.indices.ravel())
    assert measured.tobytes() == graph.distances.tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("added", "removed"), [(0.01, 0), (0.2, 0), (0, 0.01), (0, 0.2), (0.1, 0.1)])
def test_an_update_finds_nearly_what_a_full_search_finds(added: float, removed: float, dtype: type) -> None:
    case = Case(clusters(1500).astype(dtype), added, removed)
    graph = case.update()
    assert_sound(graph, case.vectors)
    assert recall_of(graph, case.vectors) >= 0.97
    assert graph.recall == pytest.approx(recall_of(graph, case.vectors), abs=0.02)
    assert f"{len(case.change.new)} new rows searched" in graph.method


def test_new_rows_have_their_true_neighbours_and_the_nearest_of_all_are_found() -> None:
    case = Case(clusters(1500), 0.1)
    graph, exact = case.update(), nearest_neighbors(case.vectors, SETTINGS)
    assert np.array_equal(graph.indices[case.change.new], exact.indices[case.change.new])
    assert (graph.distances[:, :5] == exact.distances[:, :5]).mean() > 0.999


def test_only_new_rows_are_searched() -> None:
    case = Case(clusters(1500), 0.02)
    case.update()
    searched = np.concatenate(case.queries)
    assert np.array_equal(searched, case.vectors[case.change.new].astype(np.float32))


def test_rows_that_lost_most_of_their_neighbours_are_searched_again() -> None:
    vectors = clusters(600)
    former = nearest_neighbors(vectors, SETTINGS)
    gone = former.indices[0]
    now = np.setdiff1d(np.arange(600), gone)
    ids = ids_of(600)
    change = change_of_rows(ids, ids[now])
    graph = updated_graph(former, change, vectors[now], proposing(vectors[now]), SETTINGS)
    assert graph is not None
    assert_sound(graph, vectors[now])
    assert "old ones again" in graph.method
    row = int(change.carried[0])
    exact = nearest_neighbors(vectors[now], SETTINGS)
    assert graph.indices[row].tolist() == exact.indices[row].tolist()


def test_nothing_changed_is_the_former_graph_itself() -> None:
    case = Case(clusters(300))
    assert case.update() is case.former
    assert not case.queries


def test_vectors_that_changed_a_little_are_measured_anew() -> None:
    case = Case(clusters(600).astype(np.float32), 0.01)
    case.vectors = case.vectors * np.float32(1.001)
    graph = case.update()
    assert_sound(graph, case.vectors)
    assert recall_of(graph, case.vectors) >= 0.97


def test_proposals_may_be_missing() -> None:
    case = Case(clusters(900), 0.05)
    change, vectors = case.change, case.vectors
    nothing = updated_graph(
        case.former, change, vectors, lambda queries: np.full((len(queries), 3), -1), SETTINGS
    )
    assert nothing is not None
    assert_sound(nothing, vectors)
    assert np.array_equal(
        nothing.indices[change.new], nearest_neighbors(vectors, SETTINGS).indices[change.new]
    )


def test_identical_vectors() -> None:
    case = Case(np.ones((500, 6), np.float16), 0.1, 0.1)
    graph = case.update()
    assert_sound(graph, case.vectors)
    assert not graph.distances.any()


def test_a_new_island_is_linked_within_itself() -> None:
    vectors = np.concatenate([clusters(400), clusters(60, seed=1) + 100]).astype(np.float32)
    former = nearest_neighbors(vectors[:400], SETTINGS)
    change = change_of_rows(ids_of(400), ids_of(460))
    graph = updated_graph(former, change, vectors, proposing(vectors), SETTINGS)
    assert graph is not None
    assert (graph.indices[400:] >= 400).all()
    assert np.array_equal(graph.indices[:400], former.indices)


def test_bytes_do_not_depend_on_threads() -> None:
    one, two = (Case(clusters(4000), 0.1, 0.05).update(threads=threads) for threads in (1, 2))
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.distances.tobytes() == two.distances.tobytes()
    assert one[2:] == two[2:]


@pytest.mark.parametrize(("added", "removed"), [(0.4, 0.0), (0.0, 0.7), (1.0, 0.0), (0.5, 0.5)])
def test_a_full_search_is_due_where_too_much_changed(added: float, removed: float) -> None:
    case = Case(clusters(600), added, removed)
    graph = updated_graph(case.former, case.change, case.vectors, case.propose, SETTINGS)
    assert graph is None
    assert not case.queries


@pytest.mark.parametrize("n", [0, 1, 2, 3, SETTINGS.k])
def test_a_full_search_is_due_where_there_is_little_to_search(n: int) -> None:
    vectors, former = clusters(40)[:n], nearest_neighbors(clusters(40), SETTINGS)
    change = change_of_rows(ids_of(40), ids_of(40)[:n])
    assert updated_graph(former, change, vectors, proposing(vectors), SETTINGS) is None


def test_a_full_search_is_due_where_more_neighbours_are_wanted_than_are_known() -> None:
    case = Case(clusters(300), 0.1)
    longer = KnnSettings(k=SETTINGS.k + 1)
    assert updated_graph(case.former, case.change, case.vectors, case.propose, longer) is None


def test_a_full_search_is_due_where_too_little_is_found() -> None:
    """The vectors behind the ids are other ones: what was listed is no longer near."""
    case = Case(clusters(900), 0.05)
    case.vectors = case.vectors[::-1].copy()
    assert updated_graph(case.former, case.change, case.vectors, case.propose, SETTINGS) is None


def test_fewer_neighbours_than_are_known() -> None:
    case = Case(clusters(600), 0.1)
    graph = case.update(KnnSettings(k=5))
    assert graph.indices.shape == (600, 5)
    assert recall_of(graph, case.vectors) > 0.99


def test_an_index_of_former_rows_proposes_present_ones() -> None:
    case = Case(clusters(1000), 0.1, 0.1)
    with single_threaded():
        index = exhaustive(clusters(1000)[case.before].astype(np.float32), 40)
        propose = extended(index, case.change, case.vectors)
        proposed = propose(case.vectors[:50].astype(np.float32))
    assert proposed.dtype == np.int64
    for row, found in enumerate(proposed.tolist()):
        assert row in found
        present = [each for each in found if each >= 0]
        assert len(set(present)) == len(present)
    exact = nearest_neighbors(case.vectors, SETTINGS).indices[:50]
    assert np.mean([np.isin(row, found) for row, found in zip(exact, proposed, strict=True)]) > 0.999


def test_rows_are_matched_by_their_ids_in_any_order() -> None:
    generator = np.random.default_rng(0)
    former, present = (generator.permutation(100)[:70] for _ in range(2))
    ids = ids_of(100)
    change = change_of_rows(ids[former], ids[present])
    where = {each: row for row, each in enumerate(present.tolist())}
    assert change.carried.tolist() == [where.get(each, -1) for each in former.tolist()]
    assert change.new.tolist() == [row for each, row in where.items() if each not in former]
    assert isinstance(change, Change)


def test_offers_end_in_the_lists_that_a_sort_gives() -> None:
    vectors = np.round(clusters(40, 2)).astype(np.float32)  # many equal distances
    lists, generator = empty_lists(40, 8), np.random.default_rng(0)
    for other in generator.integers(0, 40, 200):
        offer(vectors, lists, 3, other)
    length = pair_distances(vectors, np.full(40, 3, np.int32), np.arange(40, dtype=np.int32))
    expected = [row for row in np.lexsort((np.arange(40), length)) if row != 3][:8]
    assert lists.indices[3].tolist() == expected
    assert lists.distances[3].tolist() == length[expected].tolist()
    assert (np.delete(lists.indices, 3, axis=0) == -1).all()


def test_a_kept_graph_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = KeptGraph(nearest_neighbors(clusters(100), SETTINGS), ids_of(100))
    write_kept_graph(tmp_path / "kept" / "graph.npz", kept)
    again = read_kept_graph(tmp_path / "kept" / "graph.npz")
    assert again is not None
    assert again.ids.tobytes() == kept.ids.tobytes()
    assert again.graph.indices.tobytes() == kept.graph.indices.tobytes()
    assert again.graph[2:] == kept.graph[2:]


def test_a_kept_graph_that_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    path = tmp_path / "graph.npz"
    assert read_kept_graph(path) is None
    write_kept_graph(path, KeptGraph(nearest_neighbors(clusters(100), SETTINGS), ids_of(100)))
    whole = path.read_bytes()
    middle = len(whole) // 2
    for content in (b"", whole[:-9], whole[:middle], whole[:middle] + b"altered!" + whole[middle + 8 :]):
        path.write_bytes(content)
        assert read_kept_graph(path) is None
    np.savez(path, indices=np.zeros((3, 2), np.int32))
    assert read_kept_graph(path) is None
