# The embedding as a map, in two and in three dimensions. Nothing of it runs unless it is asked for.
#
#   in   vectors.npy         (n, d) float16 or float32
#        knn.npz             the neighbour graph; what a method wants beyond it is searched
#        order.parquet       for the picture: which files the items are
#   out  projection.parquet  a row per item: x, y, z and u, v, float32, within [-1, 1]
#        projection.png      the map in two dimensions, with the images in it


rule project:
    """Lay the images out in two and in three dimensions, and draw the map."""
    input:
        SCANNED,
        f"{MODEL}/projection.parquet",
        f"{MODEL}/projection.png",


rule projection:
    """Give every item a place in the plane and one in space."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        graph=after_scan(f"{MODEL}/knn.npz"),
    output:
        projection=f"{MODEL}/projection.parquet",
    log:
        f"{MODEL}/logs/projection.log",
    benchmark:
        f"{MODEL}/benchmarks/projection.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("projection"),
    params:
        version=versions.PROJECTION,
        method=config["projection"],
        neighbors=config["projection_neighbors"],
        limit=config["projection_limit"],
        seed=config["seed"],
    script:
        "../../scripts/projection.py"


rule projection_map:
    """Draw the map, with the images in it."""
    input:
        projection=after_scan(f"{MODEL}/projection.parquet"),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        picture=report(
            f"{MODEL}/projection.png",
            caption="../report/map.rst",
            category="Map",
            labels={"shows": "the map"},
        ),
    log:
        f"{MODEL}/logs/projection_map.log",
    benchmark:
        f"{MODEL}/benchmarks/projection_map.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("projection_map"),
    params:
        version=versions.PROJECTION_MAP,
    script:
        "../../scripts/projection_map.py"
