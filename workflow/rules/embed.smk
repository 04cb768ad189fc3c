# Contents into vectors.
#
#   in   inventory.parquet, inventory/{p}.parquet; autoencoder.pth, if that is the model
#   out  model.json                architecture, weights and their hash, preprocessing, dimension
#        embed/{p}.parquet         content id -> part and row in the store, or status and error
#        vectors.npy               (n, d) float16 (precomputed: float32, unless all are halves), a row per
#                                  distinct vector
#        items.parquet             the row of each content, by content id
#   side the store                 the vectors themselves, shared by collections


localrules:
    weights,


rule weights:
    """Find the model's weights, hash them, and try them on the architecture."""
    input:
        **(
            {"network": after_scan(f"{MODEL}/autoencoder.pth")}
            if trains(config)
            else {}
        ),
    output:
        model=f"{MODEL}/model.json",
    log:
        f"{MODEL}/logs/weights.log",
    benchmark:
        f"{MODEL}/benchmarks/weights.tsv"
    conda:
        "../../environment.yml"
    params:
        version=versions.WEIGHTS,
        made_by=triggers.model_version(config),
        weights=lambda wildcards: triggers.weights_state(config),
    script:
        "../../scripts/weights.py"


rule embed:
    """Embed the contents of one partition that the store does not have yet."""
    input:
        ids=after_scan(f"{COLLECTION}/inventory/{{partition}}.parquet"),
        inventory=ancient(f"{COLLECTION}/inventory.parquet"),
        model=f"{MODEL}/model.json",
    output:
        manifest=f"{MODEL}/embed/{{partition}}.parquet",
    log:
        f"{MODEL}/logs/embed/{{partition}}.log",
    benchmark:
        f"{MODEL}/benchmarks/embed/{{partition}}.tsv"
    conda:
        "../../environment.yml"
    threads: EMBED_CORES
    resources:
        **needs("embed"),
        gpu=1 if triggers.wants_gpu(config) else 0,
    params:
        version=versions.EMBED,
        again=config["embed_again"],
        pixel_limit=config["pixel_limit"],
        store=as_it_is("store"),
        retry=lambda wildcards: triggers.retry_token(
            MODEL, wildcards.partition, config["retry"]
        ),
    script:
        "../../scripts/embed.py"


rule embeddings:
    """Embed everything (a target by this name)."""
    input:
        after_scan_all(f"{MODEL}/embed/{{partition}}.parquet"),


rule gather:
    """Put the vectors of all partitions into one matrix."""
    input:
        manifests=after_scan_all(f"{MODEL}/embed/{{partition}}.parquet"),
        model=ancient(f"{MODEL}/model.json"),
    output:
        vectors=f"{MODEL}/vectors.npy",
        item_ids=f"{MODEL}/items.parquet",
    log:
        f"{MODEL}/logs/gather.log",
    benchmark:
        f"{MODEL}/benchmarks/gather.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("gather"),
    params:
        version=versions.GATHER,
        store=as_it_is("store"),
    script:
        "../../scripts/gather.py"
