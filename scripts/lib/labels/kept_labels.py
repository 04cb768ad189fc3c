"""Labels that outlive a run: images that had one keep it, new ones get one beside an image they resemble.

A label is a way through the tree and one symbol more. New images take the other symbols behind the same way;
the last symbol of the alphabet goes on, so there is always room. Images are known by all their contents: a
copy that comes or goes, and has the same vector, changes no label.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.embedding.gather import Items
from scripts.lib.embedding.matching import rows_of_items
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ids_array, ids_column
from scripts.lib.labels.label_tree import ALPHABET
from scripts.lib.ordering.tree.edges import Edges

MOST_NEW = 0.3  # share of images that are new since the tree was made; beyond, it is made anew


@dataclass
class Labels:
    """The labels of images.

    labels : the label of each
    ways : how many of its symbols are the way through the tree
    added : (n,) bool, whether it is newer than the tree
    """

    labels: list[str]
    ways: list[int]
    added: np.ndarray


def fresh(labels: list[str]) -> Labels:
    """Return labels that were just made of a tree."""
    return Labels(labels, [len(label) - 1 for label in labels], np.zeros(len(labels), bool))


def kept_for(items: Items, former_ids: np.ndarray, former: Labels) -> Labels | None:
    """Return the former labels of images, empty for new ones; None where too many are new.

    former_ids : (m,) S32, ascending, the content that each of the former labels belongs to
    """
    places = _each_label_once(
        rows_of_items(items, Items(np.arange(len(former_ids)), former_ids)), former.labels
    )
    known = places >= 0
    added = np.ones(len(places), bool)
    added[known] = former.added[places[known]]
    if added.mean() > MOST_NEW:
        return None
    found = [
        (former.labels[place], former.ways[place]) if place >= 0 else ("", 0) for place in places.tolist()
    ]
    return Labels([label for label, _ in found], [way for _, way in found], added)


def _each_label_once(places: np.ndarray, labels: list[str]) -> np.ndarray:
    """Return the places with -1 for images whose label an earlier one has: they were one image once."""
    once, seen = places.copy(), set()
    for row, place in enumerate(places.tolist()):
        if place >= 0 and labels[place] in seen:
            once[row] = -1
        elif place >= 0:
            seen.add(labels[place])
    return once


def complete(labels: Labels, tree: Edges, symbols: int) -> int:
    """Give a label to each image that has none, and return how many there were.

    Each follows the image that it hangs on in the spanning tree, the shortest edges first.

    tree : (n - 1,) MST_EDGE
    """
    neighbors = _neighbors(tree, len(labels.labels))
    taken = set(labels.labels)
    heap = [
        (length, other, row)
        for row, label in enumerate(labels.labels)
        if label
        for length, other in neighbors[row]
        if not labels.labels[other]
    ]
    heapq.heapify(heap)
    count, room = 0, dict[str, Iterator[str]]()
    while heap:
        _, row, beside = heapq.heappop(heap)
        if labels.labels[row]:
            continue
        way = labels.labels[beside][: labels.ways[beside]]
        behind = room.setdefault(way, labels_behind(way, symbols))
        labels.labels[row] = next(label for label in behind if label not in taken)
        labels.ways[row] = len(way)
        count += 1
        for length, other in neighbors[row]:
            if not labels.labels[other]:
                heapq.heappush(heap, (length, other, row))
    return count


def _neighbors(tree: Edges, n: int) -> list[list[tuple[float, int]]]:
    neighbors: list[list[tuple[float, int]]] = [[] for _ in range(n)]
    for source, target, length in tree.tolist():
        neighbors[source].append((length, target))
        neighbors[target].append((length, source))
    return neighbors


def labels_behind(way: str, symbols: int) -> Iterator[str]:
    """Yield labels behind a way, ascending and without end; none is the beginning of another.

    Each time the last symbol goes on, twice as many follow, so that the lengths grow with the logarithm.
    """
    alphabet = ALPHABET[:symbols]
    for level in itertools.count():
        for first in alphabet[:-1]:
            for rest in itertools.product(alphabet, repeat=2**level - 1):
                yield way + first + "".join(rest)
        way += alphabet[-1]


def write_labels(file: Path, items: Items, labels: Labels, symbols: int) -> None:
    """Keep labels for the next run: a row a content."""
    rows = pa.array(items.rows)
    columns = {
        "content_id": ids_column(items.content_ids),
        "label": pa.array(labels.labels, pa.string()).take(rows),
        "way": pa.array(labels.ways, pa.int32()).take(rows),
        "added": pa.array(labels.added, pa.bool_()).take(rows),
    }
    table = pa.table(columns).replace_schema_metadata({"symbols": str(symbols)})
    with replacing(file) as temporary:
        pq.write_table(table, temporary)


def read_labels(file: Path, symbols: int) -> tuple[np.ndarray, Labels] | None:
    """Read what the last run kept, contents and their labels; None where there is nothing of this alphabet.

    Raises
    ------
    DamagedArtifact
        when it is no such file; removing it makes all labels anew.
    """
    if not file.exists():
        return None
    try:
        table = pq.read_table(file)
        if table.schema.metadata[b"symbols"] != str(symbols).encode():
            return None
        added = table["added"].to_numpy(zero_copy_only=False)
        labels = Labels(table["label"].to_pylist(), table["way"].to_pylist(), added)
        return ids_array(table["content_id"]), labels
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise DamagedArtifact(
            f"{file} can't be read ({error}). It has the last labels; remove it, and all are made anew."
        ) from error
