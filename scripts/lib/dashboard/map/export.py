"""What is selected, or what passes, as a file: a table, or a list of paths. Written while it is sent.

The table has readable paths, in which bytes that are no UTF-8 stand as `\\xNN`. The list has the paths
themselves, byte for byte, one a line; a line break in one is written as `\\n`.
"""

import io
import json
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv
from flask import Flask, Response, abort, request

from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.map.chosen import Chosen, Question
from scripts.lib.files.content_ids import hex_column
from scripts.lib.files.exports import harmless
from scripts.lib.view.snapshot import Coded, Snapshot

ROWS = 65_536  # at a time

Positions = npt.NDArray[np.intp]


def serve_exports(server: Flask, library: Library, chosen: Chosen) -> None:
    """Serve the files."""

    @server.get("/export/<generation>/<file>")
    def export(generation: str, file: str) -> Response:
        snapshot = library.at(generation)
        if snapshot is None or file not in WRITERS:
            abort(404)
        try:
            question = Question.read(json.loads(request.args.get("question", "{}")))
        except (ValueError, TypeError, RecursionError):
            abort(400, "This is no question that the map asks.")
        positions = np.flatnonzero(chosen.shown(snapshot, question))
        write, media_type = WRITERS[file]
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(write(snapshot, positions), mimetype=media_type, headers=headers)


def csv_blocks(snapshot: Snapshot, positions: Positions) -> Iterator[bytes]:
    """Yield a table of files as CSV that no spreadsheet runs."""
    for start in range(0, max(len(positions), 1), ROWS):
        table = _table(snapshot, positions[start : start + ROWS])
        stream = io.BytesIO()
        pacsv.write_csv(table, stream, pacsv.WriteOptions(include_header=start == 0))
        yield stream.getvalue()


def path_blocks(snapshot: Snapshot, positions: Positions) -> Iterator[bytes]:
    """Yield the paths of files, one a line."""
    for start in range(0, len(positions), ROWS):
        paths = snapshot.order["path_bytes"].take(pa.array(positions[start : start + ROWS])).to_pylist()
        yield b"".join(path.replace(b"\n", rb"\n") + b"\n" for path in paths)


def _table(snapshot: Snapshot, positions: Positions) -> pa.Table:
    paths = snapshot.order["path"].take(pa.array(positions))
    columns = {
        "position": pa.array(positions),
        "path": harmless(paths),
        "content_id": hex_column(snapshot.content_ids[positions]),
    }
    for name, groups in (("cluster", snapshot.clusters), ("category", snapshot.categories)):
        if groups is not None:
            columns[name] = harmless(_names(groups, positions))
    return pa.table(columns)


def _names(groups: Coded, positions: Positions) -> pa.Array:
    codes = groups.codes[positions]
    return pa.array(groups.names, pa.string()).take(pa.array(codes, mask=codes < 0))


WRITERS: dict[str, tuple[Callable[[Snapshot, Positions], Iterator[bytes]], str]] = {
    "table.csv": (csv_blocks, "text/csv; charset=utf-8"),
    "paths.txt": (path_blocks, "text/plain"),
}
