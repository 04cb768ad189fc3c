"""Labelled images into vectors and labels: a folder of images for each label."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml
from blake3 import blake3

from benchmarks.stages import CONFIG
from scripts.lib.embedding.embed import Embedded, embed_images
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.pictures.contact_sheet import images_below


class Labelled(NamedTuple):
    """Vectors of different images, and what is in each.

    vectors : (n, d) float16;  labels : (n,) int64
    """

    vectors: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]


def embed_labelled(folder: Path, model: str, weights: str | None) -> Labelled:
    """Embed all images below a folder; the label of each is the folder that it lies in."""
    config, threads = yaml.safe_load(CONFIG.read_text(encoding="utf-8")), os.cpu_count() or 1
    network = open_model(describe(model, weights), config["device"], threads)
    workers = WorkerSettings(
        network.prepare(), network.target, config["pixel_limit"], threads, config["decode_seconds"]
    )
    files = {ids_of(file): file for file in images_below(folder)}
    requests = (Request(content, [os.fsencode(file)]) for content, file in files.items())
    results = embed_images(requests, network, workers, config["batch_size"])
    batches = [each for each in results if isinstance(each, Embedded)]
    folders = [files[content].parent.name for each in batches for content in each.ids.tolist()]
    vectors = np.concatenate([each.vectors for each in batches]).astype(np.float16)
    return Labelled(vectors, np.unique(folders, return_inverse=True)[1])


def ids_of(file: Path) -> bytes:
    """Return the content id of a file as arrays hold it: without zeros at its end."""
    return blake3(file.read_bytes()).digest().rstrip(b"\0")
