"""Results that can be searched, made without the workflow: what a sort leaves, and its records."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from blake3 import blake3

from scripts.lib.artifacts.atomic import write_text
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import Embedded, embed_prepared
from scripts.lib.embedding.gather import Items, items_table
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.workers import WorkerSettings, prepare_one
from scripts.lib.files.content_ids import ID_DTYPE, ids_column
from scripts.lib.files.paths import readable
from scripts.lib.run.config import complete, model_tag
from scripts.lib.view.results import CONFIG, Results
from tests.conftest import SCHEMA
from tests.test_workers import requests


def made_ids(n: int) -> np.ndarray:
    """Return n content ids, ascending: (n,) S32."""
    return np.sort(np.array([blake3(str(number).encode()).digest() for number in range(n)], ID_DTYPE))


def made_card(d: int, **fields: Any) -> ModelCard:
    """Return the card of a model that there is not."""
    return ModelCard(**{"name": "made", "dimension": d, "dtype": "float32", "version": 1} | fields)


def die(card: ModelCard) -> None:
    """End the process that does this."""
    os._exit(9)


class Searchable:
    """A results folder with one collection, whose working folder is `base`."""

    def __init__(self, base: Path, **config: Any) -> None:
        self.base = base
        self.config = complete({"model": "descriptor"} | config, SCHEMA)
        self.collection = base / "results" / self.config["name"]

    def folder(self, **config: Any) -> Path:
        """Return the folder of the model, or of another one."""
        return self.collection / model_tag(self.config | config, SCHEMA)

    @property
    def results(self) -> Results:
        """Return what a viewer is given."""
        return Results(self.folder(), self.config)

    def write_model(self, folder: Path, card: ModelCard) -> None:
        """Write `model.json`."""
        with recording(folder / "model.json", Provenance("weights", 1)) as temporary:
            temporary.write_text(json.dumps(card.to_json()), encoding="utf-8")

    def write_vectors(self, folder: Path, card: ModelCard, vectors: np.ndarray, items: Items) -> None:
        """Write the card, the vectors (n, d), and whose they are."""
        self.write_model(folder, card)
        with (
            recording(folder / "vectors.npy", Provenance("gather", 1)) as temporary,
            temporary.open("wb") as out,
        ):
            np.save(out, vectors)
        with recording(folder / "items.parquet", Provenance("gather", 1)) as temporary:
            pq.write_table(items_table(items), temporary)

    def write_order(
        self, items: Items, paths: Sequence[bytes], contents: Sequence[int] | None = None
    ) -> None:
        """Write the order, the paths in it and which content each file has, and the run's configuration."""
        write_text(self.folder() / CONFIG, yaml.safe_dump(self.config))
        which = np.arange(len(paths)) if contents is None else np.array(contents, np.int64)
        table = {
            "position": pa.array(np.arange(len(paths), dtype=np.int32)),
            "path": pa.array([readable(path) for path in paths], pa.string()),
            "path_bytes": pa.array(paths, pa.binary()),
            "content_id": ids_column(items.content_ids[which]),
            "item": pa.array(items.rows[which].astype(np.int32)),
        }
        folder = self.folder()
        sources = [folder / name for name in ("vectors.npy", "items.parquet")]
        with recording(folder / "order.parquet", Provenance("order", 1, {}, sources)) as temporary:
            pq.write_table(pa.table(table), temporary)

    def write_made(self, vectors: np.ndarray, card: ModelCard | None = None) -> Items:
        """Write vectors (n, d) and an order, of files that need not exist; item i is `i.jpg`."""
        items = Items(np.arange(len(vectors), dtype=np.int32), made_ids(len(vectors)))
        self.write_vectors(self.folder(), card or made_card(vectors.shape[1]), vectors, items)
        self.write_order(items, [f"images/{number}.jpg".encode() for number in range(len(vectors))])
        return items

    def write_images(self, model: Model, paths: Sequence[Path]) -> Items:
        """Embed files as a sort does, and write everything."""
        items, vectors = embedded(model, paths)
        self.write_vectors(self.folder(), model.card, vectors, items)
        ids = [blake3(path.read_bytes()).digest() for path in paths]
        contents = np.searchsorted(items.content_ids, np.array(ids, ID_DTYPE))
        self.write_order(items, [bytes(path) for path in paths], contents.tolist())
        return items


def embedded(model: Model, paths: Sequence[Path]) -> tuple[Items, np.ndarray]:
    """Return the vectors of files as a sort stores them, one for each content."""
    settings = WorkerSettings(model.prepare(), model.target, 10**7, 1, 30, model.card.video_frames)
    wanted = {request.content_id: request for request in requests(list(paths))}
    done = list(
        embed_prepared((prepare_one(each, settings) for each in wanted.values()), model, BatchSize(4))
    )
    assert all(isinstance(each, Embedded) for each in done)
    ids = np.concatenate([each.ids for each in done if isinstance(each, Embedded)])
    vectors = np.concatenate([each.vectors for each in done if isinstance(each, Embedded)])
    order = np.argsort(ids)
    return Items(np.arange(len(ids), dtype=np.int32), ids[order]), vectors[order].astype(model.card.dtype)
