"""What the lightest tree loses by links that an approximate neighbour search has missed.

An unlisted link may be lighter than its reaches claim, and so than the ways round it (`one_tree`).
Let T be the lightest tree of listed links and charges. The bottleneck of two nodes is the heaviest
link on the way in T between them; no other way of listed links and charges does with less. Take the
lightest tree of all links, and hang it up at any root. Let i be a node whose link up to its parent j is
unlisted, and replace that link by one to the parent or to the root, whose weight is the bottleneck of
i and j or of i and the root, whichever is less. Then

- every node still gets up to the root: it is a spanning tree;
- the weight has grown by no more than that bottleneck less the weight of (i, j), if by anything; and
  so by no more than the shortfall of i, the greatest of these differences over all j, or 0;
- each new link has a way round it, of listed links and charges that are no heavier: so T weighs no
  more than this tree (the cycle property).

So T weighs no more than the lightest tree of all links and the shortfalls of all nodes together. Listed
links have none. A shortfall is found by comparing a node with all others; it is no greater than the node's
range, the bottleneck to the root less its own potential and the lowest one.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.measure.merges import Merges, bottleneck, ceilings
from scripts.lib.ordering.metric import distance, kernel_view
from scripts.lib.ordering.vectors import CENTRE_ROWS, Vectors, centre_of, float_blocks

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.floating]

QUERY_ROWS = 2048
COST_OF_A_LOOK = 64  # what a pair costs beside its multiplications, in multiplications
COARSEST = 0.05  # rounding, as a share of the squared lengths that matter
SINGLE_PRECISION = 2.0**-24
DOUBLE_PRECISION = 2.0**-53


class Claim(NamedTuple):
    """A spanning tree that is claimed to be the lightest one, as far as its shortfalls need it.

    merges : of the tree
    ceilings : (n,) float64, bottleneck of each node and the root
    potentials : (n,) float64
    """

    merges: Merges
    ceilings: Doubles
    potentials: Doubles


def make_claim(merges: Merges, potentials: Doubles) -> Claim:
    """Take the node on top of the merges for the root: few ways to it are long."""
    return Claim(merges, ceilings(merges), potentials)


def ranges(claim: Claim) -> Doubles:
    """Return what no node's shortfall exceeds: (n,) float64."""
    most: Doubles = np.maximum(claim.ceilings - claim.potentials - claim.potentials.min(), 0.0)
    return most


def search_cost(vectors: Vectors) -> float:
    """Return the work of one node's search, in multiplications."""
    return float(len(vectors) * (vectors.shape[1] + COST_OF_A_LOOK))


def shortfalls(
    vectors: Vectors,
    claim: Claim,
    rows: Longs,
    threads: int = 1,
    progress: Callable[[int], None] = lambda rows: None,
) -> Doubles:
    """Return the shortfalls of some nodes: (q,) float64.

    A product of matrices finds all links that may matter; their lengths are then taken from the
    metric. So the result does not depend on the number of threads.

    vectors : (n, d) float16 or float32, may be a memory map
    rows : (q,) int64
    progress : called with the number of rows newly done
    """
    found, space = np.zeros(len(rows)), make_space(vectors, claim)
    with threadpool_limits(threads, "blas"):
        for at in range(0, len(rows), QUERY_ROWS):
            part = slice(at, at + QUERY_ROWS)
            compare_with_all(vectors, claim, space, rows[part], found[part])
            progress(len(rows[part]))
    return found


class Space(NamedTuple):
    """How vectors are prepared for products, which lose least near the origin.

    centre : (d,) float32, about the mean
    precision : float32 or float64
    rounding : what squared distances may be off, as a share of the sum of both squared norms
    """

    centre: Reals
    precision: type
    rounding: float


def make_space(vectors: Vectors, claim: Claim) -> Space:
    """Compute in single precision, unless it would hide the lengths that matter.

    A product and its norms are off by up to d + 1 roundings each, centring by some more.
    """
    some = vectors[:: max(1, len(vectors) // CENTRE_ROWS)].astype(np.float64)
    centre, spread = centre_of(vectors), some.var(axis=0).sum()
    matters = float(np.median(claim.ceilings - 2.0 * claim.potentials))
    share = 4.0 * (vectors.shape[1] + 8)
    if share * SINGLE_PRECISION * 2.0 * spread <= COARSEST * max(matters, 0.0) ** 2:
        return Space(centre, np.float32, share * SINGLE_PRECISION)
    return Space(centre, np.float64, share * DOUBLE_PRECISION)


class Block(NamedTuple):
    """Inner products of some rows and a block of vectors, centred.

    products : (q, b);  norms : (q,) and base_norms : (b,), squared, less what rounding may have added
    start : number of the block's first vector
    """

    products: Reals
    norms: Reals
    base_norms: Reals
    start: int


def compare_with_all(vectors: Vectors, claim: Claim, space: Space, rows: Longs, found: Doubles) -> None:
    """Write the shortfalls of some rows."""
    queries, norms = centred(vectors[rows], space)
    for start, block in float_blocks(vectors):
        base, base_norms = centred(block, space)
        note_shortfalls(
            kernel_view(vectors), claim, rows, Block(queries @ base.T, norms, base_norms, start), found
        )


def centred(block: Vectors, space: Space) -> tuple[Reals, Reals]:
    """Return vectors around the centre, and their squared norms less the rounding."""
    points = block.astype(space.precision) - space.centre
    norms = np.einsum("ij,ij->i", points, points, dtype=np.float64)
    return points, (norms * (1.0 - space.rounding)).astype(space.precision)


@compiled
def note_shortfalls(vectors: Vectors, claim: Claim, rows: Longs, block: Block, found: Doubles) -> None:
    """Raise the shortfalls of rows to what links to a block of vectors make them.

    A link matters if it weighs less than the ceiling; most are too long for that, roughly measured.
    """
    tolerance = 1.0 + 4.0 * (vectors.shape[1] + 8) * SINGLE_PRECISION  # of the metric's rounding
    for query in range(rows.size):
        node = rows[query]
        longest = claim.ceilings[node] - claim.potentials[node]
        for place in range(block.base_norms.size):
            room = longest - claim.potentials[block.start + place]
            gap = block.norms[query] + block.base_norms[place] - 2 * block.products[query, place]
            if room > 0 and gap <= room * room * tolerance and block.start + place != node:
                shortfall = shortfall_between(vectors, claim, node, block.start + place)
                found[query] = max(found[query], shortfall)


@compiled
def shortfall_between(vectors: Vectors, claim: Claim, node: int, other: int) -> float:
    """Return by how much a link is lighter than the lighter of the two ways that stand for it."""
    weight = distance(vectors, node, other) + claim.potentials[node] + claim.potentials[other]
    if weight >= claim.ceilings[node]:
        return 0.0
    return float(min(bottleneck(claim.merges, node, other), claim.ceilings[node]) - weight)
