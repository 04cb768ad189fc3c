"""Stage `cluster_table`: clusters and the order into a table of clusters, with their names."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.clustering.cluster_names import (
    clusters_of_anchors,
    names_of_clusters,
    read_given_names,
    write_names,
)
from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.embedding.gather import read_items
from scripts.lib.files.exports import write_csv
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in ("clusters", "order", "item_ids")]
    with stage("cluster_table", job.log[0]) as run:
        for source in sources:
            checked(source)
        found, items = pq.read_table(sources[0]), read_items(sources[2])
        numbers, distances = found["cluster"].to_numpy(), found["distance"].to_numpy()
        names_file = Path(job.params.names_file)
        given = read_given_names(names_file)
        clusters = clusters_of_anchors(given, items, numbers)
        names, problems = names_of_clusters(given, clusters)
        spread = read_record(sources[0]).facts["spread"]
        table = cluster_table(pq.read_table(sources[1]), numbers, distances, spread, names)
        settings = {"names": job.params.names}
        provenance = Provenance("cluster_table", job.params.version, settings, sources)
        with recording(Path(job.output.readable), provenance) as temporary:
            write_csv(table, temporary)
        with recording(Path(job.output.table), provenance) as temporary:
            pq.write_table(table, temporary)
        write_names(names_file, table, given, clusters)
        for problem in problems:
            run.tell(f"{names_file}: {problem}")
        run.tell(f"to name clusters, fill in the column your_name of {names_file}")


if __name__ == "__main__":
    main(snakemake)
