"""Stage `plan_reorganize`: what each file is to be called in which folder.

A folder is made of a cluster, a category, the beginning of a label, or a stretch of the order. Its files are
numbered in the order of the path. What comes out is a draft as of a sort, so all that follows is the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.output.draft import Draft, Listed, named
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.filing.former import former_folders
from scripts.lib.output.filing.groups import category_folders, cluster_folders, label_folders, read_labels
from scripts.lib.output.filing.stretches import stretch_folders
from scripts.lib.output.naming.folder_names import Folder
from scripts.lib.output.naming.names import Naming

Kind = Literal["cluster", "category", "label", "order"]
Renaming = Literal["index", "keep", "label"]
TEMPLATES = {"keep": "{stem}{ext}", "label": "{label}{ext}"}  # `index` is as in a sort


@dataclass(frozen=True)
class Filing:
    """What folders are made of, and what files are called in them.

    former : whether the former folders are kept underneath
    depth : symbols of a label that are folders; size : files of a stretch
    """

    kind: Kind
    former: bool
    renaming: Renaming
    depth: int
    size: int


def draft_in_folders(
    listed: Listed,
    naming: Naming,
    filing: Filing,
    tables: Mapping[str, Path],
    duplicates: Duplicates,
    roots: Sequence[bytes],
) -> Draft:
    """Return the files of an order, each in its folder.

    tables : `clusters` and `names`, `categories`, `labels`: those that the filing needs
    roots : the folders below which former folders are kept
    """
    wanted, paths = listed.wanted(), listed.paths()
    columns = pq.read_table(listed.order, columns=["item", "distance_to_next"])
    items = columns["item"].to_numpy()
    folders = grouped(items, columns["distance_to_next"].to_numpy(), filing, tables)
    if filing.former:
        formers = [listed.moves.former(each.source) for each in wanted]
        folders = [a + b for a, b in zip(folders, former_folders(formers, roots), strict=True)]
    duplicates = duplicates.among(paths)
    rows = duplicates.taken(paths)
    folders = [duplicates.folder(paths[row]) or folders[row] for row in rows]
    chosen, template = [wanted[row] for row in rows], TEMPLATES.get(filing.renaming, naming.template)
    parts = {"label": list(_labels(items[rows], tables))} if filing.renaming == "label" else None
    names = named(chosen, folders, listed.moves, replace(naming, template=template), parts)
    return Draft(chosen, names, {"folders": len(set(folders)), **duplicates.facts(paths)})


def grouped(
    items: np.ndarray, distances: np.ndarray, filing: Filing, tables: Mapping[str, Path]
) -> list[Folder]:
    """Return the folder of each file by what folders are made of.

    items : (f,) int32
    distances : (f,) float32, to the next
    """
    if filing.kind == "cluster":
        return cluster_folders(items, tables["clusters"], tables["names"])
    if filing.kind == "category":
        return category_folders(items, tables["categories"])
    if filing.kind == "label":
        return label_folders(items, read_labels(tables["labels"]), filing.depth)
    return stretch_folders(distances, filing.size)


def _labels(items: np.ndarray, tables: Mapping[str, Path]) -> Iterator[bytes]:
    labels = read_labels(tables["labels"])
    return (labels[item].encode() for item in items.tolist())
