# What is known of each image as one table, and images filed into folders by it.
#
#   in   order.parquet             position, path, item
#        clusters.parquet          the cluster of each item
#        cluster_table.parquet     what each cluster is called
#        categories.parquet        the category of each item
#        labels.parquet            the label of each item
#        projection.parquet        the place of each item on the maps
#        duplicates.parquet        which files are duplicates of better ones
#   out  collection.parquet        all of that, one row a file
#        reorganize.parquet, reorganize.csv, reorganize.json   what each image is to be called in which folder
#        reorganized.parquet       what was done, from the ledger in `folders_output`
#
# Each rule that is asked for by name has an output that is named after the input: a new image is seen.

# What folders are made of, and what files are called after.
FILED_BY = {
    "cluster": {"clusters": "clusters.parquet", "names": "cluster_table.parquet"},
    "category": {"categories": "categories.parquet"},
    "label": {"labels": "labels.parquet"},
}
FILING = FILED_BY.get(config["folders"], {})
if config["folders_rename"] == "label":
    FILING = FILING | FILED_BY["label"]


rule collection:
    """Put all that is known of the images into one table."""
    input:
        **WORDS,
        scanned=ancient(SCANNED),
        order=after_scan(f"{MODEL}/order.parquet"),
        clusters=after_scan(f"{MODEL}/clusters.parquet"),
        names=after_scan(f"{MODEL}/cluster_table.parquet"),
        labels=after_scan(f"{MODEL}/labels.parquet"),
        projection=after_scan(f"{MODEL}/projection.parquet"),
        duplicates=after_scan(f"{MODEL}/duplicates.parquet"),
    output:
        collected=touch(f"{MODEL}/collected/{FINGERPRINT}"),
        collection=f"{MODEL}/collection.parquet",
    log:
        f"{MODEL}/logs/collection.log",
    benchmark:
        f"{MODEL}/benchmarks/collection.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("collection"),
    params:
        version=versions.COLLECTION,
    script:
        "../../scripts/collection.py"


rule plan_reorganize:
    """Say what each image is to be called in which folder, and what has to be done; touch nothing."""
    input:
        **DUPLICATES,
        **{each: after_scan(f"{MODEL}/{table}") for each, table in FILING.items()},
        scanned=ancient(SCANNED),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        planned=touch(f"{MODEL}/planned_reorganize/{FINGERPRINT}"),
        plan=f"{MODEL}/reorganize.parquet",
        table=f"{MODEL}/reorganize.csv",
        summary=f"{MODEL}/reorganize.json",
    log:
        f"{MODEL}/logs/plan_reorganize.log",
    benchmark:
        f"{MODEL}/benchmarks/plan_reorganize.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("plan_reorganize"),
    params:
        version=versions.PLAN_REORGANIZE,
        output=as_it_is("folders_output"),
        other=as_it_is("output"),
        mode=config["copy_mode"],
        fallback=config["copy_fallback"],
        template=as_it_is("name_template"),
        per_folder=config["folder_files"],
        portable=config["portable_names"],
        duplicates=config["duplicates"],
        folders=config["folders"],
        former=config["folders_keep"],
        rename=config["folders_rename"],
        depth=config["folders_depth"],
        size=config["folders_size"],
    script:
        "../../scripts/plan_reorganize.py"


rule reorganize:
    """File the images into folders, as planned."""
    input:
        scanned=ancient(SCANNED),
        plan=after_scan(f"{MODEL}/reorganize.parquet"),
    output:
        filed=touch(f"{COLLECTION}/filed/{FINGERPRINT}"),
        reorganized=f"{COLLECTION}/reorganized.parquet",
    log:
        f"{COLLECTION}/logs/reorganize.log",
    benchmark:
        f"{COLLECTION}/benchmarks/reorganize.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("reorganize"),
    params:
        version=versions.REORGANIZE,
        output=as_it_is("folders_output"),
        other=as_it_is("output"),
        mode=config["copy_mode"],
        fallback=config["copy_fallback"],
    script:
        "../../scripts/reorganize.py"


rule undo_reorganize:
    """Put back what was filed into folders."""
    log:
        f"{COLLECTION}/logs/undo_reorganize.log",
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("undo_reorganize"),
    params:
        done=f"{COLLECTION}/reorganized.parquet",
        output=as_it_is("folders_output"),
        other=as_it_is("output"),
    script:
        "../../scripts/undo_reorganize.py"
