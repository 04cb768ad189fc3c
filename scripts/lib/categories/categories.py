"""Images compared with words: probabilities, the category of each image, and those it is unsure of.

Vectors of images and of texts are directions; the model's logit is `factor` times their cosine, plus `bias`
where it was trained with a sigmoid (SigLIP). Where one category fits, its probability is the softmax of the
logits. That holds for both kinds: if each fitted by itself with the odds exp(logit), these would be the odds
that it fits and no other does.

Where each category is judged by itself, SigLIP's sigmoid is the probability. CLIP has no such thing: there
the category competes with the same prompts about `something`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scripts.lib.categories.taxonomy import UNSURE, Node, Taxonomy

Floats = npt.NDArray[np.float32]

BLOCK = 16_384  # images that are compared at a time
LARGEST_OFFSET = 2**31 - 1  # of Arrow's lists: 21 million images of a hundred categories
SURE_AT_MOST = 0.75  # of the threshold that follows from the number of categories
SURE_ALONE = 0.5  # more likely than not


class Texts(NamedTuple):
    """The texts of the categories, as a model sees them.

    vectors : (c, d) float32, of length 1
    anything : (d,) float32, of length 1, of no category in particular
    factor, bias : what makes logits of cosines; the bias is None where the model has no sigmoid
    """

    vectors: Floats
    anything: Floats
    factor: float
    bias: float | None


@dataclass(frozen=True)
class Rule:
    """When an image has a category.

    threshold : the least probability
    margin : by how much it must exceed the second
    several : whether each category is judged by itself, and an image may have several
    """

    threshold: float
    margin: float = 0.0
    several: bool = False


class Assigned(NamedTuple):
    """The categories of images.

    outcomes : the names that `outcome` counts, `unsure` among them
    outcome : (n,) int32, -1 without a vector
    probability : (n,) float32, of it, or of the best that was not good enough; NaN without a vector
    fitting : (n, c) bool, the categories that fit
    """

    outcomes: list[str]
    outcome: npt.NDArray[np.int32]
    probability: Floats
    fitting: npt.NDArray[np.bool_]

    def counts(self) -> dict[str, int]:
        """Return how many images have a category, have none, and have no vector."""
        unsure = [name.split("/")[-1] == UNSURE for name in self.outcomes]
        known = self.outcome[self.outcome >= 0]
        sure = int((~np.array(unsure, bool)[known]).sum())
        return {"sure": sure, "unsure": len(known) - sure, "missing": len(self.outcome) - len(known)}


def threshold_of(given: float | str, categories: int, several: bool) -> float:
    """Return the threshold: as given, or twice the chance, 0.75 at most; of a yes or no, 0.5."""
    if given != "auto":
        return float(given)
    if several or categories < 2:
        return SURE_ALONE
    return float(min(2 / categories, SURE_AT_MOST))


def probabilities(
    vectors: np.ndarray,
    texts: Texts,
    several: bool = False,
    progress: Callable[[int], object] = lambda images: None,
) -> Floats:
    """Return how probable each category is for each image: (n, c) float32.

    vectors : (n, d) of any float type and length; of NaN the probabilities are NaN
    several : judge each category by itself; a single one always is
    progress : called with the number of images newly compared
    """
    found = np.empty((len(vectors), len(texts.vectors)), np.float32)
    alone = several or len(texts.vectors) == 1
    for start in range(0, len(vectors), BLOCK):
        directions = _directions(np.asarray(vectors[start : start + BLOCK], np.float32))
        logits = (directions @ texts.vectors.T).astype(np.float64) * texts.factor  # (b, c)
        if alone and texts.bias is None:
            logits -= (directions @ texts.anything).astype(np.float64)[:, np.newaxis] * texts.factor
        elif alone:
            logits += texts.bias or 0.0
        found[start : start + BLOCK] = _sigmoid(logits) if alone else _softmax(logits)
        progress(len(directions))
    return found


def _directions(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths != 0)
    return directions


def _softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = 0.5 * (1 + np.tanh(logits / 2))  # which does not overflow
    return shares


def assign(chances: Floats, taxonomy: Taxonomy, rule: Rule) -> Assigned:
    """Give each image its category.

    In a tree the probability of a group is the sum of its categories'. An image goes down from the top,
    always to the most probable, as far as it is sure: if of `nature` alone, it is `nature/unsure`.

    chances : (n, c) float32, NaN for images without a vector
    """
    known = np.flatnonzero(~np.isnan(chances).any(axis=1))
    found = Assigned(
        outcomes=[],
        outcome=np.full(len(chances), -1, np.int32),
        probability=np.full(len(chances), np.nan, np.float32),
        fitting=np.zeros(chances.shape, bool),
    )
    if rule.several:
        _assign_several(found, chances, known, taxonomy.names, rule)
    else:
        _descend(found, chances, known, taxonomy.tree, rule)
    return found


def _assign_several(
    found: Assigned, chances: Floats, rows: npt.NDArray[np.int64], names: Sequence[str], rule: Rule
) -> None:
    """Give images every category that fits; the most probable one comes first."""
    found.outcomes.extend([*names, UNSURE])
    best = chances[rows].argmax(axis=1)
    found.probability[rows] = chances[rows, best]
    found.fitting[rows] = chances[rows] >= rule.threshold
    found.outcome[rows] = np.where(found.fitting[rows, best], best, len(names))


def _descend(found: Assigned, chances: Floats, rows: npt.NDArray[np.int64], node: Node, rule: Rule) -> None:
    """Send images from a node to its best child, or leave them unsure here."""
    shares = np.stack([chances[rows][:, child.leaves].sum(axis=1) for child in node.children], axis=1)
    best = shares.argmax(axis=1)  # (m,)
    top = shares[np.arange(len(rows)), best]
    second = np.partition(shares, -2, axis=1)[:, -2] if shares.shape[1] > 1 else np.zeros_like(top)
    sure = (top >= np.float32(rule.threshold)) & (top - second >= np.float32(rule.margin))
    unsure = rows[~sure]
    _end(found, unsure, "/".join((*node.path, UNSURE)))
    if not node.path:  # otherwise it has that of the group
        found.probability[unsure] = top[~sure]
    for number, child in enumerate(node.children):
        here = sure & (best == number)
        found.probability[rows[here]] = top[here]
        if child.children:
            _descend(found, chances, rows[here], child, rule)
        else:
            _end(found, rows[here], child.name)
            found.fitting[rows[here], child.leaves[0]] = True


def _end(found: Assigned, rows: npt.NDArray[np.int64], name: str) -> None:
    found.outcome[rows] = len(found.outcomes)
    found.outcomes.append(name)


def categories_table(
    chances: Floats, found: Assigned, names: Sequence[str], largest: int = LARGEST_OFFSET
) -> pa.Table:
    """Return the table `categories.parquet`: one row an item; numbers are null without a vector.

    largest : numbers in the lists of one chunk, at most
    """
    rows = max(1, largest // max(1, len(names)))
    blocks = [slice(start, start + rows) for start in range(0, max(1, len(chances)), rows)]
    return pa.concat_tables(_table(chances[block], _part(found, block), names) for block in blocks)


def _part(found: Assigned, rows: slice) -> Assigned:
    return found._replace(
        outcome=found.outcome[rows], probability=found.probability[rows], fitting=found.fitting[rows]
    )


def _table(chances: Floats, found: Assigned, names: Sequence[str]) -> pa.Table:
    unknown = found.outcome < 0
    outcomes = pa.array([*found.outcomes, UNSURE], pa.string())
    codes = np.where(unknown, len(found.outcomes), found.outcome)
    return pa.table(
        {
            "category": outcomes.take(pa.array(codes)),
            "probability": pa.array(found.probability, mask=unknown),
            "categories": _names_that_fit(chances, found.fitting, names),
            "probabilities": _lists(chances, unknown),
        }
    )


def _names_that_fit(chances: Floats, fitting: npt.NDArray[np.bool_], names: Sequence[str]) -> pa.Array:
    """Return the names of the categories that fit each image, the most probable first."""
    rows, columns = np.nonzero(fitting)
    order = np.lexsort((columns, -chances[rows, columns], rows))
    offsets = np.concatenate([[0], np.cumsum(fitting.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(names, pa.string()).take(pa.array(columns[order]))
    )


def _lists(chances: Floats, unknown: npt.NDArray[np.bool_]) -> pa.Array:
    """Return a list for each image, of nulls without a vector, so that all have one length."""
    n, c = chances.shape
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * c)
    flat = pa.array(np.ascontiguousarray(chances).ravel(), mask=np.repeat(unknown, c))
    return pa.ListArray.from_arrays(offsets, flat)
