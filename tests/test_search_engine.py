"""Searches against brute force in double precision, and what can't be searched."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.gather import Items
from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.search.engine import Hit, SearchEngine
from scripts.lib.search.nearest import judged, scanned
from scripts.lib.search.query import Query
from tests.searchable import Searchable, made_card, made_ids


def drawn(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    """Return n vectors of float16."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float16)


def by_brute_force(vectors: np.ndarray, target: np.ndarray, unit: bool) -> list[tuple[float, int]]:
    wide, target = vectors.astype(np.float64), target.astype(np.float64)
    if unit:
        wide, target = (each / np.linalg.norm(each, axis=-1, keepdims=True) for each in (wide, target))
    return sorted((float(np.linalg.norm(row - target)), i) for i, row in enumerate(wide))


@pytest.mark.parametrize("unit", [False, True], ids=["lengths", "directions"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("n", [1, 2, 40, 40_000])
def test_the_nearest_are_those_of_brute_force(n: int, dtype: type, unit: bool) -> None:
    vectors = drawn(n).astype(dtype)
    query = np.random.default_rng(1).normal(size=6)
    query = (query / np.linalg.norm(query) if unit else query).astype(np.float32)
    rows = scanned(vectors, np.arange(n, dtype=np.int32), query, 10, unit)
    near = judged(vectors, rows, query, unit)
    found = sorted(zip(near.distances.tolist(), near.rows.tolist(), strict=True))[:10]
    expected = by_brute_force(vectors, query, unit)[:10]
    assert [row for _, row in found] == [row for _, row in expected]
    np.testing.assert_allclose([d for d, _ in found], [d for d, _ in expected], atol=1e-7)


@pytest.mark.parametrize("unit", [False, True])
def test_an_item_finds_its_neighbours_and_not_itself(tmp_path: Path, unit: bool) -> None:
    vectors, made = drawn(50), Searchable(tmp_path)
    made.write_made(vectors, made_card(6, dtype="float16", preprocessing={"unit_length": unit}))
    hits = SearchEngine.open(made.results).search(Query(item=7), 5)
    expected = [each for each in by_brute_force(vectors, vectors[7], unit) if each[1] != 7][:5]
    assert [hit.item for hit in hits] == [item for _, item in expected]
    wide = vectors.astype(np.float64)
    variance = 1.0 if unit else float(wide.var(axis=0).sum())
    for hit, (distance, item) in zip(hits, expected, strict=True):
        assert hit.distance == pytest.approx(distance)
        assert hit.similarity == pytest.approx(1 - distance**2 / (2 * variance))
        assert (hit.position, hit.path, hit.files) == (item, f"images/{item}.jpg", 1)
    if unit:
        cosine = wide[7] @ wide[hits[0].item] / np.linalg.norm(wide[7]) / np.linalg.norm(wide[hits[0].item])
        assert hits[0].similarity == pytest.approx(cosine)


def test_two_images_are_alike_by_0_on_average(tmp_path: Path) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(200))
    engine = SearchEngine.open(made.results)
    every = [hit.similarity for item in range(200) for hit in engine.search(Query(item=item), 200)]
    assert np.mean(every) == pytest.approx(0, abs=0.01)


def test_equal_distances_go_by_the_item(tmp_path: Path) -> None:
    corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]] * 500, np.float32)
    corners[1000:] *= 2
    made = Searchable(tmp_path)
    made.write_made(np.concatenate([corners, np.zeros((1, 2), np.float32)]))
    hits = SearchEngine.open(made.results).search(Query(item=2000), 30)
    assert [hit.item for hit in hits] == list(range(30))
    assert {hit.distance for hit in hits} == {1.0}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_more_than_there_are_is_all_there_are(tmp_path: Path, n: int) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(n))
    engine = SearchEngine.open(made.results)
    if n:
        assert [hit.item for hit in engine.search(Query(item=0), 10**9)] == list(range(1, n))
    else:
        assert engine.search(Query(item=0)) == []


