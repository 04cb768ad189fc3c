"""The user's own vectors, judged: which are usable, and by what they are known.

The content id of a vector is the BLAKE3 of its bytes in single precision; equal vectors are one item.
A vector with another length than most, or with values that are not finite, keeps its row, with a reason.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib import versions
from scripts.lib.embedding.embed import Embedded
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.vector_files import Block, blocks
from scripts.lib.files.content_ids import digests, id_bytes, ids_column, positions_in
from scripts.lib.files.paths import readable
from scripts.lib.files.scan import INVENTORY
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE
from scripts.lib.ordering.vectors import LARGEST, measurable


class Form(NamedTuple):
    """The common form of the vectors: their dimension, and the smallest type that holds them exactly."""

    dimension: int
    dtype: str


class Judged(NamedTuple):
    """Some rows of the input: what identifies each vector, and whether it can be used.

    paths : (b,) large_binary
    content_ids : (b,) S32
    lengths : (b,) int64, of the vectors
    measurable : (b,) bool, finite and not too large
    """

    paths: pa.Array
    content_ids: np.ndarray
    lengths: np.ndarray
    measurable: np.ndarray


def describe(source: Path) -> ModelCard:
    """Return the card of the user's own vectors, which are stored as precisely as they were given."""
    return ModelCard("precomputed", *common_form(source), versions.NETWORK)


def common_form(source: Path) -> Form:
    """Return the form of the vectors; half precision where all were given in it, or as bytes."""
    lengths, half = [], True
    for block in blocks(source):
        lengths.append(block.stops - block.starts)
        half &= np.can_cast(block.values.dtype, np.float16)
    return Form(common_dimension(lengths), "float16" if lengths and half else "float32")


def common_dimension(lengths: Sequence[np.ndarray]) -> int:
    """Return the most frequent length of the vectors, the least of several; 0 when there are none."""
    found, counts = np.unique(np.concatenate([[0], *lengths]), return_counts=True)
    return int(found[1:][np.argmax(counts[1:])]) if len(found) > 1 else 0


def singles(block: Block) -> np.ndarray:
    """Return the values of a block in single precision: (m,) float32, without negative zeros."""
    with np.errstate(over="ignore", invalid="ignore"):
        values: np.ndarray = block.values.astype(np.float32)
    values += np.float32(0)  # -0.0 + 0.0 is 0.0
    return values


def judged(block: Block, values: np.ndarray) -> Judged:
    """Judge the rows of a block, given its values in single precision."""
    bad = np.concatenate([[0], np.cumsum(~measurable(values))])
    return Judged(
        paths=block.paths,
        content_ids=digests(values, block.starts, block.stops),
        lengths=block.stops - block.starts,
        measurable=bad[block.stops] == bad[block.starts],
    )


def inventory(source: Path) -> pa.Table:
    """Return the inventory, a table of schema `INVENTORY` with a row for each row of the input."""
    rows = [judged(block, singles(block)) for block in blocks(source)]
    dimension = common_dimension([each.lengths for each in rows])
    root = readable(os.fsencode(source))
    return pa.concat_tables(
        [INVENTORY.empty_table(), *(_inventory_rows(each, dimension, root) for each in rows)]
    )


def _inventory_rows(rows: Judged, dimension: int, root: str) -> pa.Table:
    errors = _errors(rows, dimension)
    known = {
        "path": _readable_column(rows.paths),
        "path_bytes": rows.paths.cast(pa.binary()),
        "root": pa.repeat(root, len(errors)),
        "kind": pa.repeat("vector", len(errors)),
        "content_id": ids_column(rows.content_ids),
        "status": pc.if_else(pc.is_null(errors), OK, UNDECODABLE),
        "error": errors,
    }
    columns = [known.get(field.name, pa.nulls(len(errors), field.type)) for field in INVENTORY]
    return pa.Table.from_arrays(columns, schema=INVENTORY)


def _errors(rows: Judged, dimension: int) -> pa.Array:
    """Return what is wrong with each vector, null where nothing is."""
    errors = np.full(len(rows.lengths), None, object)
    errors[~rows.measurable] = f"has values that are not finite (NaN, infinite) or {LARGEST:.0e} and more"
    for row in np.flatnonzero((rows.lengths != dimension) | (rows.lengths == 0)):
        errors[row] = f"has {rows.lengths[row]} values, most vectors have {dimension}"
    return pa.array(errors, pa.string())


def _readable_column(paths: pa.Array) -> pa.Array:
    try:
        return paths.cast(pa.string())
    except pa.ArrowInvalid:  # not all of them are UTF-8
        return pa.array([readable(path) for path in paths.to_pylist()], pa.string())


def embed_precomputed(source: Path, dimension: int, wanted: np.ndarray) -> Iterator[Embedded | Failed]:
    """Yield the vectors of the wanted contents (k,) S32, ascending, each once."""
    remaining = np.ones(len(wanted), bool)
    for block in blocks(source):
        if not remaining.any():
            return
        values = singles(block)
        rows = judged(block, values)
        position = positions_in(wanted, rows.content_ids)
        usable = (position >= 0) & remaining[position] & rows.measurable & (rows.lengths == dimension)
        (chosen,) = np.nonzero(usable)
        chosen = chosen[np.sort(np.unique(position[chosen], return_index=True)[1])]
        remaining[position[chosen]] = False
        if len(chosen):
            vectors = np.lib.stride_tricks.sliding_window_view(values, dimension)[block.starts[chosen]]
            yield Embedded(rows.content_ids[chosen], vectors)
    for content_id in id_bytes(wanted[remaining]):
        yield Failed(content_id, CHANGED, f"{source} changed since the scan")
