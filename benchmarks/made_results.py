"""Results of a collection that does not exist, as large as wanted, for what reads them.

Every artifact is there that a viewer shows, with its record. Images are not: thumbnails are made of noise.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image

from benchmarks.vectors import make_vectors
from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.files.content_ids import ID_DTYPE, ID_TYPE, ids_column
from scripts.lib.run.config import complete, read_schema
from scripts.lib.thumbnails.picture_parts import FOLDER, PictureParts
from scripts.lib.view.results import Results

NEIGHBORS, CLUSTERS, FOLDERS, PART = 24, 500, 40, 4096
CATEGORIES = ["animals", "buildings", "food", "people", "plants", "sea", "streets", "vehicles"]
SIDE, PICTURES = 160, 64  # pixels of a thumbnail, and how many different ones there are


def make_results(folder: Path, count: int, dimension: int) -> Results:
    """Write results of `count` images into results/made/descriptor below a folder."""
    config = complete({"name": "made", "model": "descriptor"}, read_schema())
    results = Results(folder / "results" / "made" / "descriptor", config)
    results.model.mkdir(parents=True)
    (results.model / "config.yaml").write_text(yaml.safe_dump(config))
    random = np.random.default_rng(0)
    ids = np.sort(np.frombuffer(random.bytes(count * 32), ID_DTYPE))
    card = ModelCard("descriptor", dimension, "float16", 1)
    _save(results.model / "model.json", "weights", [], lambda file: write_json(file, card.to_json()))
    _write_vectors(results.model, ids, dimension, random)
    order = _write_order(results.model, ids, random)
    _write_groups(results.model, order, random)
    _write_thumbnails(results.collection, ids, random)
    return results


def _save(
    path: Path, stage: str, inputs: list[Path], write: Callable[[Path], object], **facts: object
) -> None:
    with recording(path, Provenance(stage, 1, {}, inputs, dict(facts))) as temporary:
        write(temporary)


def _save_table(path: Path, stage: str, inputs: list[Path], table: pa.Table, **facts: object) -> None:
    _save(path, stage, inputs, lambda file: pq.write_table(table, file), **facts)


def _save_array(file: Path, array: npt.NDArray[np.generic]) -> None:
    with file.open("wb") as stream:
        np.save(stream, array)


def _write_vectors(
    folder: Path, ids: npt.NDArray[np.bytes_], dimension: int, random: np.random.Generator
) -> None:
    count = len(ids)
    vectors = make_vectors(count, dimension, 0)
    _save(folder / "vectors.npy", "gather", [], lambda file: _save_array(file, vectors))
    items = pa.table({"item": pa.array(np.arange(count, dtype=np.int32)), "content_id": ids_column(ids)})
    _save_table(folder / "items.parquet", "gather", [], items)
    graph = {
        "indices": random.integers(0, count, (count, NEIGHBORS), dtype=np.int32),
        "distances": np.sort(random.random((count, NEIGHBORS), dtype=np.float32), axis=1),
        "recall": np.array(0.95),
        "method": np.array("made"),
    }

    def save_graph(file: Path) -> None:
        with file.open("wb") as stream:
            np.savez(stream, **graph)

    _save(folder / "knn.npz", "knn", [folder / "vectors.npy", folder / "items.parquet"], save_graph)


def _write_order(folder: Path, ids: npt.NDArray[np.bytes_], random: np.random.Generator) -> pa.Table:
    count = len(ids)
    path = random.permutation(count).astype(np.int32)
    names = [f"photos/folder {item % FOLDERS:02d}/image {item:07d}.jpg" for item in path.tolist()]
    table = pa.table(
        {
            "position": pa.array(np.arange(count, dtype=np.int32)),
            "path": pa.array(names),
            "path_bytes": pa.array(names).cast(pa.binary()),
            "absolute_path": pa.array(names),
            "root": pa.array(["photos"] * count).cast(pa.binary()),
            "content_id": pa.array(ids_column(ids)).take(pa.array(path)),
            "item": pa.array(path),
            "distance_to_next": pa.array(random.random(count, dtype=np.float32)),
            "duplicate_group": pa.nulls(count, pa.int32()),
            "size": pa.array(random.integers(10_000, 5_000_000, count)),
            "mtime_ns": pa.array(random.integers(1_200_000_000, 1_790_000_000, count) * 10**9),
        }
    )
    _save_table(folder / "order.parquet", "order", [folder / "vectors.npy", folder / "items.parquet"], table)
    return table


def _write_groups(folder: Path, order: pa.Table, random: np.random.Generator) -> None:
    """Write clusters that lie together on the map, labels, categories and the map itself."""
    count, vectors = len(order), [folder / "vectors.npy"]
    numbers = random.integers(0, CLUSTERS, count).astype(np.int32)
    centres = random.uniform(-1, 1, (CLUSTERS, 5)).astype(np.float32)
    places = centres[numbers] * 0.9 + random.normal(0, 0.03, (count, 5)).astype(np.float32)
    maps = pa.table({axis: pa.array(places[:, i]) for i, axis in enumerate("xyzuv")})
    _save_table(folder / "projection.parquet", "projection", vectors, maps, method="made")
    distances = pa.array(random.random(count, dtype=np.float32))
    clusters = pa.table({"cluster": pa.array(numbers), "distance": distances})
    _save_table(folder / "clusters.parquet", "clusters", vectors, clusters, spread=1.0)
    first = np.searchsorted(np.sort(numbers), np.arange(CLUSTERS))
    medoids = np.argsort(numbers, kind="stable")[np.minimum(first, count - 1)]
    table = pa.table(
        {
            "cluster": pa.array(np.arange(CLUSTERS, dtype=np.int32)),
            "name": pa.array([f"cluster {number:03d}" for number in range(CLUSTERS)]),
            "size": pa.array(np.bincount(numbers, minlength=CLUSTERS)),
            "files": pa.array(np.bincount(numbers, minlength=CLUSTERS)),
            "tightness": pa.array(random.random(CLUSTERS)),
            "medoid": order["path"].take(pa.array(medoids)),
            "medoid_bytes": order["path_bytes"].take(pa.array(medoids)),
            "medoid_id": order["content_id"].take(pa.array(medoids)).cast(ID_TYPE),
            "medoid_position": pa.array(medoids.astype(np.int32)),
            "first_position": pa.array(medoids.astype(np.int32)),
        }
    )
    sources = [folder / name for name in ("clusters.parquet", "order.parquet", "items.parquet")]
    _save_table(folder / "cluster_table.parquet", "cluster_table", sources, table)
    labels = pa.array([f"{number:03d}{item % 1000:03d}" for item, number in enumerate(numbers.tolist())])
    _save_table(folder / "labels.parquet", "labels", vectors, pa.table({"label": labels}))
    _write_categories(folder, count, random)


def _write_categories(folder: Path, count: int, random: np.random.Generator) -> None:
    chances = random.dirichlet(np.ones(len(CATEGORIES)), count).astype(np.float32)
    best = chances.argmax(axis=1)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * len(CATEGORIES))
    names = pa.array(CATEGORIES).take(pa.array(best))
    table = pa.table(
        {
            "category": names,
            "probability": pa.array(chances.max(axis=1)),
            "categories": pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32)), names),
            "probabilities": pa.ListArray.from_arrays(offsets, pa.array(chances.ravel())),
        }
    )
    _save_table(
        folder / "categories.parquet", "categories", [folder / "items.parquet"], table, names=CATEGORIES
    )


def _write_thumbnails(folder: Path, ids: npt.NDArray[np.bytes_], random: np.random.Generator) -> None:
    pictures = np.array([_picture(random) for _ in range(PICTURES)], object)
    store = PictureParts(folder / FOLDER, SIDE)
    tables = []
    for start in range(0, len(ids), PART):
        some = ids[start : start + PART]
        name = store.append(some, pictures[np.arange(len(some)) % PICTURES])
        tables.append(
            pa.table(
                {
                    "content_id": ids_column(some),
                    "part": pa.array([f"{store.folder.name}/{name}"] * len(some)),
                    "row": pa.array(np.arange(len(some), dtype=np.int32)),
                }
            )
        )
    _save_table(folder / "thumbnails.parquet", "thumbnails", [], pa.concat_tables(tables))


def _picture(random: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    colours = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    colours.resize((SIDE, SIDE * 3 // 4), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=80)
    return stream.getvalue()
