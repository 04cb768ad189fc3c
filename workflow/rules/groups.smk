# The embedding into groups: clusters and hierarchical labels.
#
#   in   vectors.npy, items.parquet, knn.npz, mst.npy, path.npy, order.parquet; categories.parquet
#   out  clusters.parquet          the cluster of each item, -1 unclustered; its distance to the centroid
#        clusters.json, .png       how many there are, their sizes, and how their number was estimated
#        cluster_table.parquet, clusters.csv   a row a cluster: name, size, tightness, medoid
#        clusters.jpg, cluster_sheets/         what is in them
#        labels.parquet            the hierarchical label of each item
#   side cluster_names.csv         the names that the user gives to clusters
#        kept/labels.parquet       the labels of the last run, by content id


# With categories, and a model that knows words, clusters are named by them.
WORDS = (
    {"categories": after_scan(f"{MODEL}/categories.parquet")}
    if knows_words(config)
    else {}
)


rule cluster:
    """Find groups of images, and give every image a label whose beginnings are groups, too."""
    input:
        SCANNED,
        f"{MODEL}/clusters.csv",
        f"{MODEL}/clusters.jpg",
        f"{MODEL}/labels.parquet",


rule clusters:
    """Divide the images into clusters."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        graph=after_scan(f"{MODEL}/knn.npz"),
        tree=after_scan(f"{MODEL}/mst.npy"),
        path=after_scan(f"{MODEL}/path.npy"),
    output:
        clusters=f"{MODEL}/clusters.parquet",
        facts=f"{MODEL}/clusters.json",
        picture=report(
            f"{MODEL}/clusters.png",
            caption="../report/cluster_number.rst",
            category="Clusters",
            labels={"shows": "how many"},
        ),
    log:
        f"{MODEL}/logs/clusters.log",
    benchmark:
        f"{MODEL}/benchmarks/clusters.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("clusters"),
    params:
        version=versions.CLUSTERS,
        method=config["cluster_method"],
        number=config["clusters"],
        fewest=config["clusters_min"],
        most=config["clusters_max"],
        scaling=config["cluster_scaling"],
        smallest=config["cluster_min_size"],
        memory=config["memory"],
        seed=config["seed"],
    script:
        "../../scripts/clusters.py"


rule cluster_table:
    """Name the clusters and say what is in them."""
    input:
        **WORDS,
        clusters=after_scan(f"{MODEL}/clusters.parquet"),
        order=after_scan(f"{MODEL}/order.parquet"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
    output:
        table=f"{MODEL}/cluster_table.parquet",
        readable=f"{MODEL}/clusters.csv",
    log:
        f"{MODEL}/logs/cluster_table.log",
    benchmark:
        f"{MODEL}/benchmarks/cluster_table.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("cluster_table"),
    params:
        version=versions.CLUSTER_TABLE,
        names_file=f"{MODEL}/cluster_names.csv",
        names=lambda wildcards: names_digest(Path(f"{MODEL}/cluster_names.csv")),
    script:
        "../../scripts/cluster_table.py"


rule cluster_sheets:
    """Draw a contact sheet of each cluster."""
    input:
        clusters=after_scan(f"{MODEL}/clusters.parquet"),
        order=after_scan(f"{MODEL}/order.parquet"),
        table=after_scan(f"{MODEL}/cluster_table.parquet"),
    output:
        page=report(
            f"{MODEL}/clusters.jpg",
            caption="../report/clusters.rst",
            category="Clusters",
            labels={"shows": "what is in them"},
        ),
        sheets=directory(f"{MODEL}/cluster_sheets"),
    log:
        f"{MODEL}/logs/cluster_sheets.log",
    benchmark:
        f"{MODEL}/benchmarks/cluster_sheets.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("cluster_sheets"),
    params:
        version=versions.CLUSTER_SHEETS,
    script:
        "../../scripts/cluster_sheets.py"


rule labels:
    """Give every image a hierarchical label."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        tree=after_scan(f"{MODEL}/mst.npy"),
    output:
        labels=f"{MODEL}/labels.parquet",
    log:
        f"{MODEL}/logs/labels.log",
    benchmark:
        f"{MODEL}/benchmarks/labels.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("labels"),
    params:
        version=versions.LABELS,
        kept=f"{MODEL}/kept/labels.parquet",
        symbols=config["label_symbols"],
        keep=config["label_keep"],
        memory=config["memory"],
        seed=config["seed"],
    script:
        "../../scripts/labels.py"
