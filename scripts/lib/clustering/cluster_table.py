"""Stage `cluster_table`: one row a cluster, with its name, size, tightness and most typical image."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scripts.lib.clustering.cluster_names import unique_names
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.ordering.vectors import Floats, Ints

UNCLUSTERED = "unclustered"


def cluster_table(
    order: pa.Table,
    numbers: Ints,
    distances: Floats,
    spread: float,
    given: Mapping[int, str],
    words: Mapping[int, str],
) -> pa.Table:
    """Return the table of clusters, in their order along the path.

    size counts items, files what they lie in; tightness is 1 where all members are equal, 0 where they are as
    far from their centroid as all items are from theirs; medoid is the image nearest to the centroid;
    automatic is what a cluster is called without a name of the user's.

    Parameters
    ----------
    order : the table `order.parquet`
    numbers, distances : (n,) int32 and float32, of the items
    spread : mean distance of all items from their common centre
    given, words : what the user calls clusters, and what else they are called than by their number; of equal
        names the user's stays as it is
    """
    count = int(numbers.max(initial=-1)) + 1
    items = order["item"].to_numpy()
    own = numbers[items]
    sizes = np.bincount(numbers[numbers >= 0], minlength=count)
    files = np.bincount(own[own >= 0], minlength=count)
    means = np.bincount(numbers[numbers >= 0], distances[numbers >= 0], minlength=count) / np.maximum(
        sizes, 1
    )
    examples = _nearest_files(own, distances[items], count)
    first = _first_places(own, count)
    present = np.flatnonzero(files)  # an item without a file is in no order
    rows = pa.array(examples[present])
    automatic = {each: words.get(each) or number_name(each, count) for each in present.tolist()}
    names = shown_names(given, automatic)
    return pa.table(
        {
            "cluster": pa.array(present.astype(np.int32)),
            "name": pa.array(names, pa.string()),
            "automatic": pa.array(list(automatic.values()), pa.string()),
            "size": pa.array(sizes[present]),
            "files": pa.array(files[present]),
            "tightness": pa.array(tightness(means[present], spread)),
            "medoid": order["path"].take(rows),
            "medoid_bytes": order["path_bytes"].take(rows),
            "medoid_id": order["content_id"].take(rows).cast(ID_TYPE),
            "medoid_position": pa.array(examples[present].astype(np.int32)),
            "first_position": pa.array(first[present].astype(np.int32)),
        }
    )


def shown_names(given: Mapping[int, str], automatic: Mapping[int, str]) -> list[str]:
    """Return what clusters are called, of which no two are called alike.

    given : the user's names, of any clusters
    automatic : what each cluster is called without one
    """
    own = {cluster: given[cluster] for cluster in automatic if cluster in given}
    others = {cluster: name for cluster, name in automatic.items() if cluster not in own}
    names = unique_names(own, others, [UNCLUSTERED])
    return [names[cluster] for cluster in automatic]


def number_name(cluster: int, count: int) -> str:
    """Return the name of a cluster that has no other, with as many digits as all need."""
    return f"cluster {cluster:0{len(str(max(count - 1, 0)))}d}"


def tightness(means: npt.NDArray[np.float64], spread: float) -> npt.NDArray[np.float64]:
    """Return how tight clusters are, 0 to 1, by the mean distances of members to their centroids."""
    return np.clip(1 - means / spread, 0, 1) if spread > 0 else np.ones(len(means))


def _nearest_files(own: Ints, distances: Floats, count: int) -> npt.NDArray[np.int64]:
    """Return the place in the order of the file nearest to each cluster's centroid, the first of equals."""
    nearest_last = np.lexsort((-np.arange(len(own)), -distances))
    places = np.zeros(count, np.int64)
    nearest_last = nearest_last[own[nearest_last] >= 0]
    places[own[nearest_last]] = nearest_last
    return places


def _first_places(own: Ints, count: int) -> npt.NDArray[np.int64]:
    first = np.full(count, len(own))
    np.minimum.at(first, own[own >= 0], np.flatnonzero(own >= 0))
    return first
