"""What a search costs: to open a collection, and a query.

    python -m benchmarks.search [--queries 50] [--scale 1]

Results with made vectors of length 1 lie in a temporary folder, which takes 2 GB there (`TMPDIR` says where).
Each case is a process of its own, which opens them and searches for images of the collection, or for
directions that resemble none of them, as those of words do; the time that a model takes for a new image or
text is not in it. Recall is the share of the ten nearest that are found. Memory is all that the process has
held, the pages of files among it.
"""

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import in_own_process, peak_memory, print_table, timed
from benchmarks.vectors import made_blocks
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.gather import Items, items_table
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.kept_index import KeptIndex, write_kept_index
from scripts.lib.ordering.graph.knn import KnnSettings, index_search
from scripts.lib.run.config import complete, read_schema
from scripts.lib.search import engine as engines
from scripts.lib.search.engine import Query, SearchEngine
from scripts.lib.view.results import Results

Floats = npt.NDArray[np.float32]

SIZES = {(100_000, 256): False, (1_000_000, 512): False, (1_000_000, 256): True}  # and whether by an index
CONFIG = complete({}, read_schema()) | {"name": "made", "model": "clip:made/made"}
SHOWN, COUNTED = 24, 10  # results of a query, and those that recall is measured on
LIKENESS = 0.2  # cosine of words with the middle of the images
BLOCK = 1 << 16


class Measured(NamedTuple):
    """What one case has taken: seconds, the share that was found, and GB."""

    opened: float
    first: float
    queries: list[float]
    recall: float
    memory: float


def main() -> None:
    """Print what each case takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of vectors")
    options = parser.parse_args()
    print(f"{options.queries} queries each, {SHOWN} results; goal: 1 s a query, 2 GB with all else.")
    print()
    head = ("", "open, s", "first, s", "median, s", "worst, s", f"recall@{COUNTED}", "peak, GB")
    for (size, dimension), indexed in SIZES.items():
        print_table([head, *measured_rows(round(size * options.scale), dimension, indexed, options.queries)])


def measured_rows(size: int, dimension: int, indexed: bool, queries: int) -> list[tuple[str, ...]]:
    """Make a collection and measure its cases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "results", "made", "model")
        write_results(folder, size, dimension)
        if indexed:
            in_own_process(write_index, folder)
        kinds = [
            (words, index) for index in ((False, True) if indexed else (False,)) for words in (False, True)
        ]
        return [
            row(f"{size:,} x {dimension}, {'words' if words else 'images'}", index, measured)
            for words, index in kinds
            for measured in [in_own_process(measure, folder, queries, words, index)]
        ]


def row(title: str, index: bool, measured: Measured) -> tuple[str, ...]:
    """Return a row of the table."""
    seconds = (measured.opened, measured.first, median(measured.queries), max(measured.queries))
    figures = [f"{figure:.3f}" for figure in (*seconds, measured.recall)]
    return (f"{title}, {'index' if index else 'all compared'}", *figures, f"{measured.memory:.2f}")


def write_results(folder: Path, size: int, dimension: int) -> None:
    """Write what a sort by a model that compares directions would leave."""
    card = ModelCard(CONFIG["model"], dimension, "float16", 1, preprocessing={"unit_length": True})
    ids = np.random.default_rng(0).integers(0, 256, (size, ID_DTYPE.itemsize), np.uint8)
    items = Items(np.arange(size, dtype=np.int32), np.sort(ids.view(ID_DTYPE).ravel()))
    names = [f"photos/{number % 97}/IMG_{number:07d}.jpg" for number in range(size)]
    order = {"path": names, "path_bytes": pa.array(names).cast(pa.binary()), "item": pa.array(items.rows)}
    with made(folder / "model.json") as file:
        file.write_text(json.dumps(card.to_json()), encoding="utf-8")
    with made(folder / "vectors.npy") as file:
        vectors = np.lib.format.open_memmap(file, "w+", np.float16, (size, dimension))
        for start, block in made_blocks(size, dimension, seed=0):
            vectors[start : start + len(block)] = unit(block)
        vectors.flush()
    with made(folder / "items.parquet") as file:
        pq.write_table(items_table(items), file)
    with made(folder / "order.parquet") as file:
        pq.write_table(pa.table(order), file)


