"""Labels that outlive a run: images that had one keep it, new ones get one beside an image they resemble.

A label is a way through the tree and one symbol more. New images take the other symbols behind the same way;
the last symbol of the alphabet goes on, so there is always room.
"""

import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ids_array, ids_column, positions_in
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


def kept_for(ids: np.ndarray, former_ids: np.ndarray, former: Labels) -> Labels | None:
    """Return the former labels of images, empty for new ones; None where too many are new.

    ids : (n,) S32, one content id of each image
    former_ids : (m,) S32, ascending
    """
    places = positions_in(former_ids, ids)
    known = places >= 0
    added = np.where(known, former.added[places] if len(former_ids) else True, True)
    if added.mean() > MOST_NEW:
        return None
    found = [
        (former.labels[place], former.ways[place]) if place >= 0 else ("", 0) for place in places.tolist()
    ]
    return Labels([label for label, _ in found], [way for _, way in found], added)


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
    count = 0
    while heap:
        _, row, beside = heapq.heappop(heap)
        if labels.labels[row]:
            continue
        way = labels.labels[beside][: labels.ways[beside]]
        labels.labels[row], labels.ways[row] = free_label(way, taken, symbols), len(way)
        taken.add(labels.labels[row])
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


def free_label(way: str, taken: set[str], symbols: int) -> str:
    """Return the first label behind a way that is not taken."""
    while True:
        for symbol in ALPHABET[: symbols - 1]:
            if way + symbol not in taken:
                return way + symbol
        way += ALPHABET[symbols - 1]


def write_labels(file: Path, ids: np.ndarray, labels: Labels, symbols: int) -> None:
    """Keep labels for the next run.

    ids : (n,) S32, ascending
    """
    columns = {
        "content_id": ids_column(ids),
        "label": pa.array(labels.labels, pa.string()),
        "way": pa.array(labels.ways, pa.int32()),
        "added": pa.array(labels.added, pa.bool_()),
    }
    table = pa.table(columns).replace_schema_metadata({"symbols": str(symbols)})
    with replacing(file) as temporary:
        pq.write_table(table, temporary)


def read_labels(file: Path, symbols: int) -> tuple[np.ndarray, Labels] | None:
    """Read what the last run kept; None where there is nothing, of this alphabet at least.

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
