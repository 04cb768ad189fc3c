"""The neighbour graph of a collection that changed a little, from the former one.

Only new rows are searched. The lists of all others are renumbered and measured anew. They take in the
new rows to which they were proposed, and new ones that their neighbours know; where removed rows left
places, any that their neighbours know. Lists that lost more than half are searched like new ones. What
that is worth is measured, on a sample of all rows, against exact search; where it is not good enough,
everything is to be searched again.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import Proposer, single_threaded, stream, workers
from scripts.lib.ordering.graph.knn import KnnSettings
from scripts.lib.ordering.graph.knn_search import rank
from scripts.lib.ordering.graph.list_updates import Lists, empty_lists, offer_back, offer_through
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import kernel_view
from scripts.lib.ordering.vectors import Floats, Ints, Rows, Vectors, sample_rows

Propose = Callable[[Floats], Rows]
Result = TypeVar("Result")

MOST_SEARCHED = 0.3  # of all rows; beyond, a full search costs little more and finds more
TOLERANCE = 0.01  # a little is lost in each update, and the sample errs by half as much
BLOCK_ROWS = 1024
SAMPLE_ROWS = 200  # at once: the fewer, the more often all vectors are read
SLACK = 8  # candidates beyond those wanted, for rounding and ties


class Change(NamedTuple):
    """How the rows of two matrices belong together.

    carried : (m,) int32, the present row of each former one, -1 where it is gone
    new : (q,) int64, present rows that were not there, ascending
    """

    carried: Ints
    new: Rows


def change_of_rows(former_ids: npt.NDArray[np.bytes_], ids: npt.NDArray[np.bytes_]) -> Change:
    """Match the rows of two matrices by their content ids.

    former_ids, ids : (m,) and (n,) S32, each of distinct ids, in any order
    """
    carried = np.full(len(former_ids), -1, np.int32)
    _, former_rows, rows = np.intersect1d(former_ids, ids, assume_unique=True, return_indices=True)
    carried[former_rows] = rows
    return Change(carried, np.setdiff1d(np.arange(len(ids)), rows, assume_unique=True))


def extended(proposer: Proposer, change: Change, vectors: Vectors) -> Propose:
    """Add the new rows to an index; what is returned proposes present rows, -1 for those that are gone.

    change : from the rows of the index to those of `vectors`
    """
    with single_threaded():  # more threads may link a small world in another order
        for start in range(0, len(change.new), BLOCK_ROWS):
            block = vectors[change.new[start : start + BLOCK_ROWS]].astype(np.float32)
            proposer.add(block)
    present = np.concatenate([change.carried, change.new, [-1]])  # the last one for the index's own -1
    return lambda queries: present[proposer.propose(queries)]


def updated_graph(
    former: NeighborGraph,
    change: Change,
    vectors: Vectors,
    propose: Propose,
    settings: KnnSettings | None = None,
    threads: int = 1,
) -> NeighborGraph | None:
    """Return the neighbour graph of the present rows, only the new ones searched.

    None where a full search is due: too much has changed, the former lists are too short, or the
    recall falls short of its target by more than `TOLERANCE`. Distances are exact; those of former
    links, too, are measured anew, for vectors that were embedded on another device differ a little.
    Where nothing has changed it is the former graph itself. The bytes do not depend on the number of threads.

    former : of the former rows;  change : from those to the present ones
    vectors : (n, d) float16 or float32, finite
    propose : takes queries, (q, d) float32; returns likely neighbours, (q, width) int64 present rows,
        distinct in a row, -1 for none; called from several threads
    """
    settings = settings or KnnSettings()
    n, k = len(vectors), settings.k
    if not can_update(former, change, n, k):
        return None
    with single_threaded():
        lists = _carry_over(former, change, vectors, k, threads)
        if not len(change.new) and _are_the_same(lists, former):
            return former
        known = (lists.indices >= 0).sum(axis=1)
        wanting, thinned = np.flatnonzero(2 * known < k), np.flatnonzero((2 * known >= k) & (known < k))
        if _too_many(wanting, n):
            return None
        proposed = _search(lists, vectors, propose, wanting, threads)
        offer_back(kernel_view(vectors), lists, wanting, proposed)
        _offer_new(lists, vectors, change.new, threads)
        _offer_any(lists, vectors, thinned, threads)
        _search_short(lists, vectors)
        recall = _measure_recall(lists, vectors, settings, threads)
    method = f"updated: {len(change.new)} new rows searched"
    if len(wanting) > len(change.new):
        method += f", {len(wanting) - len(change.new)} old ones again"
    graph = former._replace(indices=lists.indices, distances=lists.distances, recall=recall, method=method)
    return graph if recall >= settings.target_recall - TOLERANCE else None


def can_update(former: NeighborGraph, change: Change, n: int, k: int) -> bool:
    """Tell whether so much of the graph of n rows is known that searching the new ones is worth a try."""
    return 0 < k <= min(former.indices.shape[1], n - 1) and not _too_many(change.new, n)


def _too_many(rows: Rows, n: int) -> bool:
    return len(rows) > MOST_SEARCHED * n


def _are_the_same(lists: Lists, graph: NeighborGraph) -> bool:
    return np.array_equal(lists.indices, graph.indices) and np.array_equal(lists.distances, graph.distances)


def _carry_over(former: NeighborGraph, change: Change, vectors: Vectors, k: int, threads: int) -> Lists:
    """Renumber the former lists and measure them anew; those of new rows are empty."""
    lists, view = empty_lists(len(vectors), k), kernel_view(vectors)

    def carry(there: Rows) -> None:
        rows = change.carried[there].astype(np.int64)
        listed = change.carried[former.indices[there]].astype(np.int64)  # (b, K)
        lists.indices[rows], lists.distances[rows] = rank(view, rows, listed, k)

    _in_blocks(carry, np.flatnonzero(change.carried >= 0), threads)
    return lists


def _search(lists: Lists, vectors: Vectors, propose: Propose, rows: Rows, threads: int) -> Ints:
    """Fill the lists of some rows from proposals, and return these: (q, width) int32."""
    view, k = kernel_view(vectors), lists.indices.shape[1]

    def search(block: Rows) -> Ints:
        candidates = propose(vectors[block].astype(np.float32))
        lists.indices[block], lists.distances[block] = rank(view, block, candidates, k)
        return candidates.astype(np.int32)

    blocks = _in_blocks(search, rows, threads)
    return np.concatenate(blocks) if blocks else np.empty((0, 1), np.int32)


def _offer_new(lists: Lists, vectors: Vectors, new: Rows, threads: int) -> None:
    """Offer to each row the new neighbours of its neighbours."""
    is_new = np.zeros(len(vectors) + 1, np.bool_)  # the last one for -1
    is_new[new] = True
    news = np.where(is_new[lists.indices], lists.indices, np.int32(-1))  # (n, k)
    has_news = np.append((news >= 0).any(axis=1), False)
    _offer(lists, vectors, np.flatnonzero(has_news[lists.indices].any(axis=1)), news, threads)


def _offer_any(lists: Lists, vectors: Vectors, rows: Rows, threads: int) -> None:
    """Offer to some rows all neighbours of their neighbours."""
    _offer(lists, vectors, rows, lists.indices.copy(), threads)


def _offer(lists: Lists, vectors: Vectors, rows: Rows, offered: Ints, threads: int) -> None:
    view = kernel_view(vectors)
    _in_blocks(lambda block: offer_through(view, lists, block, offered), rows, threads)


def _in_blocks(
    work: Callable[[Rows], Result], rows: Rows, threads: int, size: int = BLOCK_ROWS
) -> list[Result]:
    """Share out rows in blocks of a fixed size; return what the work returns, in their order."""
    blocks = (rows[start : start + size] for start in range(0, len(rows), size))
    with workers(threads) as pool:
        return list(pool.map(work, blocks))


def _search_short(lists: Lists, vectors: Vectors) -> None:
    """Fill lists that are still too short from exact search."""
    short = np.flatnonzero(lists.indices[:, -1] < 0)
    if len(short):
        found = _exact(vectors, short, lists.indices.shape[1])
        lists.indices[short], lists.distances[short] = found


def _measure_recall(lists: Lists, vectors: Vectors, settings: KnnSettings, threads: int) -> float:
    """Return the share of the true neighbours that is listed, of a sample of rows."""

    def hits(block: Rows) -> npt.NDArray[np.bool_]:
        reach = _exact(vectors, block, lists.indices.shape[1]).distances[:, -1:]
        found: npt.NDArray[np.bool_] = lists.distances[block] <= reach
        return found

    rows = sample_rows(len(vectors), settings.sample, settings.index.seed)
    return float(np.concatenate(_in_blocks(hits, rows, threads, SAMPLE_ROWS)).mean())


def _exact(vectors: Vectors, rows: Rows, k: int) -> Lists:
    every = stream(vectors, vectors[rows].astype(np.float32), 2 * k + SLACK)
    return Lists(*rank(kernel_view(vectors), rows, every, k))
