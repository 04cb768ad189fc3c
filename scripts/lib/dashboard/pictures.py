"""Where the pictures on the pages come from: by generation and place in the order, never by path."""

import os
import re
from collections.abc import Callable
from urllib.parse import quote

from flask import Flask, Response, abort

from scripts.lib.dashboard.decoder import MEDIA_TYPE, Decoder
from scripts.lib.dashboard.library import Library
from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import Snapshot

LARGE_SIDE = 1600  # pixels of an image that was clicked
SMALL_SIDE = 160  # and of one that has no thumbnail
FILES = 8  # of one content that are tried
PLACE = re.compile("[0-9]{1,10}")
NAME_HEADER = "X-File-Name"  # percent-encoded; a tooltip has the name with the picture
FOR_EVER = "private, max-age=31536000, immutable"
NO_PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120">
<rect width="160" height="120" fill="#d9d7d2"/>
<path d="M60 45h40v30H60zM60 75l14-16 10 10 6-6 10 12" fill="none" stroke="#8a8780" stroke-width="2"/>
</svg>"""

Thumbnails = Callable[[Snapshot, int], bytes | None]


def thumbnail_url(snapshot: Snapshot, position: int) -> str:
    """Return where the thumbnail of a file is."""
    return f"/thumbnail/{snapshot.generation}/{position}"


def image_url(snapshot: Snapshot, position: int) -> str:
    """Return where a file is as a large picture."""
    return f"/image/{snapshot.generation}/{position}"


def file_name(snapshot: Snapshot, position: int) -> str:
    """Return the name of a file without its folder, as text that does nothing."""
    path = snapshot.path(position)
    return visible(os.path.basename(path.rstrip("/")) or path)


def serve_pictures(server: Flask, library: Library, decoder: Decoder, thumbnails: Thumbnails) -> None:
    """Serve thumbnails and large pictures."""

    @server.get("/thumbnail/<generation>/<position>")
    def thumbnail(generation: str, position: str) -> Response:
        snapshot, place = _file_of(library, generation, position)
        small = thumbnails(snapshot, place)
        answer = _answer(small or _decoded(decoder, snapshot, place, SMALL_SIDE))
        answer.headers[NAME_HEADER] = quote(file_name(snapshot, place))
        return answer

    @server.get("/image/<generation>/<position>")
    def image(generation: str, position: str) -> Response:
        snapshot, place = _file_of(library, generation, position)
        return _answer(_decoded(decoder, snapshot, place, LARGE_SIDE))

    @server.get("/thumbnail/<path:rest>")
    @server.get("/image/<path:rest>")
    def neither(rest: str) -> Response:
        abort(404)


def _file_of(library: Library, generation: str, position: str) -> tuple[Snapshot, int]:
    snapshot = library.at(generation)
    if snapshot is None or not PLACE.fullmatch(position) or int(position) >= len(snapshot):
        abort(404)
    return snapshot, int(position)


def _decoded(decoder: Decoder, snapshot: Snapshot, position: int, side: int) -> bytes | None:
    return decoder.picture(snapshot.content_id(position), _files(snapshot, position), side)


def _files(snapshot: Snapshot, position: int) -> list[bytes]:
    """Return the files that hold the content of one, which stand beside it: itself first."""
    others = snapshot.same_content(position)[: FILES - 1]
    return [snapshot.file(each) for each in (position, *others)]


def _answer(picture: bytes | None) -> Response:
    """Return a picture to be kept by the browser, or a sign that there is none, which may come yet."""
    if picture is None:
        return Response(NO_PICTURE, mimetype="image/svg+xml")
    return Response(picture, mimetype=MEDIA_TYPE, headers={"Cache-Control": FOR_EVER})
