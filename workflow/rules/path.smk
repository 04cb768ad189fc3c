# The neighbour graph into a path. Everything here counts rows of vectors.npy; files are looked at for
# `order_start` alone.
#
#   in   vectors.npy               (n, d) float16 or float32
#        items.parquet             whose vectors these are, for an order that is kept
#        inventory.parquet         where the image lies that the order is to begin with
#        knn.npz                   indices (n, k) int32, distances (n, k) float32, recall, method
#   out  bound.json                what no path can be shorter than, and how sure that is
#        mst.npy                   (n - 1,) edges: source, target, distance
#        traversal.npy             (n,) int32, a permutation: the walk along the tree
#        path.npy                  (n,) int32, the permutation after local search
#
# Side files, which are no outputs because they outlive the start of a job, in kept/: the order of the last
# run, by content id; and search.npz, a search in the middle of its work.


rule bound:
    """Bound the length of every path from below."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        graph=after_scan(f"{MODEL}/knn.npz"),
    output:
        bound=f"{MODEL}/bound.json",
    log:
        f"{MODEL}/logs/bound.log",
    benchmark:
        f"{MODEL}/benchmarks/bound.tsv"
    priority: -1  # nobody waits for it but the last stage
    conda:
        "../../environment.yml"
    resources:
        **needs("bound"),
    params:
        version=versions.BOUND,
        seed=config["seed"],
    script:
        "../../scripts/bound.py"


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
    resources:
        **needs("mst"),
        gpu=1 if triggers.graph_wants_gpu(config) else 0,
    params:
        version=versions.MST,
        exact=config["mst_exact"],
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
    resources:
        **needs("traverse"),
    params:
        version=versions.TRAVERSE,
    script:
        "../../scripts/traverse.py"


rule two_opt:
    """Shorten the walk by local search on the whole path, or put what is new into the order that is kept."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        graph=after_scan(f"{MODEL}/knn.npz"),
        tree=after_scan(f"{MODEL}/mst.npy"),
        traversal=after_scan(f"{MODEL}/traversal.npy"),
        inventory=ancient(f"{COLLECTION}/inventory.parquet"),
    output:
        path=f"{MODEL}/path.npy",
    log:
        f"{MODEL}/logs/two_opt.log",
    benchmark:
        f"{MODEL}/benchmarks/two_opt.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("two_opt"),
    params:
        version=versions.TWO_OPT,
        effort=config["search_effort"],
        memory=config["memory"],
        start=as_it_is("order_start"),
        keep=config["order_keep"],
        seed=config["seed"],
    script:
        "../../scripts/two_opt.py"
