"""Images into a file of vectors for the benchmarks, as the stages `embed` and `gather` make them.

    python -m benchmarks.features --images FOLDER --model descriptor --output descriptor.npy
    python -m benchmarks.features --images FOLDER --model mobilenet_v3_small --weights FILE --output f.npy

Each image is decoded and embedded once, equal vectors are one row: (n, d) float16, ready for
`python -m benchmarks.ordering --vectors f.npy`.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from blake3 import blake3

from benchmarks.measure import timed
from benchmarks.stages import CONFIG
from scripts.lib.embedding.embed import Embedded, embed_images
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.pictures.contact_sheet import images_below

Vectors = npt.NDArray[Any]


def main() -> None:
    """Write the vectors of all images of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of images")
    parser.add_argument("--model", default="descriptor", help="descriptor, or a torchvision classifier")
    parser.add_argument("--weights", help="its weights, if not torchvision's")
    parser.add_argument("--output", type=Path, required=True, help="the .npy file to write")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    files = images_below(options.images)
    card = describe(options.model, options.weights)
    vectors, seconds = timed(lambda: embed(files, card, options.threads))
    np.save(options.output, vectors)
    print(
        f"{options.model}: {len(files):,} images, {len(vectors):,} different vectors of "
        f"{vectors.shape[1]:,} dimensions, {seconds:.0f} s"
    )


def embed(files: list[Path], card: ModelCard, threads: int) -> Vectors:
    """Return the different vectors of images: (n, d) float16; images that have none are left out."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    model = open_model(card, config["device"], threads)
    workers = WorkerSettings(
        model.prepare(), model.target, config["pixel_limit"], threads, config["decode_seconds"]
    )
    contents = {blake3(file.read_bytes()).digest(): [os.fsencode(file)] for file in files}
    requests = (Request(content, paths) for content, paths in contents.items())
    results = embed_images(requests, model, workers, config["batch_size"])
    batches = [each.vectors for each in results if isinstance(each, Embedded)]
    return distinct(np.concatenate(batches).astype(np.float16))


def distinct(vectors: Vectors) -> Vectors:
    """Return each different vector once, where it comes first."""
    first = np.unique(vectors.view(np.uint16), axis=0, return_index=True)[1]
    return vectors[np.sort(first)]


if __name__ == "__main__":
    main()
