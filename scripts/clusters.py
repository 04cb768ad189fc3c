"""Stage `clusters`: vectors into clusters, numbered along the path."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.clustering.clusters import (
    Clusters,
    ClusterSettings,
    cluster_facts,
    clusters_table,
    find_clusters,
    work_of,
)
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.pictures.clusters.curve import draw_clusters
from scripts.lib.run.stage import Stage, stage

INPUTS = ("vectors", "graph", "tree", "path")


def settings_of(params: Any) -> ClusterSettings:
    """Return how clusters are to be found."""
    number, most, smallest = (
        None if value == "auto" else value for value in (params.number, params.most, params.smallest)
    )
    memory = params.memory * 1e9
    return ClusterSettings(
        params.method, number, params.fewest, most, params.scaling, smallest, memory, params.seed
    )


def tell(run: Stage, clusters: Clusters, settings: ClusterSettings) -> None:
    """Tell the user how many clusters there are, and why there are not as many as were asked for."""
    unclustered = int((clusters.numbers < 0).sum())
    rest = f"; {unclustered:,} images are unclustered" if unclustered else ""
    run.tell(f"{clusters.count:,} clusters of {len(clusters.numbers):,} different images{rest}")
    if clusters.estimate and clusters.estimate.votes:
        votes = ", ".join(f"{name} {vote}" for name, vote in clusters.estimate.votes.items())
        run.tell(f"the number was estimated ({votes}); clusters={clusters.count} or another number sets it")
    if settings.method == "hdbscan" and not clusters.count:
        run.tell("no region is denser than others; try a smaller cluster_min_size or another cluster_method")
    if settings.method == "hdbscan" and settings.number is not None:
        run.tell(f"clusters={settings.number} has no effect: hdbscan finds the number by itself")
    elif settings.number is not None and clusters.count < settings.number:
        run.tell(f"{settings.number:,} clusters were asked for; there are no more than {clusters.count:,}")


def main(job: Any) -> None:
    """Run the stage."""
    sources = {name: Path(job.input[name]) for name in INPUTS}
    with stage("clusters", job.log[0]) as run:
        for source in sources.values():
            checked(source)
        settings = settings_of(job.params)
        vectors, graph = read_vectors(sources["vectors"]), read_graph(sources["graph"])
        with run.progress(*work_of(settings, len(vectors))) as count:
            clusters = find_clusters(
                vectors, graph, np.load(sources["tree"]), np.load(sources["path"]), settings, count
            )
        facts = cluster_facts(clusters, settings)
        kept = {"clusters": clusters.count, "spread": clusters.spread}
        provenance = Provenance(
            "clusters", job.params.version, dict(job.params.items()), list(sources.values()), kept
        )
        with recording(Path(job.output.facts), provenance) as temporary:
            write_json(temporary, facts)
        with recording(Path(job.output.picture), provenance) as temporary:
            draw_clusters(facts, temporary)
        with recording(Path(job.output.clusters), provenance) as temporary:
            pq.write_table(clusters_table(clusters), temporary)
        tell(run, clusters, settings)


if __name__ == "__main__":
    main(snakemake)
