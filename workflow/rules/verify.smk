# Trust, but verify. No inputs, so that asking never rebuilds anything.
#
#   in   whatever exists of the artifacts, the store and the output folder
#   out  none; what is damaged is set aside, so that the next plain run makes it again


rule verify:
    """Check store, artifacts and copies against their records."""
    log:
        f"{COLLECTION}/logs/verify.log",
    benchmark:
        f"{COLLECTION}/benchmarks/verify.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    params:
        artifacts=ARTIFACTS,
        manifests=expand(f"{MODEL}/embed/{{partition}}.parquet", partition=PARTITIONS),
        copied=f"{COLLECTION}/copied.parquet",
        model=MODEL,
        store=config["store"],
        output=config["output"],
    script:
        "../../scripts/verify.py"
