# What the rules share: the checked configuration, the names of folders, and what frames a run.
#
#   COLLECTION   results/{name}            what is known of the files
#   MODEL        results/{name}/{model}    all that depends on the embedding
#   PARTITIONS   the embed jobs
#   KNN_PARTS    the jobs that share the neighbour search
#   FINGERPRINT  changes when the input does
#   ARTIFACTS    everything that the stages make

import os
import sys
from pathlib import Path

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake_interface_executor_plugins.settings import ExecMode

from scripts.lib import versions
from scripts.lib.clustering.given_names import names_digest
from scripts.lib.errors import SeriatimError
from scripts.lib.files.originals import use_indexes
from scripts.lib.run import session, summary, triggers
from scripts.lib.run.category_model import (
    category_config,
    check_categorize,
    knows_words,
)
from scripts.lib.run.config import (
    complete,
    model_tag,
    read_schema,
    training_settings,
    trains,
    words_of_command,
)

STARTED_BY_USER = workflow.exec_mode == ExecMode.DEFAULT

schema = read_schema(workflow.source_path("../schemas/config.schema.yaml"))
words = words_of_command(sys.argv) if STARTED_BY_USER else {}
try:
    config.update(complete(config, schema, words))
except SeriatimError as error:
    raise WorkflowError(str(error)) from None

COLLECTION = f"results/{config['name']}"
MODEL = f"{COLLECTION}/{model_tag(config, schema)}"
PARTITIONS = range(config["partitions"])
use_indexes(COLLECTION)
KNN_PARTS = range(
    len(PARTITIONS) if config["knn_partitions"] == "auto" else config["knn_partitions"]
)
ALL_CORES = workflow.cores or os.cpu_count()

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
    else triggers.last_fingerprint(config["name"])
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


def as_it_is(key):
    """Give a setting to a stage without taking braces in it for wildcards."""
    return lambda wildcards: config[key]


def after_scan(path):
    """Take a file as input only once the scan has told what is in it.

    So each job is judged anew behind the checkpoint, and runs only if its own input changed.
    """

    def resolve(wildcards):
        checkpoints.scan.get()
        return path.format(**wildcards)

    return resolve


def after_scan_all(path, **numbers):
    """Take the files of all partitions as input, or of what else is numbered, once the scan has run."""

    def resolve(wildcards):
        checkpoints.scan.get()
        return expand(path, **(numbers or {"partition": PARTITIONS}))

    return resolve


onstart:
    session.begin(
        config,
        ".snakemake/run.lock",
        COLLECTION,
        MODEL,
        forced=map(str, workflow.dag_settings.forcerun),
    )


def this_run():
    """Return what is told of this run at its end."""
    return summary.Run(
        config,
        Path(COLLECTION),
        Path(MODEL),
        frozenset(rule.name for rule in workflow.dag.targetrules),
        command_of,
    )


def command_of(target):
    """Return the command that makes a target, by what this run was begun with."""
    if "MAKELEVEL" in os.environ:
        return f"make {target.replace('_', '-')} ..."
    return f"snakemake --cores {ALL_CORES} {target} ..."


def tell_where_nothing_is_done(record):
    """Say where everything is, where the engine says only that there is nothing to do."""
    if record.msg == NOTHING_TO_BE_DONE_MSG:
        summary.tell_nothing_to_do(this_run())
    return True


if STARTED_BY_USER:
    logger.addFilter(tell_where_nothing_is_done)


onsuccess:
    summary.tell_end(this_run())


onerror:
    session.report_failures(COLLECTION)
