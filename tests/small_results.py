"""Results of a made collection, as a run leaves them, written in a second or less and without any run.

Images are real files, and so are all artifacts that viewers read, each with its record.
"""

import dataclasses
import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.duplicates.duplicate_table import DUPLICATES
from scripts.lib.embedding.gather import Items, items_table
from scripts.lib.files.content_ids import content_id_of
from scripts.lib.files.exports import write_csv
from scripts.lib.files.order import order_table
from scripts.lib.files.scan import INVENTORY
from scripts.lib.ordering.measure.quality import LowerBound, measure_links
from scripts.lib.run.config import complete
from scripts.lib.view.results import Results
from tests.conftest import SCHEMA, picture
from tests.small_facts import CARD, FIGURES, duplicate_row

ALL = frozenset({"quality", "projection", "clusters", "labels", "categories", "duplicates", "copied", "knn"})
CATEGORIES = ["animal/cat", "animal/dog", "sky"]
HOSTILE = (
    "<script>document.title='owned'<\\script>.jpg",
    "\"><img src=x onerror=document.title='owned'>.jpg",
    "line\nbreak 'and' \"quotes\" & {braces}.jpg",
    "\u202egpj.left to right\u2069.jpg",
    "caf\udce9.jpg",  # a byte that is no UTF-8
    "=cmd|' \\C calc'!A0.jpg",
)
BRUTE_FORCE = 2_000  # items of which the neighbour graph is computed; more have neighbours by number


@dataclasses.dataclass(frozen=True)
class Small:
    """What is to be made.

    count : different images; names : of the first files; copies : files of the content of one of the first
    has : optional artifacts; on_disk : whether images are files; rejected : files that are in no order
    """

    count: int = 40
    names: Sequence[str] = ()
    copies: int = 0
    has: Collection[str] = ALL
    groups: int = 4
    on_disk: bool = True
    rejected: int = 2
    seed: int = 0
    config: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def write_results(folder: Path, small: Small = Small()) -> Results:
    """Write images and results below a folder; again with another seed it is a newer state of them."""
    images, collection = folder / "images", folder / "results" / "photos"
    model = collection / "descriptor"
    model.mkdir(parents=True, exist_ok=True)
    given = {"model": "descriptor", "images": [str(images)], "output": str(folder / "sorted")}
    config = complete(given | dict(small.config), SCHEMA)
    (model / "config.yaml").write_text(yaml.safe_dump(config))
    _Maker(small, images, collection, model).write()
    return Results(model, config)


