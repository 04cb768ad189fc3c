"""The kept order: what was where, by content, so that a later run can leave it there.

Rows of the matrix are renumbered whenever an image comes or goes; content ids are not. So the file
names, place by place along the path, the contents of the item that stands there. It carries its own
checksum, because it is replaced in one step and has no record beside it: whenever a run is killed,
there is either the former order, whole, or the new one.
"""

import io
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from blake3 import blake3

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.errors import DamagedArtifact, InputError
from scripts.lib.files.content_ids import ID_TYPE, ids_array, ids_column
from scripts.lib.ordering.vectors import Ints

CHECKSUM = b"blake3"
SCHEMA = pa.schema([pa.field("place", pa.int32()), pa.field("content_id", ID_TYPE)])


class Contents(NamedTuple):
    """Content ids, each with the number of the item that it is; equal vectors are one item.

    ids : (c,) S32, distinct
    numbers : (c,) int32, a row of the matrix, or a place in an order
    """

    ids: npt.NDArray[np.bytes_]
    numbers: Ints


class Remains(NamedTuple):
    """What a former order says of the present items.

    path : (m,) int32, the rows that it knows, in its order
    gaps : (g,) int64, positions in the path before which items are missing; m is after its end
    removed : how many items are missing
    """

    path: Ints
    gaps: npt.NDArray[np.int64]
    removed: int


def read_items(path: Path) -> Contents:
    """Read the contents of the matrix, numbered by row, from `items.parquet`."""
    table = pq.read_table(path, columns=["item", "content_id"])
    return Contents(ids_array(table["content_id"]), table["item"].to_numpy())


def contents_in_order(present: Contents, path: Ints) -> Contents:
    """Number the present contents by their places on a path, and put them in that order."""
    place = np.empty(len(path), np.int32)
    place[path] = np.arange(len(path), dtype=np.int32)
    places = place[present.numbers]
    order = np.argsort(places, kind="stable")
    return Contents(present.ids[order], places[order])


def what_remains(former: Contents, present: Contents) -> Remains:
    """Find the items of a former order among the present ones.

    An item keeps its place as long as one of its contents is there. Where two places have become
    one item, the first counts.

    former : numbered by place, ascending;  present : numbered by row
    """
    found = pc.index_in(ids_column(former.ids), value_set=ids_column(present.ids))
    index = found.fill_null(-1).to_numpy()
    there = np.flatnonzero(index >= 0)
    rows, places = present.numbers[index[there]], former.numbers[there]
    first = np.full(len(present.ids), -1)
    first[rows[::-1]] = np.arange(len(rows))[::-1]  # of all that name a row, the first is written last
    chosen = np.flatnonzero(first[rows] == np.arange(len(rows)))
    is_gone = np.ones(int(former.numbers[-1]) + 1 if len(former.numbers) else 0, np.bool_)
    is_gone[places] = False
    gaps = np.unique(np.searchsorted(places[chosen], np.flatnonzero(is_gone)))
    return Remains(rows[chosen].astype(np.int32), gaps.astype(np.int64), int(is_gone.sum()))


def write_kept_order(path: Path, order: Contents) -> None:
    """Replace the kept order in one step.

    order : numbered by place, ascending
    """
    columns = [pa.array(order.numbers, pa.int32()), ids_column(order.ids)]
    table = pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata({CHECKSUM: _checksum(order)}))
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="none", use_dictionary=False)


def read_kept_order(path: Path) -> Contents | None:
    """Read the kept order; None where there is none yet.

    Raises
    ------
    InputError
        when the file can't be opened.
    DamagedArtifact
        when it is not what was written; it is set aside, never replaced.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}, the kept order, can't be read ({error.strerror}).") from error
    try:
        return _parse(content)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _set_aside(path, " ".join(str(error).split())) from error


def _parse(content: bytes) -> Contents:
    table = pq.read_table(io.BytesIO(content))
    if not table.schema.equals(SCHEMA):
        raise ValueError(f"it has columns {', '.join(table.column_names)}, not place and content_id")
    order = Contents(ids_array(table["content_id"]), table["place"].to_numpy())
    if (table.schema.metadata or {}).get(CHECKSUM) != _checksum(order):
        raise ValueError("its rows are not those that were written")
    return order


def _checksum(order: Contents) -> bytes:
    numbers = np.ascontiguousarray(order.numbers, "<i4")
    return blake3(numbers.tobytes()).update(np.ascontiguousarray(order.ids).tobytes()).digest()


def _set_aside(path: Path, reason: str) -> DamagedArtifact:
    """Rename a damaged order to a name that is free, and return the error that says so."""
    names = (path.with_name(f"{path.name}.damaged{number}") for number in ["", *range(2, 1000)])
    aside = next(name for name in names if not name.exists())
    os.replace(path, aside)
    return DamagedArtifact(
        f"{path}, the kept order, is damaged: {reason}. It was set aside as {aside.name}. Put an intact "
        "copy of it back, or run the same command again, and all images are put into a fresh order."
    )
