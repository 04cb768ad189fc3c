"""The names that the user gives to clusters, in a table to be edited.

`cluster_names.csv` has a row for each cluster, with an empty column `your_name`. A name is tied to an image,
the anchor: whatever cluster that image is in bears the name, so names outlive other clusterings. The table is
written by the stage, which keeps the rows that have a name. What these say is the stage's parameter, and
nothing else of the table is, so that writing it does not make the stage run again.
"""

import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib.artifacts.atomic import write_text
from scripts.lib.clustering.given_names import GivenName, read_given_names
from scripts.lib.embedding.gather import Items
from scripts.lib.files.content_ids import positions_in
from scripts.lib.files.exports import harmless
from scripts.lib.files.user_edit import locked_table
from scripts.lib.files.user_table import in_cell
from scripts.lib.ordering.vectors import Ints

COLUMNS = ("cluster", "your_name", "name", "files", "example", "anchor")


def clusters_of_anchors(given: Sequence[GivenName], items: Items, numbers: Ints) -> dict[str, int]:
    """Return the cluster of each anchor that is among the items."""
    anchors = sorted({each.anchor for each in given})
    ids = np.array([bytes.fromhex(anchor) for anchor in anchors], items.content_ids.dtype)
    places = positions_in(items.content_ids, ids)
    found = zip(anchors, places.tolist(), strict=True)
    return {anchor: int(numbers[items.rows[place]]) for anchor, place in found if place >= 0}


def names_of_clusters(
    given: list[GivenName], clusters: Mapping[str, int]
) -> tuple[dict[int, str], list[str]]:
    """Return the name of each cluster that has been given one, and what can't be given.

    clusters : the cluster of each content id, in hexadecimal digits
    """
    names: dict[int, str] = {}
    problems = []
    for anchor, name in given:
        cluster = clusters.get(anchor, -1)
        if cluster < 0:
            problems.append(f"'{name}' names no cluster now: its image is gone, or unclustered")
        elif names.setdefault(cluster, name) != name:
            problems.append(f"'{name}' is not taken: its cluster is called '{names[cluster]}'")
    return names, problems


def unique_names(
    given: Mapping[int, str], others: Mapping[int, str], taken: Iterable[str] = ()
) -> dict[int, str]:
    """Return names of which no two are equal after case folding: the later ones get a number.

    Those that were given come before all others, and no number makes a name that another cluster is to have.
    """
    wanted = [*sorted(given.items()), *sorted(others.items())]
    reserved = {name.casefold() for _, name in wanted}
    used = {name.casefold() for name in taken}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(2))
    result = {}
    for cluster, name in wanted:
        candidate = name
        while candidate.casefold() in used or (candidate != name and candidate.casefold() in reserved):
            candidate = f"{name} {next(numbers[name.casefold()])}"
        used.add(candidate.casefold())
        result[cluster] = candidate
    return result


def write_names(file: Path, table: pa.Table, given: list[GivenName], clusters: Mapping[str, int]) -> None:
    """Write the table for the user: a row for each cluster, and the names that belong to none now.

    Nothing is written where names have been given meanwhile: the next run takes them.

    table : the table of clusters
    """
    with locked_table(file):
        if read_given_names(file) == given:
            write_text(file, _names_text(table, given, clusters))


def _names_text(table: pa.Table, given: list[GivenName], clusters: Mapping[str, int]) -> str:
    by_cluster: dict[int, list[GivenName]] = {}
    for each in given:
        by_cluster.setdefault(clusters.get(each.anchor, -1), []).append(each)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    shown = [table["cluster"], harmless(table["name"]), table["files"], harmless(table["medoid"])]
    for cluster, name, files, example, medoid in zip(
        *(column.to_pylist() for column in (*shown, table["medoid_id"])), strict=True
    ):
        for anchor, own in by_cluster.get(cluster) or [GivenName(medoid.hex(), "")]:
            writer.writerow([cluster, in_cell(own), name, files, example, anchor])
    for anchor, own in by_cluster.get(-1, []):
        writer.writerow(["", in_cell(own), "", 0, "", anchor])
    return stream.getvalue()
