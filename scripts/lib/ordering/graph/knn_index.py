"""How the jobs that share one neighbour search are to search: the card that the first of them leaves.

The index itself is the one that is kept for later runs; the card has its checksum.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import checksum, set_aside
from scripts.lib.ordering.graph.kept_index import read_kept_index
from scripts.lib.ordering.graph.knn import Search, exact_search
from scripts.lib.ordering.vectors import Vectors

EXACT, INDEX, UPDATE = "exact", "index", "update"  # the last: only what is new, which needs no parts


@dataclass(frozen=True)
class SearchCard:
    """How the rows of a matrix are searched.

    kind : against all vectors, by an index, or not at all, because the last graph is brought up to date
    k : neighbours of each row
    recall, method : see `NeighborGraph`
    index : the BLAKE3 of the kept index, None where there is none
    """

    kind: str
    k: int
    recall: float = 1.0
    method: str = "exact"
    index: str | None = None


def card_of(search: Search, k: int, kept_index: Path) -> SearchCard:
    """Describe a search by an index that has been kept."""
    return SearchCard(INDEX, k, search.recall, search.method, checksum(kept_index))


def card_text(card: SearchCard) -> str:
    """Return a card as JSON."""
    return json.dumps(asdict(card), indent=2) + "\n"


def read_card(path: Path) -> SearchCard:
    """Read a card."""
    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return SearchCard(**fields)


def opened(card: SearchCard, path: Path, kept_index: Path, vectors: Vectors) -> Search:
    """Return the search that a card describes.

    path : of the card, which goes where its index is not there any more

    Raises
    ------
    DamagedArtifact
        when the kept index is not the one that the card was made with.
    """
    if card.kind == EXACT:
        return exact_search(vectors, card.k)
    kept = read_kept_index(kept_index) if kept_index.exists() and checksum(kept_index) == card.index else None
    if kept is None:
        raise set_aside(path, f"its index {kept_index} is gone, or is another one")
    return Search(kept.proposer, card.recall, card.method)
