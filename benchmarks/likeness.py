"""Do neighbours in the order look alike, to a measure that the order was not made with?

    python -m benchmarks.likeness --photos FOLDER

The photos are ordered by the built-in descriptor. The mean link of that order is then measured between
thumbnails of so many pixels a side (RGB, Euclidean), and given over that of random orders: 0 would be
all alike, 1 no better than chance. As the least that could be reached, a path made from the thumbnails
themselves is measured the same way.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.lib.embedding.descriptor import TARGET, descriptor
from scripts.lib.images.decode import decode
from scripts.lib.ordering.graph.knn import nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.two_opt import refine
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.traverse import traverse
from scripts.lib.pictures.contact_sheet import images_below

SIDES = (1, 2, 4, 8, 16)
RANDOM_ORDERS = 20
PIXEL_LIMIT = 200_000_000

Vectors = npt.NDArray[Any]


def main() -> None:
    """Print one line per size of thumbnail."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photos")
    files = images_below(parser.parse_args().photos)
    images = [decode(path.read_bytes(), max(TARGET, 64), PIXEL_LIMIT) for path in files]
    path = path_through(np.stack([descriptor(image) for image in images]).astype(np.float16))
    print(f"mean link over that of random orders, {len(images)} photos in the descriptor's order")
    for side in SIDES:
        thumbnails = np.stack([thumbnail(image, side) for image in images])
        chance = random_mean(thumbnails)
        ours, least = (mean_link(thumbnails, p) / chance for p in (path, path_through(thumbnails)))
        print(f"  {side:2} x {side:<2} pixels  {ours:.3f}  (made from the thumbnails themselves {least:.3f})")


def thumbnail(image: Image.Image, side: int) -> Vectors:
    """Return the mean colours of a grid of cells: (3 * side * side,) float32."""
    return np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32).ravel()


def path_through(vectors: Vectors) -> Vectors:
    """Return the path that the stages of the sort find."""
    graph = nearest_neighbors(vectors)
    return refine(vectors, graph, traverse(minimum_spanning_tree(vectors, graph), len(vectors)))


def mean_link(vectors: Vectors, path: Vectors) -> float:
    """Return the mean distance from each vector of a path to the next."""
    return float(link_lengths(vectors, path).mean())


def random_mean(vectors: Vectors) -> float:
    """Return the mean link of random orders."""
    random = np.random.default_rng(0)
    orders = (random.permutation(len(vectors)).astype(np.int32) for _ in range(RANDOM_ORDERS))
    return float(np.mean([mean_link(vectors, order) for order in orders]))


if __name__ == "__main__":
    main()
