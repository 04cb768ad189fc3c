"""Pictures of duplicates, by their rows in the table: some of them may be in no order."""

import os

import pyarrow as pa
import pyarrow.compute as pc
from flask import Flask, Response, abort

from scripts.lib.dashboard.decoder import MEDIA_TYPE, Decoder
from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pictures import FOR_EVER, LARGE_SIDE, NO_PICTURE
from scripts.lib.view.snapshot import Snapshot


def duplicate_url(snapshot: Snapshot, row: int) -> str:
    """Return where a row of the table of duplicates is as a large picture."""
    return f"/duplicate/{snapshot.generation}/{row}"


def places_in_order(snapshot: Snapshot, files: list[bytes]) -> list[int | None]:
    """Return the place of each file in the order, by its path; None where it is in no order."""
    wanted = pa.array(files, pa.binary())
    found = pc.index_in(snapshot.order["path_bytes"].cast(pa.binary()), value_set=wanted)
    rows = pc.indices_nonzero(pc.is_valid(found))
    places = dict(zip(found.take(rows).to_pylist(), rows.to_pylist(), strict=True))
    return [places.get(i) for i in range(len(files))]


def serve_duplicates(server: Flask, library: Library, decoder: Decoder) -> None:
    """Serve the pictures, each only while its file has the content that the table tells."""

    @server.get("/duplicate/<generation>/<int:row>")
    def duplicate(generation: str, row: int) -> Response:
        snapshot = library.at(generation)
        if snapshot is None or snapshot.duplicates is None or row >= len(snapshot.duplicates):
            abort(404)
        content, path = (snapshot.duplicates[name][row].as_py() for name in ("content_id", "path_bytes"))
        file = os.path.join(os.fsencode(snapshot.results.base), path)
        picture = decoder.picture(content, (file,), LARGE_SIDE)
        if picture is None:
            return Response(NO_PICTURE, mimetype="image/svg+xml")
        return Response(picture, mimetype=MEDIA_TYPE, headers={"Cache-Control": FOR_EVER})
