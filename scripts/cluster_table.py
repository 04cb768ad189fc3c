"""Stage `cluster_table`: clusters and the order into a table of clusters, with their names."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.categories.category_groups import Categorized
from scripts.lib.categories.cluster_words import cluster_words
from scripts.lib.clustering.cluster_names import (
    clusters_of_anchors,
    names_of_clusters,
    write_names,
)
from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.clustering.given_names import read_given_names
from scripts.lib.embedding.gather import read_items
from scripts.lib.files.exports import write_csv
from scripts.lib.ordering.vectors import Ints
from scripts.lib.run.stage import stage


def words_of_clusters(job: Any, numbers: Ints) -> dict[int, str]:
    """Return the category that each cluster favours, where there are categories."""
    if not job.input.get("categories"):
        return {}
    source = Path(job.input.categories)
    names = read_record(source).facts["names"]
    chances = Categorized.of(pq.read_table(source), len(names), several=False).chances
    return cluster_words(numbers, chances, names)


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in ("clusters", "order", "item_ids")]
    sources += [Path(job.input.categories)] if job.input.get("categories") else []
    with stage("cluster_table", job.log[0]) as run:
        for source in sources:
            checked(source)
        found, items = pq.read_table(sources[0]), read_items(sources[2])
        numbers, distances = found["cluster"].to_numpy(), found["distance"].to_numpy()
        names_file = Path(job.params.names_file)
        given = read_given_names(names_file)
        clusters = clusters_of_anchors(given, items, numbers)
        names, problems = names_of_clusters(given, clusters)
        spread, order = read_record(sources[0]).facts["spread"], pq.read_table(sources[1])
        table = cluster_table(order, numbers, distances, spread, names, words_of_clusters(job, numbers))
        settings = {"names": job.params.names}
        provenance = Provenance("cluster_table", job.params.version, settings, sources)
        with recording(Path(job.output.readable), provenance) as temporary:
            write_csv(table, temporary)
        with recording(Path(job.output.table), provenance) as temporary:
            pq.write_table(table, temporary)
        run.counts(len(numbers), "items")
        write_names(names_file, table, given, clusters)
        for problem in problems:
            run.tell(f"{names_file}: {problem}")
        if not given:
            run.tell(f"to name clusters, fill in the column your_name of {names_file}")


if __name__ == "__main__":
    main(snakemake)
