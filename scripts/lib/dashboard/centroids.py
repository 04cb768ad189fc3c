"""The centroids of clusters as pictures, where the model can decode them."""

import io
import threading

import numpy as np
import numpy.typing as npt
from flask import Flask, Response, abort
from PIL import Image

from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pictures import FOR_EVER
from scripts.lib.view.artifacts import Moving, intact
from scripts.lib.view.snapshot import Snapshot

Pictures = npt.NDArray[np.uint8]


class Centroids:
    """The pictures of the snapshot that was asked for last, on the disk: (c, side, side, 3) uint8."""

    def __init__(self) -> None:
        self._lock, self._generation = threading.Lock(), ""
        self._pictures: Pictures | None = None

    def of(self, snapshot: Snapshot) -> Pictures | None:
        """Return the pictures, rows as in the table of clusters; None where there are none."""
        with self._lock:
            if self._generation != snapshot.generation:
                self._pictures, self._generation = _opened(snapshot), snapshot.generation
            return self._pictures


def _opened(snapshot: Snapshot) -> Pictures | None:
    seen, table = snapshot.seen["centroids"], snapshot.cluster_table
    if not seen.is_present or table is None:
        return None
    try:
        pictures: Pictures = np.load(intact(seen), mmap_mode="r")
    except (Moving, OSError, ValueError):  # a newer run has replaced it
        return None
    fits = pictures.ndim == 4 and pictures.shape[3] == 3 and pictures.dtype == np.uint8
    return pictures if fits and len(pictures) == len(table) else None


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
