"""Stage `two_opt`: the walk into a shorter path, by local search; or the last order, kept."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.files.start import starting_row
from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph
from scripts.lib.ordering.keep.keep import keep_order, kept_report
from scripts.lib.ordering.keep.kept_order import (
    Contents,
    contents_in_order,
    read_items,
    read_kept_order,
    what_remains,
    write_kept_order,
)
from scripts.lib.ordering.measure.quality import path_length
from scripts.lib.ordering.search.contiguous import bring_together
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.search_state import StateFile
from scripts.lib.ordering.search.two_opt import refine, search_steps
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.tree.near_duplicates import near_duplicate_labels
from scripts.lib.ordering.vectors import Ints
from scripts.lib.run.stage import Stage, stage

GIGABYTE = 1 << 30
COMPARED_ITEMS = 250_000  # beyond, a fresh path to compare with would be most of what a kept order takes
SOURCES = ("vectors", "item_ids", "graph", "tree", "traversal")


class Given(NamedTuple):
    """What the search is given."""

    vectors: np.ndarray
    graph: NeighborGraph
    tree: Edges
    walk: Ints
    items: Contents
    settings: SearchSettings


def read_inputs(job: Any) -> Given:
    """Read and check all inputs."""
    files = {name: checked(Path(job.input[name])) for name in ("vectors", "graph", "tree", "traversal")}
    items = read_items(checked(Path(job.input.item_ids)))
    first = None
    if job.params.start != "auto":
        inventory = pq.read_table(checked(Path(job.input.inventory)))
        first = starting_row(inventory, items.ids, items.numbers, job.params.start)
    memory = int(job.params.memory * GIGABYTE)
    settings = SearchSettings(first=first, seed=job.params.seed, copied_bytes=memory)
    return Given(
        read_vectors(files["vectors"]),
        read_graph(files["graph"]),
        np.load(files["tree"]),
        np.load(files["traversal"]),
        items,
        settings.with_effort(job.params.effort),
    )


def purpose_of(sources: list[Path], settings: dict[str, Any], first: int | None) -> str:
    """Name the search that has these inputs, so that no other one is taken up."""
    return " ".join([*(read_record(source).blake3 for source in sources), str(settings), str(first)])


def fresh_path(run: Stage, given: Given, state_file: StateFile) -> Ints:
    """Search for a short path."""
    vectors, graph, tree, walk, _, settings = given
    with run.progress(search_steps(len(walk), settings), "steps") as count:
        path = refine(vectors, graph, walk, settings, count, state_file)
    return bring_together(vectors, graph, tree, path, near_duplicate_labels(tree, len(path)), settings.first)


def kept_path(run: Stage, given: Given, former: Contents, state: StateFile) -> tuple[Ints, dict[str, Any]]:
    """Put what is new into the former order; say what that cost, of few items against a fresh path."""
    vectors, graph, tree, walk, items, settings = given
    fresh = fresh_path(run, given, state) if len(walk) <= COMPARED_ITEMS else None
    kept = keep_order(vectors, graph, tree, what_remains(former, items), settings)
    report = kept_report(vectors, kept, fresh)
    run.tell(report.sentence())
    return kept.path, report.as_json()


def main(job: Any) -> None:
    """Run the stage; the order to be kept is replaced last."""
    side_files = Path(job.output.path).parent / "kept"
    with stage("two_opt", job.log[0]) as run:
        given, settings = read_inputs(job), dict(job.params.items())
        sources = [Path(job.input[name]) for name in SOURCES]
        state = StateFile(side_files / "search.npz", purpose_of(sources, settings, given.settings.first))
        last = read_kept_order(side_files / "order.parquet") if job.params.keep else None
        path, facts = kept_path(run, given, last, state) if last else (fresh_path(run, given, state), None)
        provenance = Provenance("two_opt", job.params.version, settings, sources)
        provenance.facts.update(n=len(path), length=path_length(given.vectors, path), kept=facts)
        with recording(Path(job.output.path), provenance) as temporary, temporary.open("wb") as stream:
            np.save(stream, path)
        write_kept_order(side_files / "order.parquet", contents_in_order(given.items, path))
        state.remove()
        run.info("%d items, length %.6g", len(path), provenance.facts["length"])


if __name__ == "__main__":
    main(snakemake)
