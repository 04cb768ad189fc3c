"""Labelled images into vectors and labels: a folder of images for each label."""

import os
from argparse import ArgumentParser, Namespace
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


def add_labelled_options(parser: ArgumentParser) -> None:
    """Let a benchmark be given labelled images, and what embeds them."""
    parser.add_argument("--labelled", type=Path, help="folder with one folder of images a class")
    parser.add_argument("--model", default="mobilenet_v3_small", help="what embeds them, with --weights")
    parser.add_argument("--weights", help="its checkpoint; without, the descriptor embeds them")


def labelled_of(options: Namespace) -> Labelled:
    """Embed the labelled images that a benchmark was given."""
    model = options.model if options.weights else "descriptor"
    return embed_labelled(options.labelled, model, options.weights)


def embed_labelled(folder: Path, model: str, weights: str | None) -> Labelled:
    """Embed all images below a folder; the label of each is the folder that it lies in."""
    config, threads = yaml.safe_load(CONFIG.read_text(encoding="utf-8")), os.cpu_count() or 1
    network = open_model(describe(model, weights), config["device"], threads)
    workers = WorkerSettings(
        network.prepare(), network.target, config["pixel_limit"], threads, config["decode_seconds"]
    )
    files = {blake3(file.read_bytes()).digest(): file for file in images_below(folder)}
    labels = {content.rstrip(b"\0"): file.parent.name for content, file in files.items()}  # as arrays hold it
    requests = (Request(content, [os.fsencode(file)]) for content, file in files.items())
    results = embed_images(requests, network, workers, config["batch_size"])
    batches = [each for each in results if isinstance(each, Embedded)]
    folders = [labels[content] for each in batches for content in each.ids.tolist()]
    vectors = np.concatenate([each.vectors for each in batches]).astype(np.float16)
    return Labelled(vectors, np.unique(folders, return_inverse=True)[1])
