# The names that the rules share.
#
#   COLLECTION   results/{name}            what is known of the files
#   MODEL        results/{name}/{model}    all that depends on the embedding
#   PARTITIONS   the embed jobs
#   KNN_PARTS    the jobs that share the neighbour search
#   FINGERPRINT  changes when the input does
#   ARTIFACTS    everything that the stages make

from scripts.lib import versions
from scripts.lib.clustering.given_names import names_digest
from scripts.lib.files.tars.members import use_indexes
from scripts.lib.run import cluster, session, triggers
from scripts.lib.run.category_model import (
    category_config,
    check_categorize,
    knows_words,
)
from scripts.lib.run.config import model_tag, training_settings, trains

COLLECTION = f"results/{config['name']}"
MODEL = f"{COLLECTION}/{model_tag(config, schema)}"
PARTITIONS = range(config["partitions"])
KNN_PARTS = range(
    len(PARTITIONS) if config["knn_partitions"] == "auto" else config["knn_partitions"]
)

# Where jobs are submitted, and nothing says how many cores one gets, as many as a node has. The engine hands on to
# the jobs how many threads they may have at most; they would count the cores of their node.
if STARTED_BY_USER and workflow.resource_settings.cores is None:
    cores = cluster.cores_of_a_job()
    workflow.register_resource("_cores", cores)
    workflow.resource_settings.cores = workflow.resource_settings.max_threads = cores
ALL_CORES = workflow.cores

# Every process of a run finds here what is in the tars of the collection.
use_indexes(COLLECTION)

# With several GPUs as many partitions are embedded at a time, and share the cores.
GPUS = (
    workflow.global_resources.get("gpu").value or 1 if triggers.wants_gpu(config) else 1
)
EMBED_CORES = max(1, ALL_CORES // min(GPUS, len(PARTITIONS)))

# The input is looked at once, by the process that the user started. The file that says of which input
# the last scan came to its end is named after it: another input is a missing file.
FINGERPRINT = (
    triggers.input_fingerprint(config)
    if STARTED_BY_USER
    else session.join(COLLECTION, lambda: triggers.last_fingerprint(config["name"]))
)
SCANNED = f"{COLLECTION}/scanned/{FINGERPRINT}"

# A plan that is asked for by name is of the images that there are now. Behind a checkpoint the engine does not
# miss an input, but it does miss an output: this one is named after the input, too.
PLANNED = f"{MODEL}/planned/{FINGERPRINT}"
PLAN_KINDS = [] if config["copy_mode"] == "none" else ["parquet", "csv", "json"]

# Likewise a report.
REPORTED = f"{MODEL}/reported/{FINGERPRINT}"

# What a training leaves.
TRAINED = ["autoencoder.pth", "loss.png", "reconstructions.png"]

# Every artifact, in the order in which they are made.
ARTIFACTS = [
    f"{COLLECTION}/inventory.parquet",
    *expand(f"{COLLECTION}/inventory/{{partition}}.parquet", partition=PARTITIONS),
    *expand(f"{MODEL}/{{file}}", file=TRAINED if trains(config) else []),
    f"{MODEL}/model.json",
    *expand(f"{MODEL}/embed/{{partition}}.parquet", partition=PARTITIONS),
    f"{MODEL}/vectors.npy",
    f"{MODEL}/items.parquet",
    *(
        [
            f"{MODEL}/knn/index.json",
            *expand(f"{MODEL}/knn/{{part}}.npz", part=KNN_PARTS),
        ]
        if len(KNN_PARTS) > 1
        else []
    ),
    f"{MODEL}/knn.npz",
    f"{MODEL}/bound.json",
    f"{MODEL}/mst.npy",
    f"{MODEL}/traversal.npy",
    f"{MODEL}/path.npy",
    f"{MODEL}/order.parquet",
    f"{MODEL}/order.csv",
    *([f"{MODEL}/order.txt"] if config["order_list"] else []),
    f"{MODEL}/rejected.csv",
    f"{MODEL}/quality.json",
    f"{MODEL}/quality.png",
    *expand(f"{MODEL}/plan.{{kind}}", kind=PLAN_KINDS),
    f"{COLLECTION}/copied.parquet",
    *([f"{MODEL}/report.html"] if config["report"] else []),
]


wildcard_constraints:
    partition=r"\d+",
    part=r"\d+",
