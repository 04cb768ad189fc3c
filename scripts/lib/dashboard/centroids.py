"""The centroids of clusters as pictures, where the model can decode them."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from flask import Flask, Response, abort
from PIL import Image

from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pictures import FOR_EVER
from scripts.lib.view.last_read import LastRead
from scripts.lib.view.snapshot import Snapshot

Pictures = npt.NDArray[np.uint8]


class Centroids:
    """Pictures by snapshot; they stay on the disk. Any number of threads may ask for them."""

    def __init__(self) -> None:
        self._pictures = LastRead("centroids", _mapped)

    def of(self, snapshot: Snapshot) -> Pictures | None:
        """Return the pictures, rows as in the table of clusters; None where there are none.

        returns : (c, side, side, 3) uint8
        """
        seen, table = snapshot.seen["centroids"], snapshot.cluster_table
        if not seen.is_present or table is None:
            return None
        pictures = self._pictures.of(snapshot)
        return pictures if pictures is not None and len(pictures) == len(table) else None


def _mapped(file: Path) -> Pictures:
    pictures: Pictures = np.load(file, mmap_mode="r")
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8:
        raise ValueError(f"{file} holds no pictures")
    return pictures


def serve_centroids(server: Flask, library: Library, centroids: Centroids) -> None:
    """Serve the pictures."""

    @server.get("/centroid/<generation>/<int:row>")
    def centroid(generation: str, row: int) -> Response:
        snapshot = library.at(generation)
        pictures = None if snapshot is None else centroids.of(snapshot)
        if pictures is None or row >= len(pictures):
            abort(404)
        stream = io.BytesIO()
        Image.fromarray(np.asarray(pictures[row])).save(stream, "PNG")
        return Response(stream.getvalue(), mimetype="image/png", headers={"Cache-Control": FOR_EVER})
