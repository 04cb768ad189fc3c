# Vectors into a path. Everything here counts rows of vectors.npy and knows no file.
#
#   in   vectors.npy               (n, d) float16 or float32
#   out  knn.npz                   indices (n, k) int32, distances (n, k) float32, recall
#        mst.npy                   (n - 1,) edges: source, target, distance
#        traversal.npy             (n,) int32, a permutation: the walk along the tree
#        path.npy                  (n,) int32, the permutation after local search
#        quality.json              length, lower bound, links, worst links, comparison with a random order


rule knn:
    """Find each item's nearest neighbours."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
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
        gpu=1 if triggers.graph_wants_gpu(config) else 0,
    params:
        version=versions.KNN,
        k=config["knn_k"],
        recall=config["knn_recall"],
        seed=config["seed"],
    script:
        "../../scripts/knn.py"


rule mst:
    """Build the minimum spanning tree of the neighbour graph."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        graph=after_scan(f"{MODEL}/knn.npz"),
    output:
        tree=f"{MODEL}/mst.npy",
    log:
        f"{MODEL}/logs/mst.log",
    benchmark:
        f"{MODEL}/benchmarks/mst.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    params:
        version=versions.MST,
    script:
        "../../scripts/mst.py"


rule traverse:
    """Walk along the tree, depth first, with lookahead."""
    input:
        tree=after_scan(f"{MODEL}/mst.npy"),
    output:
        traversal=f"{MODEL}/traversal.npy",
    log:
        f"{MODEL}/logs/traverse.log",
    benchmark:
        f"{MODEL}/benchmarks/traverse.tsv"
    conda:
        "../../environment.yml"
    params:
        version=versions.TRAVERSE,
    script:
        "../../scripts/traverse.py"


rule two_opt:
    """Shorten the walk by local search on the whole path."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        graph=after_scan(f"{MODEL}/knn.npz"),
        traversal=after_scan(f"{MODEL}/traversal.npy"),
    output:
        path=f"{MODEL}/path.npy",
        quality=f"{MODEL}/quality.json",
    log:
        f"{MODEL}/logs/two_opt.log",
    benchmark:
        f"{MODEL}/benchmarks/two_opt.tsv"
    conda:
        "../../environment.yml"
    params:
        version=versions.TWO_OPT,
        seed=config["seed"],
    script:
        "../../scripts/two_opt.py"
