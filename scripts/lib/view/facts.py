"""What is known of one file, in words; and which others belong to it."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import UNKNOWN, Snapshot
from scripts.lib.words import size_words, time_words

CATEGORIES = 3  # of which the probability is told


class Duplicate(NamedTuple):
    """A file of a group of duplicates.

    position : its place in the order, None if it is in none
    kind : exact, near or perceptual; None of the best
    kept : whether it is to be kept
    """

    path: str
    position: int | None
    kind: str | None
    kept: bool


def facts_of(snapshot: Snapshot, position: int, shape: tuple[int, int] | None) -> list[tuple[str, str]]:
    """Return what is known of a file.

    shape : width and height in pixels, where they are known
    """
    row = {name: snapshot.order[name][position].as_py() for name in ("size", "mtime_ns", "distance_to_next")}
    facts = [("File", visible(snapshot.path(position)))]
    if shape is not None:
        facts.append(("Pixels", f"{shape[0]:,} × {shape[1]:,}"))
    if row["size"] is not None:
        facts.append(("Size", size_words(row["size"])))
    if row["mtime_ns"] is not None:
        facts.append(("Changed", time_words(row["mtime_ns"])))
    facts += _groups(snapshot, position)
    if row["distance_to_next"] is not None:
        facts.append(("To the next", f"{row['distance_to_next']:.4g}"))
    facts.append(("Content", snapshot.content_id(position).hex()))
    return facts


def _groups(snapshot: Snapshot, position: int) -> list[tuple[str, str]]:
    facts = []
    if snapshot.clusters is not None:
        code = int(snapshot.clusters.codes[position])
        facts.append(
            ("Cluster", "unclustered" if code == UNKNOWN else visible(snapshot.clusters.names[code]))
        )
    if snapshot.categories is not None:
        name = visible(snapshot.categories.names[int(snapshot.categories.codes[position])])
        facts.append(("Category", f"{name} ({_likely(snapshot, position)})"))
    if snapshot.labels is not None:
        facts.append(("Label", visible(str(snapshot.labels[position].as_py()))))
    return facts


def _likely(snapshot: Snapshot, position: int) -> str:
    if snapshot.probabilities is None:
        return "probabilities are not known"
    chances = np.nan_to_num(snapshot.probabilities[snapshot.items[position]])
    best = np.argsort(-chances, kind="stable")[:CATEGORIES].tolist()
    return ", ".join(f"{visible(snapshot.category_names[each])} {chances[each]:.0%}" for each in best)


def duplicates_of(snapshot: Snapshot, position: int) -> list[Duplicate]:
    """Return the group of duplicates that a file is in, best first; none where it is in none."""
    table = snapshot.duplicates
    if table is None or not len(table):
        return []
    own = pc.index(table["path_bytes"], pa.scalar(snapshot.order["path_bytes"][position].as_py())).as_py()
    if own < 0:
        return []
    group = table.filter(pc.equal(table["group"], table["group"][own]))
    places = places_in_order(snapshot, group["path_bytes"].to_pylist())
    rows = zip(group.select(["path", "kind", "keep"]).to_pylist(), places, strict=True)
    return [Duplicate(visible(row["path"]), place, row["kind"], row["keep"]) for row, place in rows]


def places_in_order(snapshot: Snapshot, files: list[bytes]) -> list[int | None]:
    """Return the place of each file in the order, by its path; None where it is in no order."""
    wanted = pa.array(files, pa.binary())
    found = pc.index_in(snapshot.order["path_bytes"].cast(pa.binary()), value_set=wanted)
    rows = pc.indices_nonzero(pc.is_valid(found))
    places = dict(zip(found.take(rows).to_pylist(), rows.to_pylist(), strict=True))
    return [places.get(i) for i in range(len(files))]
