"""One state of a collection, whole and in memory, as a viewer shows it.

Files are counted by their place in the order. What the stages tell of items is told of their files here, so
that everything has one row a file. A snapshot stays what it is while a sort makes the next one.
"""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from blake3 import blake3

from scripts.lib.files.content_ids import id_bytes, ids_array
from scripts.lib.ordering.vectors import Floats, Ints
from scripts.lib.view.artifacts import Moving, Seen, State, intact, see_all
from scripts.lib.view.results import Results

UNKNOWN = -1  # of codes: no cluster, no category
ORDER_COLUMNS = ["path", "path_bytes", "content_id", "item", "distance_to_next", "size", "mtime_ns"]


@dataclass(frozen=True)
class Coded:
    """A column of few different texts.

    codes : (n,) int32, rows of names; -1 for none
    """

    codes: Ints
    names: list[str]


@dataclass(frozen=True)
class Snapshot:
    """What is known of each file; parts that no artifact tells are None.

    generation : changes with anything that is shown
    items : (n,) int32, the row of each file's vector
    content_ids : (n,) S32
    plane : (n, 2) float32, and space : (n, 3) float32, the maps
    clusters : coded by the numbers of `cluster_table`
    probabilities : (items, c) float16 of the categories in `category_names`; NaN where unknown
    labels : (n,) string, hierarchical
    duplicates : as duplicates.parquet; a row a file that is in a group
    """

    results: Results
    seen: dict[str, Seen]
    generation: str
    order: pa.Table
    items: Ints
    content_ids: npt.NDArray[np.bytes_]
    plane: Floats | None = None
    space: Floats | None = None
    clusters: Coded | None = None
    cluster_table: pa.Table | None = None
    categories: Coded | None = None
    category_names: list[str] = field(default_factory=list)
    probabilities: npt.NDArray[np.float16] | None = None
    labels: pa.ChunkedArray | None = None
    duplicates: pa.Table | None = None

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def folders(self) -> Coded:
        """Return the folder of each file, folders by name."""
        found = pc.replace_substring_regex(self.order["path"], "/?[^/]*$", "").dictionary_encode()
        found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        names = found.dictionary.to_pylist()
        ranks = np.argsort(np.argsort(np.array(names, object))) if names else np.zeros(0, np.int64)
        codes = ranks[found.indices.to_numpy(zero_copy_only=False)].astype(np.int32)
        return Coded(codes, sorted(names))

    @cached_property
    def times(self) -> npt.NDArray[np.float64]:
        """Return when each file was changed last, in seconds since 1970: (n,)."""
        seconds: npt.NDArray[np.float64] = self.order["mtime_ns"].to_numpy() / 1e9
        return seconds

    @cached_property
    def distances(self) -> Floats:
        """Return the distance of each file to the next, NaN where there is none: (n,) float32."""
        column: Floats = self.order["distance_to_next"].to_numpy()
        return column.astype(np.float32)

    @cached_property
    def first_positions(self) -> Ints:
        """Return the place of the first file of each item, -1 where it has none: (items,) int32."""
        count = int(self.items.max(initial=-1)) + 1
        places = np.full(count, -1, np.int32)
        places[self.items[::-1]] = np.arange(len(self), dtype=np.int32)[::-1]
        return places

    def path(self, position: int) -> str:
        """Return the readable path of a file."""
        return str(self.order["path"][position].as_py())

    def content_id(self, position: int) -> bytes:
        """Return the content id of a file, 32 bytes."""
        return id_bytes(self.content_ids[position : position + 1])[0]

    def same_content(self, position: int) -> list[int]:
        """Return the places of the other files of equal content, which stand beside it."""
        own = self.content_ids[position]
        places = []
        for step in (-1, 1):
            place = position + step
            while 0 <= place < len(self) and self.content_ids[place] == own:
                places.append(place)
                place += step
        return sorted(places)

    def file(self, position: int) -> bytes:
        """Return the path of a file to open."""
        return os.path.join(os.fsencode(self.results.base), self.order["path_bytes"][position].as_py())


