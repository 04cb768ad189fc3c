# Files into contents.
#
#   in   the folders, lists and tars `images`, or the vectors of `embeddings`
#   out  inventory.parquet         one row a file: path, root, size, time, content id, status, error
#        inventory/{p}.parquet     the sorted content ids that partition p embeds, and nothing else;
#                                  replaced only when they differ
#        scanned/{fingerprint}     empty: the scan of this input came to its end
#   side hashes.sqlite             content ids by path, size and time; survives everything
#        tars/                     where each image lies in the tars


checkpoint scan:
    """List every image file with its content id."""
    output:
        # The only output that a refused scan leaves missing, so that the next run refuses again.
        scanned=touch(SCANNED),
        inventory=update(f"{COLLECTION}/inventory.parquet"),
        lists=update(
            expand(
                f"{COLLECTION}/inventory/{{partition}}.parquet", partition=PARTITIONS
            )
        ),
    log:
        f"{COLLECTION}/logs/scan.log",
    benchmark:
        f"{COLLECTION}/benchmarks/scan.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("scan"),
    params:
        version=versions.SCAN,
        fingerprint=FINGERPRINT,
        images=as_it_is("images"),
        exclude=as_it_is("exclude"),
        embeddings=as_it_is("embeddings"),
        partitions=config["partitions"],
        pixel_limit=config["pixel_limit"],
    script:
        "../../scripts/scan.py"
