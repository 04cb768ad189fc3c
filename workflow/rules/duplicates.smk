# The embedding and the pixels into groups of duplicates, and what is to be kept of each.
#
#   in   inventory/{p}.parquet, inventory.parquet; vectors.npy, items.parquet, knn.npz
#   out  image_hashes.npy          (n,) a sketch of each image: hash, size, small squares; by content id
#        image_hashes.parquet      whose they are, and what has none, with the reason
#        duplicates.parquet        one row a file that is in a group: group, kind, keep, reason
#        duplicates.csv, duplicates.html   the same for people
#   side image_hashes/             the sketches in parts, so that none is made twice
#        duplicate_decisions.csv   what the user decided; no stage writes it

from scripts.lib.duplicates.decisions import decisions_digest

DUPLICATE_DECISIONS = f"{COLLECTION}/duplicate_decisions.csv"


rule image_hashes:
    """Decode each image once into what shows whether another is the same."""
    input:
        ids=after_scan_all(f"{COLLECTION}/inventory/{{partition}}.parquet"),
        inventory=ancient(f"{COLLECTION}/inventory.parquet"),
    output:
        sketches=f"{COLLECTION}/image_hashes.npy",
        table=f"{COLLECTION}/image_hashes.parquet",
    log:
        f"{COLLECTION}/logs/image_hashes.log",
    benchmark:
        f"{COLLECTION}/benchmarks/image_hashes.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("image_hashes"),
    params:
        version=versions.IMAGE_HASHES,
        pixel_limit=config["pixel_limit"],
    script:
        "../../scripts/image_hashes.py"


rule duplicate_groups:
    """Find groups of duplicates, and propose what to keep of each."""
    input:
        sketches=after_scan(f"{COLLECTION}/image_hashes.npy"),
        hashes=after_scan(f"{COLLECTION}/image_hashes.parquet"),
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        graph=after_scan(f"{MODEL}/knn.npz"),
        inventory=after_scan(f"{COLLECTION}/inventory.parquet"),
    output:
        table=f"{MODEL}/duplicates.parquet",
        list=f"{MODEL}/duplicates.csv",
        report=report(
            f"{MODEL}/duplicates.html",
            caption="../report/duplicates.rst",
            category="Duplicates",
            labels={"shows": "groups"},
        ),
    log:
        f"{MODEL}/logs/duplicate_groups.log",
    benchmark:
        f"{MODEL}/benchmarks/duplicate_groups.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("duplicate_groups"),
    params:
        version=versions.DUPLICATE_GROUPS,
        distance=config["duplicate_distance"],
        bits=config["duplicate_bits"],
        rotations=config["duplicate_rotations"],
        mirrors=config["duplicate_mirrors"],
        protected=as_it_is("protected"),
        seed=config["seed"],
        side=DUPLICATE_DECISIONS,
        decided=lambda wildcards: decisions_digest(DUPLICATE_DECISIONS),
    script:
        "../../scripts/duplicate_groups.py"


rule duplicates:
    """Find duplicates, and propose what to keep of them."""
    input:
        SCANNED,
        f"{MODEL}/duplicates.parquet",
        f"{MODEL}/duplicates.csv",
        f"{MODEL}/duplicates.html",
