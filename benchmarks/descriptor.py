"""What the built-in descriptor is worth: neighbours of equal label, and images a second.

    python -m benchmarks.descriptor --labelled FOLDER --photos FOLDER

The labelled folder holds one folder of images a class. Quality is the mean share of the 10 nearest
other images (exact, of vectors rounded to float16) that have the query's label: for the whole
descriptor, for each part alone, and for the whole without that part. Speed is one process on one
core, decoding included, on files held in memory.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scripts.lib.embedding.descriptor import DIMENSION, PARTS, TARGET, descriptor
from scripts.lib.images.decode import decode
from scripts.lib.pictures.contact_sheet import images_below

NEIGHBOURS = 10
PIXEL_LIMIT = 200_000_000
BLOCK = 1000  # queries compared with everything at a time
RUNS = 5


def main() -> None:
    """Print quality and speed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="folder with one folder of images a class")
    parser.add_argument("--photos", type=Path, help="folder of ordinary photos, for the speed")
    options = parser.parse_args()
    if options.labelled:
        print_quality(options.labelled)
    if options.photos:
        with threadpool_limits(1):
            print_speed(options.photos)


def print_quality(folder: Path) -> None:
    """Print the share of equal labels of the whole, of each part, and without each part."""
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    labels = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    vectors = np.stack([embed(path.read_bytes()) for path in paths])
    shares = np.bincount(labels) / len(labels)
    print(f"{len(paths)} labelled images, {DIMENSION} dimensions, chance {(shares**2).sum():.4f}")
    print(f"{'all':>14}  {equal_labels(vectors, labels):.4f}")
    for name, alone, without in ablations(vectors, labels):
        print(f"{name:>14}  {alone:.4f} alone  {without:.4f} left out")


def ablations(vectors: NDArray[np.float32], labels: NDArray[np.intp]) -> Iterator[tuple[str, float, float]]:
    """Yield each part's name, the quality of it alone and of all the others."""
    for part in PARTS:
        others = np.delete(vectors, part.slice, axis=1)
        alone = equal_labels(vectors[:, part.slice], labels)
        yield part.name, alone, equal_labels(others, labels)


def equal_labels(vectors: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    """Return the mean share of the nearest neighbours, without the query, with its label."""
    stored = vectors.astype(np.float16).astype(np.float32)
    norms = np.square(stored).sum(axis=1)
    total = 0
    for start in range(0, len(stored), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(stored)))
        distances = norms - 2 * stored[rows] @ stored.T  # (rows, n), less each query's norm
        distances[np.arange(len(rows)), rows] = np.inf
        nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        total += int((labels[nearest] == labels[rows, None]).sum())
    return total / (len(stored) * NEIGHBOURS)


def print_speed(folder: Path) -> None:
    """Print images a second: median, least and most of several runs."""
    files = [path.read_bytes() for path in images_below(folder)]
    rates = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for data in files:
            embed(data)
        rates.append(len(files) / (time.perf_counter() - start))
    print(
        f"{len(files)} photos, one core, decoding included: {median(rates):.0f} images/s "
        f"(median of {RUNS} runs, {min(rates):.0f} to {max(rates):.0f})"
    )


def embed(data: bytes) -> NDArray[np.float32]:
    """Decode and describe one file's content, (DIMENSION,) float32."""
    return descriptor(decode(data, TARGET, PIXEL_LIMIT))


if __name__ == "__main__":
    main()
