"""Stage `centroids`: what the decoder makes of the mean code of each cluster.

Vectors are codes, stored in half precision; their mean is taken in double. It is no image's own code: the
picture shows what the members have in common.
"""

import numpy as np
import pyarrow as pa

from scripts.lib.clustering.kmeans import centroids_of
from scripts.lib.embedding.models.autoencoder import AutoencoderModel

BATCH = 256  # codes at a time


def decoded_centroids(
    vectors: np.ndarray, numbers: np.ndarray, table: pa.Table, model: AutoencoderModel
) -> np.ndarray:
    """Return the decoded centroid of each cluster in its table, in that order: (c, size, size, 3) uint8.

    vectors : (n, d) float16, codes of the model
    numbers : (n,) int32, the cluster of each item, -1 unclustered
    table : the table of clusters
    """
    centroids = centroids_of(vectors, numbers, int(numbers.max(initial=-1)) + 1)
    shown = centroids[table["cluster"].to_numpy()]
    squares = np.empty((len(shown), model.target, model.target, 3), np.uint8)
    for start in range(0, len(shown), BATCH):
        squares[start : start + BATCH] = model.decode(shown[start : start + BATCH])
    return squares