def generation_of(seen: dict[str, Seen]) -> str:
    """Return a text that changes with anything that is shown."""
    told = [(name, each.state.value, each.record and each.record.blake3) for name, each in seen.items()]
    return blake3(repr(told).encode()).hexdigest()[:16]


def load_snapshot(results: Results, whole: bool = True) -> Snapshot | None:
    """Load what there is; None before the first order.

    whole : otherwise what is not what its record says is left out, but for the order

    Raises
    ------
    Moving
        when a sort is replacing something at this moment, or something is damaged.
    """
    seen = see_all(results)
    generation = generation_of(seen)
    seen = seen if whole else {name: _without_damaged(each) for name, each in seen.items()}
    if not seen["order"].is_present:
        return None
    order = pq.read_table(intact(seen["order"]), columns=ORDER_COLUMNS)
    items = order["item"].to_numpy()
    parts = _Parts(seen, items)
    categories, category_names, probabilities = parts.categories()
    plane, space = parts.maps()
    return Snapshot(
        results=results,
        seen=seen,
        generation=generation,
        order=order,
        items=items,
        content_ids=ids_array(order["content_id"]),
        plane=plane,
        space=space,
        clusters=parts.clusters(),
        cluster_table=parts.table("cluster_table"),
        categories=categories,
        category_names=category_names,
        probabilities=probabilities,
        labels=parts.labels(),
        duplicates=parts.table("duplicates"),
    )


def _without_damaged(seen: Seen) -> Seen:
    """Return an artifact as missing where it is not what its record says."""
    try:
        intact(seen)
    except Moving:
        return seen._replace(state=State.MISSING, record=None)
    return seen


class _Parts:
    """The artifacts that go with an order, each read only if it is there."""

    def __init__(self, seen: dict[str, Seen], items: Ints) -> None:
        self.seen, self.items = seen, items

    def table(self, name: str) -> pa.Table | None:
        return pq.read_table(self._path(name)) if self.seen[name].is_present else None

    def _path(self, name: str) -> Path:
        return intact(self.seen[name])

    def maps(self) -> tuple[Floats | None, Floats | None]:
        table = self.table("projection")
        if table is None:
            return None, None
        places = np.column_stack([table[axis].to_numpy() for axis in "uvxyz"])[self.items]
        return np.ascontiguousarray(places[:, :2]), np.ascontiguousarray(places[:, 2:])

    def clusters(self) -> Coded | None:
        table, names = self.table("clusters"), self.table("cluster_table")
        if table is None or names is None:
            return None
        called = dict(zip(names["cluster"].to_pylist(), names["name"].to_pylist(), strict=True))
        count = max(called, default=-1) + 1
        return Coded(table["cluster"].to_numpy()[self.items], [called.get(i, "") for i in range(count)])

    def labels(self) -> pa.ChunkedArray | None:
        table = self.table("labels")
        return None if table is None else table["label"].take(pa.array(self.items))

    def categories(self) -> tuple[Coded | None, list[str], npt.NDArray[np.float16] | None]:
        """Return the category of each file, the names of the probabilities, and these."""
        table, record = self.table("categories"), self.seen["categories"].record
        if table is None or record is None:
            return None, [], None
        names = list(record.facts["names"])
        found = table["category"].dictionary_encode().combine_chunks()
        codes = found.indices.to_numpy(zero_copy_only=False).astype(np.int32)[self.items]
        return Coded(codes, found.dictionary.to_pylist()), names, _matrix(table["probabilities"], len(names))


def _matrix(lists: pa.ChunkedArray, columns: int) -> npt.NDArray[np.float16]:
    """Return lists of probabilities as a matrix, NaN where there is none: (items, c) float16."""
    matrix = np.full((len(lists), columns), np.nan, np.float16)
    known = pc.is_valid(lists).to_numpy(zero_copy_only=False)
    matrix[known] = pc.list_flatten(lists).to_numpy().reshape(-1, columns)
    return matrix
