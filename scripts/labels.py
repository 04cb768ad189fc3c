"""Stage `labels`: a hierarchical label for each image."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_items, read_vectors
from scripts.lib.labels.kept_labels import read_labels, write_labels
from scripts.lib.labels.labels import Labelled, LabelSettings, keep_labels, labels_table, make_labels
from scripts.lib.run.session import is_forced
from scripts.lib.run.stage import Stage, stage


def tell(run: Stage, found: Labelled) -> None:
    """Tell the user how many labels are new."""
    count = len(found.labels.labels)
    longest = max(map(len, found.labels.labels), default=0)
    if found.put_in is None:
        run.tell(f"{count:,} images have labels of up to {longest} symbols")
    else:
        run.tell(
            f"{count - found.put_in:,} images keep their labels, {found.put_in:,} new ones are among them"
        )


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in ("vectors", "item_ids", "tree")]
    params, side = job.params, Path(job.params.kept)
    with stage("labels", job.log[0]) as run:
        vectors, items = read_vectors(checked(sources[0])), read_items(checked(sources[1]))
        tree = np.load(checked(sources[2]))
        former = read_labels(side, params.symbols) if params.keep and not is_forced("labels") else None
        found = keep_labels(items, former, tree, params.symbols)
        if found is None:
            settings = LabelSettings(params.symbols, params.memory * 1e9, params.seed)
            with run.progress(len(vectors), "images") as count:
                found = make_labels(vectors, settings, count)
        # First the side file: after a kill between the two, the next run finds the labels there.
        write_labels(side, items, found.labels, params.symbols)
        facts = {"labels": len(found.labels.labels), "symbols": params.symbols}
        provenance = Provenance("labels", params.version, dict(params.items()), sources, facts)
        with recording(Path(job.output.labels), provenance) as temporary:
            pq.write_table(labels_table(found.labels), temporary)
        run.counts(len(found.labels.labels), "images")
        tell(run, found)


if __name__ == "__main__":
    main(snakemake)
