# What is looked at in a browser: everything that the dashboard shows, and small pictures of all images. The
# dashboard itself is no rule: `python -m scripts.dashboard` reads what there is, and waits for no run.
#
#   in   inventory/{p}.parquet, inventory.parquet; vectors.npy, clusters.parquet, cluster_table.parquet, model.json
#   out  thumbnails.parquet        one row a content: status, error, part and row of its picture
#        centroids.npy             (c, side, side, 3) uint8, decoded, a row of cluster_table.parquet each
#        centroids.png             the same beside the most typical images, with the clusters' names
#   side thumbnails/               the pictures, packed into parts, so that none is made twice


rule dashboard_data:
    """Make everything that the dashboard shows, but for duplicates."""
    input:
        SCANNED,
        f"{MODEL}/order.parquet",
        f"{MODEL}/vectors.npy",
        f"{MODEL}/items.parquet",
        f"{MODEL}/knn.npz",
        f"{MODEL}/bound.json",
        f"{MODEL}/quality.json",
        f"{MODEL}/projection.parquet",
        f"{MODEL}/clusters.parquet",
        f"{MODEL}/cluster_table.parquet",
        f"{MODEL}/labels.parquet",
        *([f"{MODEL}/categories.parquet"] if knows_words(config) else []),
        *([f"{MODEL}/centroids.npy"] if config["model"] == "autoencoder" else []),
        f"{COLLECTION}/thumbnails.parquet",


rule thumbnails:
    """Make a small picture of each image and video that has none yet."""
    input:
        ids=after_scan_all(f"{COLLECTION}/inventory/{{partition}}.parquet"),
        inventory=ancient(f"{COLLECTION}/inventory.parquet"),
    output:
        table=f"{COLLECTION}/thumbnails.parquet",
    log:
        f"{COLLECTION}/logs/thumbnails.log",
    benchmark:
        f"{COLLECTION}/benchmarks/thumbnails.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("thumbnails"),
    params:
        version=versions.THUMBNAILS,
        side=config["thumbnail_side"],
        pixel_limit=config["pixel_limit"],
        side_file=f"{COLLECTION}/thumbnails/retry.json",
        retry=lambda wildcards: triggers.token_in(
            Path(f"{COLLECTION}/thumbnails/retry.json"), config["retry"]
        ),
    script:
        "../../scripts/thumbnails.py"


rule centroids:
    """Show the centroid of each cluster as a trained network decodes it."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        clusters=after_scan(f"{MODEL}/clusters.parquet"),
        table=after_scan(f"{MODEL}/cluster_table.parquet"),
        model=ancient(f"{MODEL}/model.json"),
    output:
        centroids=f"{MODEL}/centroids.npy",
        sheet=f"{MODEL}/centroids.png",
    log:
        f"{MODEL}/logs/centroids.log",
    benchmark:
        f"{MODEL}/benchmarks/centroids.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("centroids"),
    params:
        version=versions.CENTROIDS,
    script:
        "../../scripts/centroids.py"
