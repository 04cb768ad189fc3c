"""The kept order: what was there stays, what is new comes in where it costs least, no order gets lost."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.errors import DamagedArtifact, InputError
from scripts.lib.files.content_ids import ID_DTYPE, ids_column
from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.keep import kept_order
from scripts.lib.ordering.keep.displacement import count_displaced, longest_rise, turned_like
from scripts.lib.ordering.keep.insertion import insert_all
from scripts.lib.ordering.keep.keep import KeptPath, KeptReport, keep_order
from scripts.lib.ordering.keep.kept_order import (
    Contents,
    Remains,
    contents_in_order,
    read_items,
    read_kept_order,
    what_remains,
    write_kept_order,
)
from scripts.lib.ordering.keep.long_runs import order_long_runs, part_of
from scripts.lib.ordering.keep.repair import REACH, disturbed_places, widened
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.two_opt import refine
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.traverse import traverse

Vectors = npt.NDArray[np.floating]
Order = npt.NDArray[np.int32]


def points(n: int, d: int = 8, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def rows(numbers: Sequence[int] | range) -> Order:
    return np.array(numbers, np.int32)


def shuffled(n: int, seed: int = 0) -> Order:
    return np.random.default_rng(seed).permutation(n).astype(np.int32)


def linked(vectors: Vectors, k: int = 10) -> tuple[NeighborGraph, Edges]:
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    return graph, minimum_spanning_tree(vectors, graph)


def fresh_path(vectors: Vectors) -> Order:
    graph, tree = linked(vectors)
    return refine(vectors, graph, traverse(tree, len(vectors)))


def remains(path: Order, gaps: Sequence[int] = ()) -> Remains:
    return Remains(path, np.array(gaps, np.int64), len(gaps))


def kept(vectors: Vectors, former: Remains, k: int = 10) -> KeptPath:
    found = keep_order(vectors, *linked(vectors, k), former)
    assert found.path.dtype == np.int32
    assert sorted(found.path.tolist()) == list(range(len(vectors)))
    assert (found.kept, found.inserted) == (len(former.path), len(vectors) - len(former.path))
    return found


def length(vectors: Vectors, path: Order) -> float:
    return float(link_lengths(vectors, path).sum(dtype=np.float64))


def contents(numbers: Sequence[int], items: Sequence[int] | None = None) -> Contents:
    """Contents whose ids are made from numbers; each an item of its own, if not told otherwise."""
    ids = np.array([number.to_bytes(32, "big") for number in numbers], ID_DTYPE)
    return Contents(ids, rows(range(len(numbers)) if items is None else items))


# The side file


def test_a_kept_order_is_read_as_it_was_written(tmp_path: Path) -> None:
    order = contents([256, 3, 7, 5], [0, 1, 1, 2])  # the first id ends in a zero byte
    write_kept_order(tmp_path / "kept" / "order.parquet", order)
    again = read_kept_order(tmp_path / "kept" / "order.parquet")
    assert again is not None
    assert again.ids.tobytes() == order.ids.tobytes()
    assert again.numbers.tolist() == [0, 1, 1, 2]


def test_an_empty_order_and_none_at_all(tmp_path: Path) -> None:
    assert read_kept_order(tmp_path / "order.parquet") is None
    write_kept_order(tmp_path / "order.parquet", contents([]))
    again = read_kept_order(tmp_path / "order.parquet")
    assert again is not None
    assert len(again.ids) == len(again.numbers) == 0


def written(folder: Path) -> Path:
    write_kept_order(folder / "order.parquet", contents(list(range(50))))
    return folder / "order.parquet"


def truncated(folder: Path) -> Path:
    path = written(folder)
    path.write_bytes(path.read_bytes()[:-7])
    return path


def emptied(folder: Path) -> Path:
    written(folder).write_bytes(b"")
    return folder / "order.parquet"


def foreign(folder: Path) -> Path:
    pq.write_table(pa.table({"path": ["a.jpg"]}), folder / "order.parquet")
    return folder / "order.parquet"


def reordered(folder: Path) -> Path:
    table = pq.read_table(written(folder))
    pq.write_table(table.take(list(range(49, -1, -1))), folder / "order.parquet")
    return folder / "order.parquet"


def flipped_bit(folder: Path) -> Path:
    path = written(folder)
    content = bytearray(path.read_bytes())
    content[content.find((30).to_bytes(32, "big")) + 31] ^= 1
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("damage", [truncated, emptied, foreign, reordered, flipped_bit])
def test_a_damaged_order_is_set_aside_and_told(damage: object, tmp_path: Path) -> None:
    path = damage(tmp_path)  # type: ignore[operator]
    content = path.read_bytes()
    with pytest.raises(DamagedArtifact, match=r"order\.parquet\.damaged.*fresh order"):
        read_kept_order(path)
    assert not path.exists()
    assert (tmp_path / "order.parquet.damaged").read_bytes() == content


def test_what_was_set_aside_before_is_left_there(tmp_path: Path) -> None:
    for damage in (truncated, emptied, foreign):
        with pytest.raises(DamagedArtifact):
            read_kept_order(damage(tmp_path))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["order.parquet.damaged", "order.parquet.damaged2", "order.parquet.damaged3"]


def test_an_order_that_cannot_be_opened_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "order.parquet").mkdir()
    with pytest.raises(InputError, match="kept order"):
        read_kept_order(tmp_path / "order.parquet")
    assert (tmp_path / "order.parquet").is_dir()


def test_an_interrupted_write_leaves_the_former_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    before = path.read_bytes()

    def interrupted(table: pa.Table, where: Path, **options: object) -> None:
        where.write_bytes(b"PAR1 and then")
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_order.pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_kept_order(path, contents([9, 8]))
    assert path.read_bytes() == before


# What remains of it


def test_items_are_read_with_all_their_contents(tmp_path: Path) -> None:
    order = contents([1, 2, 256, 3], [0, 1, 1, 2])
    table = pa.table({"item": order.numbers, "content_id": ids_column(order.ids)})
    pq.write_table(table, tmp_path / "items.parquet")
    present = read_items(tmp_path / "items.parquet")
    assert present.ids.tobytes() == order.ids.tobytes()
    assert present.numbers.tolist() == [0, 1, 1, 2]


def test_nothing_changed_is_the_former_path() -> None:
    present, path = contents(list(range(100))), shuffled(100)
    found = what_remains(contents_in_order(present, path), present)
    assert found.path.tobytes() == path.tobytes()
    assert (found.gaps.tolist(), found.removed) == ([], 0)


def test_rows_are_found_by_their_contents_wherever_they_are_now() -> None:
    generator = np.random.default_rng(0)
    former = generator.permutation(200)[:150].tolist()
    present = np.sort(generator.permutation(200)[:120]).tolist()
    found = what_remains(contents(former), contents(present))
    assert found.path.tolist() == [present.index(each) for each in former if each in present]
    assert found.removed == len(set(former) - set(present))
    missing = [i for i, each in enumerate(former) if each not in present]
    assert found.gaps.tolist() == sorted({sum(each in present for each in former[:i]) for i in missing})


def test_an_item_keeps_its_place_as_long_as_one_of_its_contents_is_there() -> None:
    former = contents_in_order(contents([1, 2, 3, 4], [0, 1, 1, 2]), rows([2, 1, 0]))
    found = what_remains(former, contents([1, 3, 4]))  # 2, whose vector 3 has too, is gone
    assert found.path.tolist() == [2, 1, 0]
    assert (found.gaps.tolist(), found.removed) == ([], 0)


def test_items_that_became_one_stand_at_the_first_of_their_places() -> None:
    found = what_remains(contents([5, 1, 2, 3]), contents([1, 2, 3, 5], [0, 1, 0, 2]))
    assert found.path.tolist() == [2, 0, 1]


def test_an_item_that_became_two_stands_at_its_place_twice() -> None:
    found = what_remains(contents([9, 1, 2, 5], [0, 1, 1, 2]), contents([1, 2, 5, 9]))
    assert found.path.tolist() == [3, 0, 1, 2]


# Insertion


@pytest.mark.parametrize("seed", range(10))
def test_one_new_row_comes_in_at_the_cheapest_of_all_places(seed: int) -> None:
    vectors, former = points(30, 3, seed), shuffled(29, seed)
    everywhere = [np.insert(former, at, 29) for at in range(30)]
    path = insert_all(vectors, *linked(vectors, 29), former)
    assert length(vectors, path) == pytest.approx(min(length(vectors, each) for each in everywhere))


def test_the_ends_are_tried_where_no_link_leads_to_them() -> None:
    """Row 4 is linked to row 2 alone, whose neighbours on the path are far on the other side."""
    vectors = np.array([[1, 0.7], [0, 50], [0, 1], [0.1, 50], [0, 0]], np.float32)
    assert insert_all(vectors, *linked(vectors, 1), rows(range(4))).tolist() == [4, 0, 1, 2, 3]


def test_inserted_rows_leave_the_others_in_their_order() -> None:
    vectors, former = points(400), shuffled(400)[:300]
    path = insert_all(vectors, *linked(vectors), former)
    assert sorted(path.tolist()) == list(range(400))
    assert path[np.isin(path, former)].tobytes() == former.tobytes()


@pytest.mark.parametrize("seed", range(5))
def test_each_insertion_is_the_cheapest_that_is_left(seed: int) -> None:
    """Cheapest insertion, one row after the other, all gaps tried."""
    vectors, path = points(24, 4, seed), rows(range(12)).tolist()
    waiting = set(range(12, 24))
    while waiting:
        trials = [[*path[:at], new, *path[at:]] for new in sorted(waiting) for at in range(len(path) + 1)]
        grown = [length(vectors, rows(trial)) for trial in trials]
        path = trials[int(np.argmin(grown))]
        waiting -= set(path)
    assert insert_all(vectors, *linked(vectors, 23), rows(range(12))).tolist() == path


def test_a_new_island_comes_in_as_a_whole_beside_what_is_nearest() -> None:
    vectors = np.concatenate([points(100), points(100, seed=1) + 50, points(40, seed=2) + 62])
    path = insert_all(vectors, *linked(vectors, 5), rows(range(200)))
    assert np.ptp(np.flatnonzero(path >= 200)) == 39
    assert path.tolist().index(200) > 100


# The kept path


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_few_rows(n: int) -> None:
    vectors = points(n, 2)
    for m in range(n + 1):
        for former in itertools.permutations(range(n), m):
            found = kept(vectors, remains(rows(former)))
            if m == n:
                assert found.path.tolist() == list(former)
            if n < 4:
                assert found.displaced <= 1


@pytest.mark.parametrize("n", [1, 2, 3, 500])
def test_nothing_new_and_nothing_gone_is_the_same_path_bit_for_bit(n: int) -> None:
    vectors, former = points(n), shuffled(n)
    found = kept(vectors, remains(former))
    assert found.path.tobytes() == former.tobytes()
    assert found.displaced == 0


def test_a_run_without_changes_returns_what_the_run_before_made() -> None:
    vectors = points(300)
    first = kept(vectors, remains(fresh_path(vectors[:250])))
    again = kept(vectors, remains(first.path))
    assert again.path.tobytes() == first.path.tobytes()
    assert again == (again.path, 300, 0, 0, 0)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_path_runs_the_way_it_ran(backwards: bool) -> None:
    vectors = points(600, 3)
    former = fresh_path(vectors[:550])
    found = kept(vectors, remains(former[::-1].copy() if backwards else former))
    places = found.path.argsort()[former]
    assert (places[0] > places[-1]) == backwards
    assert found.displaced < 60


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_ten_percent_more_cost_little_and_displace_little(dtype: type) -> None:
    vectors = points(1100, 12).astype(dtype)
    former = fresh_path(vectors[:1000])
    found = kept(vectors, remains(former))
    fresh = length(vectors, fresh_path(vectors))
    assert length(vectors, found.path) <= 1.03 * fresh
    assert found.displaced <= 50
    assert length(vectors, found.path) <= length(vectors, insert_all(vectors, *linked(vectors), former))


def test_what_is_far_from_any_change_stays_where_it_is() -> None:
    """Even where the former path is so bad that any search would turn all of it."""
    vectors, former = points(2005, 3), shuffled(2000)
    found = kept(vectors, remains(former))
    touched = found.path[widened(found.path >= 2000, 10 * REACH)]
    assert np.array_equal(former[~np.isin(former, touched)], found.path[~np.isin(found.path, touched)])
    assert 0 < found.displaced < 100


def test_a_gap_is_closed_and_repaired() -> None:
    """Without what was between them, the zigzag of those that are left is a detour."""
    vectors = np.array([0, 1, 5, 3, 4, 2, 6, 7], np.float32)[:, np.newaxis]
    found = kept(vectors, Remains(rows(range(8)), np.array([3]), 1), k=7)
    assert length(vectors, found.path) == 7
    assert found.displaced == 8 - longest_rise(found.path.tolist())
    assert found.removed == 1


def test_what_is_disturbed() -> None:
    def disturbed(path: Sequence[int], former: Remains) -> list[int]:
        return np.array(path)[disturbed_places(rows(path), former)].tolist()

    assert disturbed([4, 0, 5, 1, 2, 3], remains(rows([0, 1, 2, 3]))) == [4, 0, 5, 1]
    assert disturbed(range(6), remains(rows(range(6)), [3])) == [2, 3]
    assert disturbed(range(6), remains(rows(range(6)), [0, 6])) == [0, 5]
    assert disturbed([0, 1, 4, 2, 3], remains(rows([0, 1, 2, 3]), [2])) == [1, 4, 2]
    assert disturbed([], remains(rows([]), [0])) == []


@pytest.mark.parametrize("places", [0, 1, 4, 30])
def test_widened_marks_what_is_near(places: int) -> None:
    mask = np.random.default_rng(0).random(25) < 0.1
    near = [any(mask[max(i - places, 0) : i + places + 1]) for i in range(25)]
    assert mask.any()
    assert widened(mask, places).tolist() == near


def test_all_but_one_are_gone() -> None:
    found = kept(points(1), remains(rows([0]), [0, 1]))
    assert (found.path.tolist(), found.removed) == ([0], 2)


@pytest.mark.parametrize("former", [[], [7]])
def test_nearly_everything_is_new(former: list[int]) -> None:
    vectors = points(700)
    found = kept(vectors, remains(rows(former)))
    assert length(vectors, found.path) <= 1.02 * length(vectors, fresh_path(vectors))


def test_a_new_island_is_ordered_as_well_as_a_fresh_one() -> None:
    vectors = np.concatenate([points(200, 6), points(400, 6, seed=1) + 40])
    former = fresh_path(vectors[:200])
    found = kept(vectors, remains(former))
    assert np.ptp(np.flatnonzero(found.path >= 200)) == 399
    assert found.displaced <= REACH
    inserted = insert_all(vectors, *linked(vectors), former)
    excess = [
        length(vectors, path) / length(vectors, fresh_path(vectors)) - 1 for path in (found.path, inserted)
    ]
    assert excess[0] < 0.01
    assert excess[0] < 0.5 * excess[1]


@pytest.mark.parametrize("run", [range(100, 300), range(299, 99, -1), shuffled(200) + 100])
def test_a_long_run_is_turned_the_way_that_fits(run: Sequence[int]) -> None:
    vectors = np.arange(400, dtype=np.float32)[:, np.newaxis]
    path = rows([*range(100), *run, *range(300, 400)])
    new = (path >= 100) & (path < 300)
    found = order_long_runs(vectors, linked(vectors)[0], path, new, SearchSettings())
    assert found.tolist() == list(range(400))


def test_part_of_a_graph_lists_what_is_in_it_nearest_first() -> None:
    graph, _ = linked(points(60))
    part = part_of(graph, shuffled(60)[:20])
    members = shuffled(60)[:20].tolist()
    for line, row in enumerate(members):
        inside = [other for other in graph.indices[row].tolist() if other in members]
        assert [members[other] for other in part.indices[line, : len(inside)]] == inside
        assert np.isinf(part.distances[line, len(inside) :]).all()
        assert np.isfinite(part.distances[line, : len(inside)]).all()


def test_copies_of_what_is_there_cost_nothing() -> None:
    vectors = np.concatenate([points(300), points(300)[:100]])
    former = fresh_path(vectors[:300])
    found = kept(vectors, remains(former))
    assert length(vectors, found.path) <= length(vectors, former) * (1 + 1e-6)


def test_identical_vectors_end() -> None:
    assert kept(np.ones((200, 4), np.float16), remains(shuffled(150))).displaced == 0


def test_a_memory_map_is_read_in_place(tmp_path: Path) -> None:
    vectors, former = points(400).astype(np.float16), remains(shuffled(300))
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = kept(np.load(tmp_path / "vectors.npy", mmap_mode="r"), former)
    assert mapped.path.tobytes() == kept(vectors, former).path.tobytes()


@pytest.mark.parametrize("seed", range(20))
def test_displaced_is_the_least_number_of_rows_to_move(seed: int) -> None:
    generator = np.random.default_rng(seed)
    former, path = (generator.permutation(8).astype(np.int32) for _ in range(2))
    places = [former.tolist().index(row) for row in path]
    rises = (
        size
        for size in range(8, 0, -1)
        for chosen in itertools.combinations(places, size)
        if list(chosen) == sorted(chosen)
    )
    assert count_displaced(path, former) == 8 - next(rises)


def test_a_reversed_path_is_turned_round() -> None:
    former = shuffled(50)
    assert turned_like(former[::-1].copy(), former).tobytes() == former.tobytes()
    assert turned_like(former, former).tobytes() == former.tobytes()


@pytest.mark.parametrize("first", [0, 7, 549, 599])
def test_the_row_that_is_to_begin_begins(first: int) -> None:
    """Row 0 stands there already, row 7 somewhere, row 549 at the end; row 599 is new."""
    vectors = points(600, 3)
    middle = fresh_path(vectors[:550])
    former = np.concatenate([[0], middle[(middle > 0) & (middle < 549)], [549]]).astype(np.int32)
    settings = SearchSettings(first=first)
    found = keep_order(vectors, *linked(vectors), remains(former), settings)
    assert sorted(found.path.tolist()) == list(range(600))
    assert found.path[0] == first
    assert found.displaced < 60
    again = keep_order(vectors, *linked(vectors), remains(found.path), settings)
    assert again.path.tobytes() == found.path.tobytes()


def test_the_report_says_what_keeping_cost() -> None:
    report = KeptReport(1000, 12, 3, 5, 101.0, 100.0)
    assert report.as_json() == report._asdict() | {"cost": pytest.approx(0.01)}
    assert "12 inserted, 3 removed, 5 displaced; 1.00% longer than a fresh order" in report.sentence()
    assert "2.00% shorter" in KeptReport(10, 0, 0, 0, 98.0, 100.0).sentence()
    assert KeptReport(1, 0, 0, 0, 0.0, 0.0).cost is None
    assert "fresh" not in KeptReport(1, 0, 0, 0, 0.0, 0.0).sentence()
    unknown = KeptReport(1, 0, 0, 0, 5.0, None)
    assert unknown.cost is None
    assert "fresh" not in unknown.sentence()
