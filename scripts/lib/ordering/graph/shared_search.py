"""One search that several jobs share: prepared by one, a part of the rows each, joined by another.

Whoever prepares it leaves a card that says how rows are searched. The index itself is the one that is kept
for later runs. Parts are made of whole blocks (`query_rows`), whose size goes by the number of rows alone;
so the graph is the same to the byte, however many parts there are, and the same as that of a single search.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import checksum, set_aside
from scripts.lib.ordering.graph.kept_index import read_kept_index
from scripts.lib.ordering.graph.knn import Search, exact_search, query_rows
from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph
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


def rows_of_part(n: int, part: int, parts: int) -> range:
    """Return the rows that one of several parts searches, whole blocks of them; some parts may have none."""
    size = query_rows(n)
    blocks = -(-n // size)
    start, stop = (blocks * each // parts * size for each in (part, part + 1))
    return range(min(start, n), min(stop, n))


def joined(card: SearchCard, parts: Iterable[Path]) -> NeighborGraph:
    """Return the graph whose parts lie in files, given in the order of the rows."""
    graphs = [read_graph(part) for part in parts]
    indices, distances = (np.concatenate(lists) for lists in list(zip(*graphs, strict=True))[:2])
    return NeighborGraph(indices, distances, card.recall, card.method)
