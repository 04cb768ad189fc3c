# Vectors for other programs: the layout of clip-retrieval, which `model: precomputed` reads, too.
#
#   in   vectors.npy, items.parquet, inventory.parquet
#   out  clip_retrieval/img_emb/img_emb_{i}.npy          a vector a file, by path; up to 1,000,000 in each part
#        clip_retrieval/metadata/metadata_{i}.parquet    image_path, content_id, width, height, size, mtime_ns
#        clip_retrieval.json                             how many there are, and the BLAKE3 of each of these files
#
# It is asked for by name, and so has an output that is named after the input: a new image is seen.


rule clip_retrieval:
    """Write the vectors with the paths of their files, in the layout of clip-retrieval."""
    input:
        scanned=ancient(SCANNED),
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        inventory=f"{COLLECTION}/inventory.parquet",
    output:
        exported=touch(f"{MODEL}/exported/{FINGERPRINT}"),
        summary=f"{MODEL}/clip_retrieval.json",
        folder=directory(f"{MODEL}/clip_retrieval"),
    log:
        f"{MODEL}/logs/clip_retrieval.log",
    benchmark:
        f"{MODEL}/benchmarks/clip_retrieval.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("clip_retrieval"),
    params:
        version=versions.CLIP_RETRIEVAL,
    script:
        "../../scripts/clip_retrieval.py"
