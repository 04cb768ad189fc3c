"""The manifest of a partition: of each content, where its vector lies, or why it has none."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.embedding.places import Places, joined
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ID_TYPE, id_bytes, ids_array, ids_column, positions_in
from scripts.lib.files.status import OK

MANIFEST = pa.schema(
    [
        ("content_id", ID_TYPE),
        ("status", pa.string()),
        ("error", pa.string()),
        ("part", pa.string()),
        ("row", pa.int32()),
    ]
)


class Failed(NamedTuple):
    """A content that has no vector, and why."""

    content_id: bytes
    status: str
    error: str | None


def manifest_table(ids: np.ndarray, places: Places, failures: Mapping[bytes, Failed]) -> pa.Table:
    """Return the manifest: one row per content, in the order of `ids` (n,) S32.

    Raises
    ------
    DamagedArtifact
        when the store has lost what it had when the job began.
    """
    position = positions_in(places.ids, ids)
    lost = position < 0
    status, error = np.full(len(ids), OK, object), np.full(len(ids), None, object)
    if gone := sum(content not in failures for content in id_bytes(ids[lost])):
        raise DamagedArtifact(
            f"What was in the store of {gone} contents is there no longer: a part of it was set aside "
            "meanwhile. Run the same command again, and it is made anew."
        )
    for row, content in zip(np.flatnonzero(lost), id_bytes(ids[lost]), strict=True):
        _, status[row], error[row] = failures[content]
    found = pa.array(position, mask=lost)
    columns = [
        ids_column(ids),
        pa.array(status, pa.string()),
        pa.array(error, pa.string()),
        pa.array(places.names, pa.string()).take(pa.array(places.parts).take(found)),
        pa.array(places.rows).take(found),
    ]
    return pa.Table.from_arrays(columns, schema=MANIFEST)


def read_places(manifests: Sequence[Path]) -> Places:
    """Return where the manifests say that vectors lie."""
    return joined([_places(pq.read_table(manifest)) for manifest in manifests])


def _places(table: pa.Table) -> Places:
    table = table.filter(pc.field("status") == OK).combine_chunks()
    parts = table["part"].combine_chunks().dictionary_encode()
    if isinstance(parts, pa.ChunkedArray):  # of no rows
        parts = pa.array([], pa.string()).dictionary_encode()
    return Places(
        ids=ids_array(table["content_id"]),
        parts=parts.indices.to_numpy(),
        rows=table["row"].to_numpy(),
        names=parts.dictionary.to_pylist(),
    )


def read_failures(manifests: Sequence[Path]) -> pa.Table:
    """Return what has no vector, by content id: columns content_id, status, error."""
    failed = pc.field("status") != OK
    tables = [pq.read_table(manifest).filter(failed) for manifest in manifests]
    whole = pa.concat_tables([MANIFEST.empty_table(), *tables])
    return whole.select(["content_id", "status", "error"]).sort_by("content_id")
