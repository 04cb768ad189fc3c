"""The names that clusters have been given by now, in a snapshot; artifacts have them after the next run."""

import copy
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.clustering.cluster_names import names_of_clusters
from scripts.lib.clustering.cluster_table import shown_names
from scripts.lib.clustering.given_names import read_given_names
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.view.snapshot import Coded, Snapshot

NAMES = "cluster_names.csv"

State = tuple[int, int, int] | None


def names_file(snapshot: Snapshot) -> Path:
    """Return the table of the user's names."""
    return snapshot.results.model / NAMES


def state_of(file: Path) -> State:
    """Return what changes whenever a file is written; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def clusters_of(snapshot: Snapshot, anchors: Iterable[str]) -> dict[str, int]:
    """Return the clusters of images, by their content ids in hexadecimal digits; others are left out."""
    if snapshot.clusters is None:
        return {}
    wanted = sorted(each for each in set(anchors) if len(each) == 2 * ID_TYPE.byte_width)
    ids = pa.array([bytes.fromhex(each) for each in wanted], ID_TYPE)
    found = pc.index_in(snapshot.order["content_id"].cast(ID_TYPE), value_set=ids).fill_null(-1).to_numpy()
    places = np.flatnonzero(found >= 0)
    codes = zip(found[places].tolist(), snapshot.clusters.codes[places].tolist(), strict=True)
    return {wanted[which]: code for which, code in codes if code >= 0}


def given_names(snapshot: Snapshot) -> dict[int, str]:
    """Return the user's names of clusters.

    Raises
    ------
    InputError
        when their table can't be read.
    """
    given = read_given_names(names_file(snapshot))
    return names_of_clusters(given, clusters_of(snapshot, (each.anchor for each in given)))[0]


def automatic_names(snapshot: Snapshot) -> dict[int, str]:
    """Return what each cluster is called unless the user gives it a name."""
    table = snapshot.cluster_table
    if table is None:
        return {}
    column = "automatic" if "automatic" in table.column_names else "name"
    return dict(zip(table["cluster"].to_pylist(), table[column].to_pylist(), strict=True))


def with_given_names(snapshot: Snapshot, former: Snapshot | None = None) -> Snapshot:
    """Return a snapshot in which clusters are called as the next run will call them; the generation stays.

    former : what this returned of the same snapshot before; what was computed for it meanwhile is kept

    Raises
    ------
    InputError
        when the table of names can't be read.
    """
    if snapshot.clusters is None or snapshot.cluster_table is None:
        return snapshot
    automatic = automatic_names(snapshot)
    names = shown_names(given_names(snapshot), automatic)
    called = dict(zip(automatic, names, strict=True))
    place = snapshot.cluster_table.column_names.index("name")
    return _replaced(
        former or snapshot,
        clusters=Coded(
            snapshot.clusters.codes, [called.get(i, "") for i in range(len(snapshot.clusters.names))]
        ),
        cluster_table=snapshot.cluster_table.set_column(place, "name", pa.array(names, pa.string())),
    )


def _replaced(snapshot: Snapshot, **parts: object) -> Snapshot:
    """Return a copy with other parts, which keeps what was computed of the rest."""
    other = copy.copy(snapshot)
    other.__dict__.update(parts)
    return other
