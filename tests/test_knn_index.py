"""The card by which jobs share a search, and what becomes of it without its index."""

from pathlib import Path

import pytest

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.errors import DamagedArtifact
from scripts.lib.ordering.graph.kept_index import KeptIndex, write_kept_index
from scripts.lib.ordering.graph.knn import exact_search, index_search
from scripts.lib.ordering.graph.knn_index import EXACT, SearchCard, card_of, card_text, opened
from tests.test_knn_search import INVERTED_FILE, ids_of, lattice


@pytest.mark.parametrize("change", ["gone", "another"])
def test_a_search_without_its_index_is_prepared_again(tmp_path: Path, change: str) -> None:
    vectors, kept, file = lattice(1000), tmp_path / "index.npz", tmp_path / "index.json"
    search = index_search(vectors, INVERTED_FILE)
    write_kept_index(kept, KeptIndex(search.proposer, ids_of(1000)))
    card = card_of(search, 8, kept)
    with recording(file, Provenance("knn_index", 1)) as temporary:
        temporary.write_text(card_text(card))
    kept.unlink() if change == "gone" else kept.write_bytes(b"something else")
    with pytest.raises(DamagedArtifact, match="is gone, or is another one"):
        opened(card, file, kept, vectors)
    assert not file.exists()


def test_an_exact_search_needs_no_index(tmp_path: Path) -> None:
    vectors = lattice(100)
    search = opened(SearchCard(EXACT, 5), tmp_path / "card", tmp_path / "missing.npz", vectors)
    assert search[1:] == exact_search(vectors, 5)[1:] == (1.0, "exact")
