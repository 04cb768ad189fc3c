"""A search shared by several jobs finds, to the byte, what a single one finds."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.indexes import IndexSettings
from scripts.lib.ordering.graph.kept_index import KeptIndex, write_kept_index
from scripts.lib.ordering.graph.knn import KnnSettings, index_search, nearest_neighbors
from scripts.lib.ordering.graph.knn_index import EXACT, SearchCard, card_of, card_text, opened, read_card
from scripts.lib.ordering.graph.knn_search import joined, query_rows, rows_of_part, search_rows
from scripts.lib.ordering.graph.neighbors import NeighborGraph

EXACTLY = KnnSettings(k=8)
INVERTED_FILE = KnnSettings(k=8, exact_limit=0, index=IndexSettings(pca_dimension=16))
SMALL_WORLD = KnnSettings(k=8, exact_limit=0, index=IndexSettings(pca_dimension=16, small_world_from=0))


def lattice(n: int, d: int = 6) -> npt.NDArray[np.float16]:
    """Return points of a grid, many of them equally far from each other, so that ties have to be settled."""
    return np.random.default_rng(0).integers(0, 4, (n, d)).astype(np.float16)


def ids_of(n: int) -> npt.NDArray[np.bytes_]:
    return np.array([f"{row:032}".encode() for row in range(n)], ID_DTYPE)


def shared(vectors: np.ndarray, settings: KnnSettings, parts: int, folder: Path) -> NeighborGraph:
    """Search in parts, each of which opens the search anew, as jobs do."""
    kept, card = folder / "index.npz", SearchCard(EXACT, settings.k)
    if settings.exact_limit == 0:
        search = index_search(vectors, settings)
        write_kept_index(kept, KeptIndex(search.proposer, ids_of(len(vectors))))
        card = card_of(search, settings.k, kept)
    (folder / "index.json").write_text(card_text(card))
    files = []
    for part in range(parts):
        search = opened(read_card(folder / "index.json"), folder / "index.json", kept, vectors)
        rows = rows_of_part(len(vectors), part, parts)
        found = search_rows(vectors, search.proposer, card.k, rows, 1 + part % 2, lambda rows: None)
        files.append(folder / f"{part}.npz")
        np.savez(files[-1], **NeighborGraph(*found, card.recall, card.method)._asdict())
    return joined(files)


@pytest.mark.parametrize("settings", [EXACTLY, INVERTED_FILE, SMALL_WORLD])
@pytest.mark.parametrize("parts", [2, 7])
def test_the_graph_does_not_depend_on_how_the_search_is_shared(
    tmp_path: Path, settings: KnnSettings, parts: int
) -> None:
    vectors = np.unique(lattice(3000), axis=0)
    together, alone = shared(vectors, settings, parts, tmp_path), nearest_neighbors(vectors, settings)
    assert together.indices.tobytes() == alone.indices.tobytes()
    assert together.distances.tobytes() == alone.distances.tobytes()
    assert together[2:] == alone[2:]


@pytest.mark.parametrize("n", [0, 1, 31, 32, 500, 65_537, 1_000_000])
@pytest.mark.parametrize("parts", [1, 2, 4, 1000])
def test_parts_are_whole_blocks_and_hold_each_row_once(n: int, parts: int) -> None:
    rows = [rows_of_part(n, part, parts) for part in range(parts)]
    assert [rows[0].start, *(part.stop for part in rows)] == [*(part.start for part in rows), n]
    assert all(part.start % query_rows(n) == 0 or not part for part in rows)
    assert max(map(len, rows)) - min(map(len, rows)) <= 2 * query_rows(n)


def test_five_hundred_images_are_work_for_four_jobs() -> None:
    assert all(len(rows_of_part(500, part, 4)) >= 96 for part in range(4))