def made(artifact: Path) -> Any:
    """Return what writes an artifact and its record."""
    return recording(artifact, Provenance("made", 1))


def write_index(folder: Path) -> None:
    """Build the index as a sort does, and keep it."""
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    ids = pq.read_table(folder / "items.parquet")["content_id"]
    proposer, recall, method = index_search(vectors, KnnSettings(k=24))
    print(f"index of {len(vectors):,}: {method}, recall {recall:.3f} of 24 neighbours", flush=True)
    write_kept_index(folder / "kept" / "index.npz", KeptIndex(proposer, np.array(ids.to_pylist(), ID_DTYPE)))


class GivenTexts:
    """Directions in place of a text tower: a text is the number of one."""

    def __init__(self, directions: Floats) -> None:
        self.directions = directions

    def direction(self, text: str) -> Floats:
        """Return a direction."""
        return self.directions[int(text)]


def measure(folder: Path, queries: int, words: bool, index: bool) -> Measured:
    """Open the results and search, by the index or not."""
    engines.INDEX_FROM = 0 if index else 1 << 62
    engine, opened = timed(lambda: SearchEngine.open(Results(folder, CONFIG)))
    space = engine._own
    rows = np.random.default_rng(1).choice(len(space.vectors), queries + 1)
    targets = word_directions(space.vectors, queries + 1) if words else unit(space.vectors[rows])
    engine._texts = GivenTexts(targets)  # type: ignore[assignment]
    asked = [Query(text=str(i)) if words else Query(item=int(row)) for i, row in enumerate(rows)]
    answers = [timed(lambda query=query: found_by(engine, query, index)) for query in asked]  # type: ignore[misc]
    memory = peak_memory()
    last = furthest_found(space.vectors, targets, [query.item for query in asked])
    shares = [
        float(np.mean(np.array(found[:COUNTED]) <= limit * (1 + 1e-5)))
        for (found, _), limit in zip(answers, last.tolist(), strict=True)
    ]
    seconds = [each for _, each in answers]
    return Measured(opened, seconds[0], seconds[1:], float(np.mean(shares)), memory)


def found_by(engine: SearchEngine, query: Query, index: bool) -> list[float]:
    """Return the distances of what is found; words are looked for in the index only to see what it misses."""
    if index and query.text is not None:
        return engine._own.nearest(engine._texts.direction(query.text), SHOWN, True).distances.tolist()
    return [hit.distance for hit in engine.search(query, SHOWN)]


def word_directions(vectors: npt.NDArray[Any], count: int) -> Floats:
    """Return directions as far from the images as words are: (count, d)."""
    middle = unit(unit(vectors[:: max(1, len(vectors) // 1000)]).mean(axis=0, keepdims=True))
    drawn = unit(np.random.default_rng(2).normal(size=(count, vectors.shape[1])))
    apart = unit(drawn - (drawn @ middle.T) * middle)
    return unit(LIKENESS * middle + np.sqrt(1 - LIKENESS**2) * apart)


def unit(vectors: npt.NDArray[Any]) -> Floats:
    """Return vectors at length 1."""
    wide = vectors.astype(np.float64)
    return (wide / np.linalg.norm(wide, axis=-1, keepdims=True)).astype(np.float32)


def furthest_found(vectors: npt.NDArray[Any], targets: Floats, without: list[int | None]) -> Floats:
    """Return how far the last of the ten nearest directions to each target is, by matrix products: (q,)."""
    best = np.full((len(targets), COUNTED), -2, np.float32)  # cosines
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float32)
        cosines = targets @ (block / np.linalg.norm(block, axis=1, keepdims=True)).T
        for line, item in enumerate(without):
            if item is not None and start <= item < start + BLOCK:
                cosines[line, item - start] = -2
        best = np.partition(np.hstack([best, cosines]), -COUNTED)[:, -COUNTED:]
    return np.sqrt(np.maximum(0, 2 - 2 * best.min(axis=1)))


if __name__ == "__main__":
    main()
