"""Pictures of duplicates, by their rows in the table: some of them may be in no order."""

import os

from flask import Flask, Response, abort

from scripts.lib.dashboard.decoder import MEDIA_TYPE, Decoder
from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pictures import FOR_EVER, LARGE_SIDE, NO_PICTURE
from scripts.lib.view.snapshot import Snapshot


def duplicate_url(snapshot: Snapshot, row: int) -> str:
    """Return where a row of the table of duplicates is as a large picture."""
    return f"/duplicate/{snapshot.generation}/{row}"


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
