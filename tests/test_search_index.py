"""The index that a sort keeps, asked by searches: it saves time, and never has the last word."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.vectors import make_vectors
from scripts.lib.embedding.gather import Items
from scripts.lib.ordering.graph.indexes import Dial, IndexSettings, build_index
from scripts.lib.ordering.graph.kept_index import KeptIndex, write_kept_index
from scripts.lib.search import engine as engines
from scripts.lib.search.engine import SearchEngine
from scripts.lib.search.index import open_index
from scripts.lib.search.query import Query
from tests.searchable import Searchable, made_card, made_ids

SIZE, DIMENSION, K = 3000, 24, 10
KINDS = {"inverted file": IndexSettings(), "small world": IndexSettings(small_world_from=0, pca_dimension=16)}
VECTORS = make_vectors(SIZE, DIMENSION, seed=0)


def write_index(file: Path, vectors: np.ndarray, ids: np.ndarray, settings: IndexSettings) -> None:
    proposer = build_index(vectors, 2 * K, settings)
    Dial(proposer.index).set(8)
    write_kept_index(file, KeptIndex(proposer, ids))


def nearest(vectors: np.ndarray, row: int) -> list[tuple[float, int]]:
    gaps = np.linalg.norm(vectors.astype(np.float64) - vectors[row].astype(np.float64), axis=1)
    return sorted((gap, other) for other, gap in enumerate(gaps.tolist()) if other != row)[:K]


@pytest.fixture(autouse=True)
def however_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an index asked, however few the vectors."""
    monkeypatch.setattr(engines, "INDEX_FROM", 0)


def made_with(folder: Path, vectors: np.ndarray, ids: np.ndarray) -> Searchable:
    """Write vectors (n, d) of some contents, in whatever order."""
    made, order = Searchable(folder), np.argsort(ids)
    items = Items(np.arange(len(ids), dtype=np.int32), ids[order])
    made.write_vectors(made.folder(), made_card(DIMENSION, dtype="float16"), vectors[order], items)
    made.write_order(items, [b"%d.jpg" % number for number in order])
    return made


def recall_of(engine: SearchEngine, vectors: np.ndarray) -> float:
    """Return the share of true neighbours that are found; all that is found has its exact distance."""
    found = []
    for row in range(0, len(vectors), 60):
        truth = nearest(vectors, row)
        for hit in engine.search(Query(item=row), K):
            gap = np.linalg.norm(vectors[hit.item].astype(np.float64) - vectors[row].astype(np.float64))
            assert hit.distance == pytest.approx(gap)
            found.append(hit.distance <= truth[-1][0])
    return float(np.mean(found))


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_index_proposes_is_judged_exactly(tmp_path: Path, kind: str) -> None:
    ids = made_ids(SIZE)
    made = made_with(tmp_path, VECTORS, ids)
    write_index(made.folder() / "kept" / "index.npz", VECTORS, ids, KINDS[kind])
    engine = SearchEngine.open(made.results)
    assert recall_of(engine, VECTORS) > 0.98
    index = engine._own.index
    assert index is not None
    assert str(index().dial).startswith(kind)  # type: ignore[union-attr]


def test_an_index_serves_what_came_and_went_since(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).permutation(made_ids(SIZE))
    kept = np.arange(200, SIZE)  # 200 of the former have gone, and as many are new
    write_index(tmp_path / "index.npz", VECTORS[:-200], ids[:-200], KINDS["inverted file"])
    made = made_with(tmp_path, VECTORS[kept], ids[kept])
    (made.folder() / "kept").mkdir()
    (tmp_path / "index.npz").rename(made.folder() / "kept" / "index.npz")
    engine = SearchEngine.open(made.results)
    vectors = VECTORS[kept][np.argsort(ids[kept])]
    assert recall_of(engine, vectors) > 0.98
    index = engine._own.index()  # type: ignore[misc]
    assert (len(index.new), int((index.present < 0).sum())) == (200, 200)  # type: ignore[union-attr]


def test_an_index_of_other_vectors_is_not_asked(tmp_path: Path) -> None:
    ids, others = made_ids(SIZE), make_vectors(SIZE, DIMENSION, seed=5)
    write_index(tmp_path / "index.npz", others, ids, KINDS["small world"])
    assert open_index(tmp_path / "index.npz", others, ids) is not None
    assert open_index(tmp_path / "index.npz", VECTORS, ids) is None
    assert open_index(tmp_path / "index.npz", others[:, :8].copy(), ids) is None
    assert open_index(tmp_path / "index.npz", VECTORS[:0], ids[:0]) is None
    (tmp_path / "index.npz").write_bytes(b"PK\x03\x04")
    assert open_index(tmp_path / "index.npz", others, ids) is None


def test_without_an_index_and_for_many_results_all_are_compared(tmp_path: Path) -> None:
    ids = made_ids(SIZE)
    made = made_with(tmp_path, VECTORS, ids)
    assert recall_of(SearchEngine.open(made.results), VECTORS) == 1
    write_index(made.folder() / "kept" / "index.npz", VECTORS, ids, KINDS["inverted file"])
    assert len(SearchEngine.open(made.results).search(Query(item=0), SIZE)) == SIZE - 1
