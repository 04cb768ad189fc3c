"""The stages of the neighbour search as jobs: by one, by several that share an index, with what was kept."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts import knn, knn_index, knn_search
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.gather import Items, items_table
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.kept_index import read_kept_index
from scripts.lib.ordering.graph.knn_index import EXACT, INDEX, UPDATE, read_card
from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph

N = 1200
VECTORS = np.random.default_rng(1).normal(size=(N + 40, 6)).astype(np.float16)
IDS = np.array([f"{row:032}".encode() for row in range(N + 40)], ID_DTYPE)


class Model:
    """The folder of a model, and the jobs of the neighbour search in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keep = folder, False

    def gather(self, n: int) -> None:
        with (
            recording(self.folder / "vectors.npy", Provenance("gather", 1)) as file,
            file.open("wb") as stream,
        ):
            np.save(stream, VECTORS[:n])
        with recording(self.folder / "items.parquet", Provenance("gather", 1)) as file:
            pq.write_table(items_table(Items(np.arange(n, dtype=np.int32), IDS[:n])), file)

    def graph(self, parts: int = 1) -> NeighborGraph:
        """Run the jobs, one after the other, and return what they leave."""
        given: dict[str, Any] = {}
        if parts > 1:
            knn_index.main(self.job("knn_index", {}, {"card": "knn/index.json"}))
            given = {"card": self.folder / "knn" / "index.json", "parts": []}
            for part in range(parts):
                name = f"knn/{part}.npz"
                knn_search.main(self.job("knn_search", given, {"part": name}, parts, part))
                given["parts"].append(self.folder / name)
        knn.main(self.job("knn", given, {"graph": "knn.npz"}))
        return read_graph(self.folder / "knn.npz")

    def job(
        self, stage: str, given: dict[str, Any], output: dict[str, str], parts: int = 1, part: int = 0
    ) -> SimpleNamespace:
        files = {"vectors": self.folder / "vectors.npy", "item_ids": self.folder / "items.parquet"}
        return SimpleNamespace(
            input=Named(files | given),
            output=Named({name: self.folder / file for name, file in output.items()}),
            params=Named(
                {
                    "version": 1,
                    "k": 6,
                    "recall": 0.9,
                    "memory": 1.0,
                    "keep": self.keep,
                    "seed": 0,
                    "parts": parts,
                }
            ),
            wildcards=SimpleNamespace(part=str(part)),
            log=[str(self.folder / "logs" / f"{stage}.log")],
            config={"device": "cpu"},
            threads=2,
        )


class Named(dict[str, Any]):
    """Names that are attributes, too, as those of a job are."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    model = Model(tmp_path)
    model.gather(N)
    return model


@pytest.fixture
def by_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an index searched, however few the vectors are."""
    monkeypatch.setattr("scripts.lib.ordering.graph.knn.COST_OF_A_LOOK", 10**9)


def kind(model: Model) -> str:
    return read_card(model.folder / "knn" / "index.json").kind


def assert_equal(one: NeighborGraph, other: NeighborGraph) -> None:
    assert one.indices.tobytes() == other.indices.tobytes()
    assert one.distances.tobytes() == other.distances.tobytes()
    assert one[2:] == other[2:]


def test_several_jobs_share_an_exact_search(model: Model) -> None:
    alone = model.graph()
    assert_equal(model.graph(parts=3), alone)
    assert kind(model) == EXACT
    assert not (model.folder / "kept" / "index.npz").exists()


@pytest.mark.usefixtures("by_index")
def test_several_jobs_share_an_index_that_is_kept(model: Model) -> None:
    alone = model.graph()
    assert "inverted file" in alone.method
    (model.folder / "kept" / "index.npz").unlink()
    assert_equal(model.graph(parts=4), alone)
    assert kind(model) == INDEX
    kept = read_kept_index(model.folder / "kept" / "index.npz")
    assert kept is not None
    assert kept.ids.tolist() == IDS[:N].tolist()


@pytest.mark.usefixtures("by_index")
def test_a_part_whose_index_is_gone_says_so_and_the_next_run_makes_it(
    model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    together = model.graph(parts=2)
    (model.folder / "kept" / "index.npz").write_bytes(b"another one")
    with pytest.raises(SystemExit):
        given = {"card": model.folder / "knn" / "index.json"}
        knn_search.main(model.job("knn_search", given, {"part": "knn/1.npz"}, 2, 1))
    assert "index.npz is gone, or is another one" in capsys.readouterr().err
    assert not (model.folder / "knn" / "index.json").exists()
    assert_equal(model.graph(parts=2), together)


@pytest.mark.usefixtures("by_index")
def test_with_a_kept_order_only_what_is_new_is_searched_and_by_one_job(model: Model) -> None:
    model.keep = True
    model.graph(parts=3)
    model.gather(N + 40)
    graph = model.graph(parts=3)
    assert kind(model) == UPDATE
    assert graph.method == "updated: 40 new rows searched"
    assert len(graph.indices) == N + 40
    assert all(len(read_graph(file).indices) == 0 for file in (model.folder / "knn").glob("*.npz"))


@pytest.mark.parametrize("n", [0, 1, 2, 33])
def test_few_items_leave_some_jobs_without_work(model: Model, n: int) -> None:
    model.gather(n)
    alone = model.graph()
    assert_equal(model.graph(parts=4), alone)
