# Trust, but verify. No inputs, so that asking never rebuilds anything; no benchmark, which would count as
# an output, so that it is done as often as it is asked for.
#
#   in   whatever exists of the artifacts, the store and the output folder
#   out  none; what is damaged is set aside, so that the next plain run makes it again


# What is made only for those who ask for it.
DEMANDED = [
    *expand(
        f"{MODEL}/clusters.{{kind}}", kind=["parquet", "json", "png", "csv", "jpg"]
    ),
    *expand(
        f"{MODEL}/{{table}}.parquet", table=["cluster_table", "labels", "collection"]
    ),
    *expand(f"{MODEL}/categories.{{kind}}", kind=["parquet", "csv", "jpg"]),
    *expand(f"{MODEL}/projection.{{kind}}", kind=["parquet", "png"]),
    *expand(f"{MODEL}/duplicates.{{kind}}", kind=["parquet", "csv", "html"]),
    f"{MODEL}/clip_retrieval.json",
    f"{COLLECTION}/thumbnails.parquet",
    *expand(f"{MODEL}/centroids.{{kind}}", kind=["npy", "png"]),
    *expand(f"{MODEL}/reorganize.{{kind}}", kind=["parquet", "csv", "json"]),
    *([] if config["report"] else [f"{MODEL}/report.html"]),
]


rule verify:
    """Check store, artifacts and copies against their records."""
    log:
        f"{COLLECTION}/logs/verify.log",
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("verify"),
    params:
        artifacts=[*ARTIFACTS, *DEMANDED],
        manifests=expand(f"{MODEL}/embed/{{partition}}.parquet", partition=PARTITIONS),
        copied=f"{COLLECTION}/copied.parquet",
        model=MODEL,
        store=as_it_is("store"),
        thumbnails=f"{COLLECTION}/thumbnails.parquet",
        reorganized=f"{COLLECTION}/reorganized.parquet",
        output=as_it_is("output"),
        filed=as_it_is("folders_output"),
    script:
        "../../scripts/verify.py"
