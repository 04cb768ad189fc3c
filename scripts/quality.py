"""Stage `quality`: how good the order is, in figures and in a picture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.files.folders import (
    filed,
    input_order,
    label_chance,
    label_share,
    labels_along,
)
from scripts.lib.ordering.measure.preservation import preservation, sample_size
from scripts.lib.ordering.measure.quality import (
    LowerBound,
    Quality,
    TreeFigures,
    link_lengths,
    measure_links,
    order_figures,
    random_order,
    summary,
)
from scripts.lib.ordering.tree.near_duplicates import near_duplicates
from scripts.lib.pictures.quality.pairs import named_pairs
from scripts.lib.pictures.quality.sheet import Sheet, draw_sheet
from scripts.lib.run.progress import Progress
from scripts.lib.run.stage import stage

INPUTS = ("vectors", "path", "tree", "traversal", "bound", "order")


def read_bound(source: Path) -> LowerBound:
    """Read the lower bound."""
    bound = json.loads(source.read_text(encoding="utf-8"))
    return LowerBound(bound["value"], bound["kind"], bound["confidence"])


def read_tree(source: Path) -> TreeFigures:
    """Read what the record of the tree says of it."""
    facts = read_record(source).facts
    return TreeFigures(facts["weight"], facts["longest_edge"], facts.get("exact") is True)


def measured(vectors: np.ndarray, order: np.ndarray, count: Progress) -> np.ndarray:
    """Return the lengths of an order's links, and count them."""
    links = link_lengths(vectors, order)
    count(len(order))
    return links


def main(job: Any) -> None:
    """Run the stage."""
    sources = {name: Path(job.input[name]) for name in INPUTS}
    with stage("quality", job.log[0]) as run:
        for source in sources.values():
            checked(source)
        vectors, path = read_vectors(sources["vectors"]), np.load(sources["path"])
        order = pq.read_table(sources["order"])
        files, n, seed = filed(order), len(path), job.params.seed
        orders = {
            "random": random_order(n, seed),
            "input": input_order(files, n),
            "mst_walk": np.load(sources["traversal"]),
            "path": path,
        }
        with run.progress(len(orders) * n, "links") as count:
            links = {name: measured(vectors, each, count) for name, each in orders.items()}
        shares = {name: label_share(labels_along(files, each)) for name, each in orders.items()}
        figures = measure_links(links["path"], links["random"], read_bound(sources["bound"]))
        pairs = named_pairs(order, path, figures.worst)
        with run.progress(sample_size(*vectors.shape), "neighbourhoods") as count:
            kept = preservation(vectors, path, seed, count)
        run.counts(n, "items")
        quality = Quality(
            items=n,
            path=figures,
            tree=read_tree(sources["tree"]),
            orders={name: order_figures(links[name], shares[name]) for name in orders},
            label_chance=label_chance(files.labels),
            preservation=kept,
            near_duplicates=near_duplicates(np.load(sources["tree"]), path),
            worst=tuple(pair.link for pair in pairs),
        )
        facts = {"n": n, "length": figures.length, "gap": figures.gap}
        settings = dict(job.params.items())
        provenance = Provenance("quality", job.params.version, settings, list(sources.values()), facts)
        with recording(Path(job.output.quality), provenance) as temporary:
            write_json(temporary, quality.as_json())
        with recording(Path(job.output.picture), provenance) as temporary:
            draw_sheet(Sheet(quality, links["path"], links["random"], pairs), temporary)
        run.tell(summary(figures))


if __name__ == "__main__":
    main(snakemake)
