"""Stage `clip_retrieval`: vectors and paths in the layout of clip-retrieval, for programs that read that.

`img_emb/img_emb_0.npy` has the vectors, `metadata/metadata_0.parquet` a row for each; many are divided into
parts, whose numbers have as many digits each, so that their names sort as their numbers do.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.artifacts.disk import writing
from scripts.lib.embedding.gather import Items
from scripts.lib.files.content_ids import hex_column, ids_array, positions_in
from scripts.lib.files.order import absolute_paths
from scripts.lib.files.status import OK

PART_ROWS = 1_000_000
BLOCK_ROWS = 4096
VECTORS, METADATA = "img_emb", "metadata"
KNOWN = ("width", "height", "size", "mtime_ns")  # columns of the inventory that are passed on


def embedded_files(inventory: pa.Table, items: Items) -> tuple[pa.Table, np.ndarray]:
    """Return a row of metadata for each file that has a vector, by path, and the item of each: (f,) int32.

    inventory : table of schema `INVENTORY`
    """
    files = inventory.filter(pc.field("status") == OK)
    content = positions_in(items.content_ids, ids_array(files["content_id"]))
    (present,) = np.nonzero(content >= 0)
    files, content = files.take(pa.array(present)), content[present]
    columns = {
        "image_path": absolute_paths(files["path"], files["kind"]),
        "content_id": hex_column(ids_array(files["content_id"])),
        **{name: files[name] for name in KNOWN},
    }
    return pa.table(columns), items.rows[content]


def write_clip_retrieval(
    folder: Path,
    metadata: pa.Table,
    rows: np.ndarray,
    vectors: np.ndarray,
    progress: Callable[[int], object],
    part_rows: int = PART_ROWS,
) -> int:
    """Write metadata (f rows) and vectors[rows] into a new folder; return the number of parts.

    rows : (f,) int32
    vectors : (n, d), as precise as they are written
    progress : is called with the number of rows newly written
    """
    parts = max(1, -(-len(rows) // part_rows))
    for name in (VECTORS, METADATA):
        (folder / name).mkdir(parents=True)
    for part in range(parts):
        number = f"{part:0{len(str(parts - 1))}d}"
        own = slice(part * part_rows, (part + 1) * part_rows)
        _write_vectors(folder / VECTORS / f"{VECTORS}_{number}.npy", rows[own], vectors, progress)
        table = folder / METADATA / f"{METADATA}_{number}.parquet"
        with writing(table):
            pq.write_table(metadata.slice(own.start, part_rows), table)
    return parts


def _write_vectors(
    file: Path, rows: np.ndarray, vectors: np.ndarray, progress: Callable[[int], object]
) -> None:
    """Write vectors[rows] as a file of NumPy, in blocks, so that memory does not grow with their number."""
    header = {"descr": vectors.dtype.str, "fortran_order": False, "shape": (len(rows), vectors.shape[1])}
    with writing(file, len(rows) * vectors.shape[1] * vectors.itemsize), file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            stream.write(np.ascontiguousarray(vectors[block]).data)
            progress(len(block))
