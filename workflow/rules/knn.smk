# Vectors into the graph of nearest neighbours: by one job, or by several that share one index.
#
#   in   vectors.npy               (n, d) float16 or float32
#        items.parquet             whose vectors these are, for what is kept
#   out  knn/index.json            with several jobs: how they search, and the checksum of the index
#        knn/{part}.npz            with several jobs: the lists of some rows
#        knn.npz                   indices (n, k) int32, distances (n, k) float32, recall, method
#   side kept/                     the graph and the index of the last run, by content id; they outlive the start
#                                  of a job

# With one job there is nothing to share, and no job for it.
SHARED = (
    {
        "card": after_scan(f"{MODEL}/knn/index.json"),
        "parts": after_scan_all(f"{MODEL}/knn/{{part}}.npz", part=KNN_PARTS),
    }
    if len(KNN_PARTS) > 1
    else {}
)


rule knn_index:
    """Make the index that all parts of the neighbour search share."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
    output:
        card=f"{MODEL}/knn/index.json",
    log:
        f"{MODEL}/logs/knn_index.log",
    benchmark:
        f"{MODEL}/benchmarks/knn_index.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("knn_index"),
        gpu=1 if triggers.graph_wants_gpu(config) else 0,
    params:
        version=versions.KNN_INDEX,
        k=config["knn_k"],
        recall=config["knn_recall"],
        memory=config["memory"],
        keep=config["order_keep"],
        seed=config["seed"],
    script:
        "../../scripts/knn_index.py"


rule knn_search:
    """Find the nearest neighbours of some of the items."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        card=after_scan(f"{MODEL}/knn/index.json"),
    output:
        part=f"{MODEL}/knn/{{part}}.npz",
    log:
        f"{MODEL}/logs/knn_search/{{part}}.log",
    benchmark:
        f"{MODEL}/benchmarks/knn_search/{{part}}.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("knn_search", partitions=len(KNN_PARTS)),
        gpu=1 if triggers.graph_wants_gpu(config) else 0,
    params:
        version=versions.KNN_SEARCH,
        parts=len(KNN_PARTS),
    script:
        "../../scripts/knn_search.py"


rule knn:
    """Find each item's nearest neighbours, or join what several jobs have found."""
    input:
        **SHARED,
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
    output:
        graph=f"{MODEL}/knn.npz",
    log:
        f"{MODEL}/logs/knn.log",
    benchmark:
        f"{MODEL}/benchmarks/knn.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("knn"),
        gpu=1 if triggers.graph_wants_gpu(config) else 0,
    params:
        version=versions.KNN,
        k=config["knn_k"],
        recall=config["knn_recall"],
        memory=config["memory"],
        keep=config["order_keep"],
        seed=config["seed"],
    script:
        "../../scripts/knn.py"
