# The user's images into a network that describes them, with `model: autoencoder`.
#
#   in   inventory.parquet         which is `ancient`: new images are embedded by the network that there is
#   out  autoencoder.pth           weights, settings and losses of the network
#        loss.png                  the loss of each epoch
#        reconstructions.png       some images above what the network makes of them
#   side training/checkpoint.pt    the training after its last epoch
#        pixels/                   the images as small squares, shared by all trainings of a collection


rule train:
    """Train an autoencoder on the images, or go on with its training."""
    input:
        inventory=ancient(after_scan(f"{COLLECTION}/inventory.parquet")),
    output:
        network=f"{MODEL}/autoencoder.pth",
    log:
        f"{MODEL}/logs/train.log",
    benchmark:
        f"{MODEL}/benchmarks/train.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("train"),
        gpu=1 if triggers.wants_gpu(config) else 0,
    params:
        version=versions.TRAIN,
        settings=training_settings(config),
        epochs=config["train_epochs"],
    script:
        "../../scripts/train.py"


rule reconstruct:
    """Show how the training went, and what is left of some images."""
    input:
        network=after_scan(f"{MODEL}/autoencoder.pth"),
        inventory=ancient(after_scan(f"{COLLECTION}/inventory.parquet")),
    output:
        loss=report(
            f"{MODEL}/loss.png",
            caption="../report/loss.rst",
            category="Training",
            labels={"shows": "loss"},
        ),
        sheet=report(
            f"{MODEL}/reconstructions.png",
            caption="../report/reconstructions.rst",
            category="Training",
            labels={"shows": "reconstructions"},
        ),
    log:
        f"{MODEL}/logs/reconstruct.log",
    benchmark:
        f"{MODEL}/benchmarks/reconstruct.tsv"
    priority: -1  # nobody waits for it
    conda:
        "../../environment.yml"
    resources:
        **needs("reconstruct"),
    params:
        version=versions.RECONSTRUCT,
    script:
        "../../scripts/reconstruct.py"