class _Maker:
    """Makes the artifacts of a collection one after the other."""

    def __init__(self, small: Small, images: Path, collection: Path, model: Path) -> None:
        self.small, self.images, self.collection, self.model = small, images, collection, model
        self.random = np.random.default_rng(small.seed)
        self.group = np.sort(self.random.integers(0, small.groups, small.count)).astype(np.int32)
        centres = self.random.normal(size=(small.groups, 8)) * 8
        self.vectors = (centres[self.group] + self.random.normal(size=(small.count, 8))).astype(np.float32)
        self.links = _lengths(self.vectors)

    def write(self) -> None:
        inventory = self.inventory()
        contents = np.unique(np.array(inventory["content_id"].to_pylist(), "S32"))
        items = Items(np.arange(len(contents), dtype=np.int32), contents)
        self.order = order_table(inventory, items, np.arange(self.small.count, dtype=np.int32), self.links)
        self.table("inventory.parquet", inventory, folder=self.collection)
        self.json("model.json", CARD)
        self.table("items.parquet", items_table(items))
        self.array("vectors.npy", self.vectors)
        sources = [self.model / "vectors.npy", self.model / "items.parquet"]
        self.table("order.parquet", self.order, [*sources, self.collection / "inventory.parquet"])
        self.csv("order.csv", self.order)
        self.csv("rejected.csv", self.rejected())
        for name in sorted(ALL & {*self.small.has}):
            getattr(self, f"write_{name}")()

    def inventory(self) -> pa.Table:
        rows = [self.file(each) for each in range(self.small.count + self.small.copies)]
        rows.sort(key=lambda row: row[1])
        return pa.table(list(map(list, zip(*rows, strict=True))), schema=INVENTORY)

    def file(self, number: int) -> tuple[Any, ...]:
        """Write an image, and return its row of the inventory."""
        same = number if number < self.small.count else number - self.small.count
        names = self.small.names
        name = names[number] if number < len(names) else f"photo {number:04}.jpg"
        path = self.images / f"folder {number % 3}" / name.replace("/", "_")
        raw = os.fsencode(path)
        shown = raw.decode("utf-8", "backslashreplace")
        content = f"content {self.small.seed} {same}".encode()
        if self.small.on_disk:
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(1000 * self.small.seed + same, (96, 64)).save(path, "JPEG", quality=90)
            content = path.read_bytes()
        changed = 1_600_000_000_000_000_000 + number * 3_600_000_000_000
        known = (len(content), changed, content_id_of(content), "JPEG", 96, 64, "ok", None)
        return (shown, raw, str(self.images), "image", *known)

    def rejected(self) -> pa.Table:
        reasons = [("undecodable", "is no image"), ("too large", "declares 2,500,000,000 pixels")]
        rows = [reasons[each % 2] for each in range(self.small.rejected)]
        paths = [f"{self.images}/<b>broken</b> {each}.jpg" for each in range(len(rows))]
        kinds = ["image"] * len(rows)
        status, error = [row[0] for row in rows], [row[1] for row in rows]
        return pa.table({"path": paths, "kind": kinds, "status": status, "error": error})

    def write_knn(self) -> None:
        n, k = len(self.vectors), min(12, len(self.vectors) - 1)
        if n > BRUTE_FORCE:
            steps = np.concatenate([np.arange(1, k // 2 + 1), -np.arange(1, k - k // 2 + 1)])
            near = (np.arange(n)[:, None] + steps) % n
        else:
            apart = np.linalg.norm(self.vectors[:, None] - self.vectors, axis=2)
            near = np.argsort(apart + np.diag(np.full(n, np.inf)), axis=1, kind="stable")[:, :k]
        distances = np.linalg.norm(self.vectors[:, None] - self.vectors[near], axis=2).astype(np.float32)
        with self.recording("knn.npz", [self.model / "vectors.npy"]) as file, file.open("wb") as stream:
            np.savez(stream, indices=near.astype(np.int32), distances=distances, recall=1.0, method="exact")

    def write_quality(self) -> None:
        shuffled = _lengths(self.vectors[self.random.permutation(len(self.vectors))])
        bound = LowerBound(float(self.links.sum()) * 0.97, "proven", 1.0)
        figures = measure_links(self.links, shuffled, bound)
        paths, items = self.order["path"].to_pylist(), self.order["item"].to_pylist()
        worst = []
        for link in figures.worst:
            place = items.index(link.position + 1) - 1  # of the last file of an item
            pair = {"path": paths[place], "next_path": paths[place + 1]}
            worst.append({"position": place, "distance": link.distance} | pair)
        self.json("bound.json", bound._asdict(), [self.model / "vectors.npy"])
        figured = {"items": len(self.vectors)} | figures._asdict() | {"worst": worst} | FIGURES
        self.json("quality.json", figured, [self.model / "order.parquet"])

    def write_projection(self) -> None:
        columns = dict(zip("xyzuv", self.vectors.T[:5], strict=True))
        self.table("projection.parquet", pa.table(columns), [self.model / "vectors.npy"])

    def write_clusters(self) -> None:
        numbers = np.where(np.arange(len(self.vectors)) == 0, -1, self.group).astype(np.int32)
        distances = self.random.random(len(self.vectors)).astype(np.float32)
        found = pa.table({"cluster": numbers, "distance": distances})
        self.table("clusters.parquet", found, [self.model / "vectors.npy"], spread=2.0)
        table = cluster_table(self.order, numbers, distances, 2.0, {}, {0: "<i>mine</i>"})
        sources = [self.model / name for name in ("clusters.parquet", "order.parquet")]
        self.table("cluster_table.parquet", table, sources)

    def write_labels(self) -> None:
        labels = [f"{group}{each % 8}{each // 8 % 8}" for each, group in enumerate(self.group)]
        self.table("labels.parquet", pa.table({"label": labels}), [self.model / "vectors.npy"])

    def write_categories(self) -> None:
        chances = self.random.dirichlet(np.ones(3), len(self.vectors)).astype(np.float32)
        best = chances.argmax(axis=1)
        names = np.where(chances.max(axis=1) > 0.5, np.array(CATEGORIES)[best], "unsure")
        found = {
            "category": names,
            "probability": chances.max(axis=1),
            "categories": [[name] for name in names],
            "probabilities": list(chances),
        }
        self.table("categories.parquet", pa.table(found), [self.model / "items.parquet"], names=CATEGORIES)

    def write_duplicates(self) -> None:
        """Write files of one content as exact duplicates, and the last two others as near ones."""
        groups: dict[bytes, list[dict[str, Any]]] = {}
        for row in self.order.to_pylist():
            groups.setdefault(row["content_id"], []).append(row)
        found = [each for each in groups.values() if len(each) > 1]
        alone = [each[0] for each in groups.values() if len(each) == 1][-2:]
        found += [alone] if len(alone) == 2 else []
        made = [duplicate_row(number, files, row) for number, files in enumerate(found) for row in files]
        table = pa.Table.from_pylist(made, DUPLICATES)
        self.table("duplicates.parquet", table, [self.model / "items.parquet"])

    def write_copied(self) -> None:
        n, sources = len(self.order), [self.model / "order.parquet"]
        targets = [f"{place:04}.jpg".encode() for place in range(n)]
        done = {"position": self.order["position"], "source": self.order["path_bytes"], "target": targets}
        table = pa.table(done | {"status": ["copied"] * n, "error": pa.nulls(n, pa.string())})
        self.table("copied.parquet", table, sources, folder=self.collection)

    def recording(
        self, name: str, sources: Sequence[Path] = (), folder: Path | None = None, **facts: Any
    ) -> Any:
        made = Provenance(name.split(".")[0], 1, {"seed": self.small.seed}, sources, facts)
        return recording((folder or self.model) / name, made)

    def table(self, name: str, table: pa.Table, sources: Sequence[Path] = (), **more: Any) -> None:
        with self.recording(name, sources, **more) as file:
            pq.write_table(table, file)

    def csv(self, name: str, table: pa.Table) -> None:
        with self.recording(name, [self.model / "items.parquet"]) as file:
            write_csv(table, file)

    def json(self, name: str, content: Any, sources: Sequence[Path] = ()) -> None:
        with self.recording(name, sources) as file:
            file.write_text(json.dumps(content, default=lambda link: link._asdict()))

    def array(self, name: str, array: np.ndarray) -> None:
        with self.recording(name) as file, file.open("wb") as stream:
            np.save(stream, array)


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(vectors, axis=0), axis=1).astype(np.float32)