def test_vectors_that_are_not_finite_are_never_found(tmp_path: Path) -> None:
    vectors = drawn(30)
    vectors[[3, 4]], vectors[5] = np.nan, np.inf
    made = Searchable(tmp_path)
    made.write_made(vectors)
    engine = SearchEngine.open(made.results)
    for k in (5, 100):
        assert not {3, 4, 5} & {hit.item for hit in engine.search(Query(item=0), k)}
    assert len(engine.search(Query(item=0), 100)) == 26


def test_files_of_equal_contents_are_one_hit(tmp_path: Path) -> None:
    vectors = drawn(3)
    items = Items(np.array([0, 1, 1, 2], np.int32), made_ids(4))  # the second and the third are one picture
    made = Searchable(tmp_path)
    made.write_vectors(made.folder(), made_card(6, dtype="float16"), vectors, items)
    made.write_order(items, [b"a.jpg", b"b.jpg", b"b2.png", b"b3.jpg", b"c.jpg"], [0, 1, 2, 2, 3])
    hits = SearchEngine.open(made.results).search(Query(item=0))
    assert sorted((hit.path, hit.position, hit.files) for hit in hits) == [("b.jpg", 1, 3), ("c.jpg", 4, 1)]


def test_items_without_a_file_are_not_found(tmp_path: Path) -> None:
    made, items = Searchable(tmp_path), Items(np.arange(4, dtype=np.int32), made_ids(4))
    made.write_vectors(made.folder(), made_card(6, dtype="float16"), drawn(4), items)
    made.write_order(items, [b"a.jpg", b"c.jpg"], [0, 2])
    assert [hit.item for hit in SearchEngine.open(made.results).search(Query(item=0))] == [2]


def test_what_was_opened_stays_as_it_was(tmp_path: Path) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(50))
    engine = SearchEngine.open(made.results)
    before = engine.search(Query(item=3))
    made.write_made(drawn(20, seed=9))
    assert engine.search(Query(item=3)) == before
    assert SearchEngine.open(made.results).search(Query(item=3)) != before


def test_threads_share_an_engine(tmp_path: Path) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(3000))
    engine, found = SearchEngine.open(made.results), dict[int, list[Hit]]()
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: engine.search(Query(item=i))}))
        for i in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {item: engine.search(Query(item=item)) for item in range(16)}


def missing_order(made: Searchable) -> None:
    (made.folder() / "order.parquet").unlink()


def other_vectors(made: Searchable) -> None:
    made.write_vectors(made.folder(), made_card(6), drawn(9, seed=3), Items(np.arange(9), made_ids(9)))


def damaged_vectors(made: Searchable) -> None:
    with (made.folder() / "vectors.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing_order, r"no order\.parquet of photos by descriptor: sort the images first \(make sort\)"),
        (other_vectors, "another than its order was made from: a sort is at work, or was stopped"),
        (damaged_vectors, "is not what its record says"),
    ],
)
def test_what_is_missing_or_does_not_belong_together_is_told(
    tmp_path: Path, spoil: Callable[[Searchable], None], message: str
) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(9))
    spoil(made)
    with pytest.raises(SeriatimError, match=message):
        SearchEngine.open(made.results)
    assert not list(tmp_path.rglob("*.damaged"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(), "nothing to search for"),
        (Query(image=b"x", item=1), "not both"),
        (Query(text=" \n"), "is empty"),
        (Query(text="red", item=1, image_weight=0, text_weight=0), "not both 0"),
        (Query(text="red", item=1, image_weight=float("nan")), "must not be negative"),
        (Query(item=50), "no item 50: the collection has 50"),
        (Query(item=-1), "no item -1"),
        (Query(text="red"), r"'descriptor' knows no words\. Sort with one of OpenCLIP"),
    ],
)
def test_what_can_not_be_looked_for_is_told(tmp_path: Path, query: Query, message: str) -> None:
    made = Searchable(tmp_path)
    made.write_made(drawn(50))
    with pytest.raises(InputError, match=message):
        SearchEngine.open(made.results).search(query)
