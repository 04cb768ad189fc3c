# What the rules share: the checked configuration, the names of folders, and what frames a run.
#
#   COLLECTION   results/{name}            what is known of the files
#   MODEL        results/{name}/{model}    all that depends on the embedding
#   PARTITIONS   the embed jobs
#   KNN_PARTS    the jobs that share the neighbour search
#   FINGERPRINT  changes when the input does
#   ARTIFACTS    everything that the stages make

import os
import platform
import sys
from datetime import datetime
from pathlib import Path

from snakemake.common import NOTHING_TO_BE_DONE_MSG, __version__ as engine_version
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake_interface_executor_plugins.settings import ExecMode
from snakemake_interface_logger_plugins.common import LogEvent

from scripts.lib import versions
from scripts.lib.clustering.given_names import names_digest
from scripts.lib.errors import SeriatimError
from scripts.lib.project import project
from scripts.lib.run import cluster, resources, session, summary, triggers
from scripts.lib.run.account import Account
from scripts.lib.run.category_model import (
    category_config,
    check_categorize,
    knows_words,
)
from scripts.lib.run.config import (
    complete,
    known_name,
    model_tag,
    read_schema,
    training_settings,
    trains,
    words_of_command,
)
from scripts.lib.run.jobs import FAILED, SUCCEEDED, Job

OWN_JOB = os.environ.get("SLURM_JOB_ID", "")  # read now, the executor clears it
STARTED_BY_USER = workflow.exec_mode == ExecMode.DEFAULT

schema = read_schema(workflow.source_path("../schemas/config.schema.yaml"))
words = words_of_command(sys.argv) if STARTED_BY_USER else {}


def is_run():
    """Tell whether a run is asked for: `--list`, `--lint` and the like are none, nor is `--dry-run`."""
    looks = ("--li", "--lt", "-l", "--summary", "-S", "--detailed", "-D", "--report")
    graphs = ("--dag", "--rulegraph", "--filegraph", "--d3dag")
    return not (
        workflow.output_settings.dryrun
        or any(word.startswith((*looks, *graphs)) for word in sys.argv[1:])
    )


# What programs are told of the run, from here on: a configuration that can't be used is a failed run.
NAME = known_name(config, schema, words) if STARTED_BY_USER else None
ACCOUNT = (
    Account(
        Path("results", NAME),
        {
            "name": NAME,
            "command": sys.argv,
            "folder": os.getcwd(),
            "versions": {
                "seriatim": project()["version"],
                "snakemake": engine_version,
                "python": platform.python_version(),
            },
        },
        is_run,
    )
    if NAME
    else None
)


def refuse(error):
    """Stop before anything has begun, with what a user can mend."""
    if ACCOUNT:
        ACCOUNT.explain(str(error))
    raise WorkflowError(str(error)) from None


try:
    config.update(complete(config, schema, words))
except SeriatimError as error:
    refuse(error)

COLLECTION = f"results/{config['name']}"
MODEL = f"{COLLECTION}/{model_tag(config, schema)}"
PARTITIONS = range(config["partitions"])
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


def needs(stage, model=MODEL, partitions=len(PARTITIONS)):
    """Say what a stage asks of a cluster. It is looked at late, when the scan has told how many images there are.

    On one machine it limits nothing.
    """

    def size():
        held = config["memory"] * 1e9
        return resources.size_of(Path(COLLECTION), Path(model), partitions, held)

    return {
        "mem_mb": lambda wildcards, attempt: resources.memory_mb(
            stage, size(), attempt
        ),
        "runtime": lambda wildcards, attempt: resources.minutes(stage, size(), attempt),
    }


def submitted_to():
    """Say how this run submits its jobs, None if it runs them itself."""
    if workflow.local_exec:
        return None
    executor = workflow.scheduler._executor
    watch_jobs(sys.modules[type(executor).__module__])
    return cluster.Cluster(getattr(executor, "run_uuid", cluster.NAME), OWN_JOB)


def watch_jobs(plugin):
    """Make sure that the plugin of Slurm sees the end of jobs.

    Before each look it asks how long Slurm remembers them, and where nobody answers looks into the accounts
    instead: where there are none it forgets all jobs. So that is asked here, once.
    """
    command = getattr(workflow.executor_settings, "status_command", None)
    if command:
        age = cluster.check_status(command)
        plugin.get_min_job_age = lambda: age


onstart:
    session.begin(
        config,
        ".snakemake/run.lock",
        COLLECTION,
        MODEL,
        forced=list(map(str, workflow.dag_settings.forcerun)),
        fingerprint=FINGERPRINT,
        cluster=submitted_to(),
    )
    ACCOUNT.begin(this_run(), ALL_CORES)


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
    if not workflow.local_exec:
        return f"snakemake --workflow-profile ... {target} ..."
    return f"snakemake --cores {ALL_CORES} {target} ..."


def observe(record):
    """Take into account what the engine says; where it says only that there is nothing to do, say where all is."""
    event = getattr(record, "event", None)
    if record.msg == NOTHING_TO_BE_DONE_MSG:
        summary.tell_nothing_to_do(this_run())
        ACCOUNT.succeed(this_run())
    elif event == LogEvent.JOB_INFO and record.log:
        ACCOUNT.job_began(record.jobid, job_of(record))
    elif event == LogEvent.JOB_FINISHED:
        ACCOUNT.job_ended(record.job_id, SUCCEEDED)
    elif event == LogEvent.JOB_ERROR:
        ACCOUNT.job_ended(record.jobid, FAILED)
    elif event == LogEvent.PROGRESS:
        ACCOUNT.progress(record.done, record.total)
    elif event == LogEvent.ERROR:
        ACCOUNT.explain(record.getMessage())
    return True


def job_of(record):
    """Return a job that begins; where jobs are submitted it may have to wait yet."""
    return Job(
        record.rule_name,
        "/".join(map(str, record.wildcards.values())),
        record.threads,
        record.log[0],
        record.benchmark,
        datetime.now().astimezone(),
    )


if STARTED_BY_USER:
    logger.addFilter(observe)


onsuccess:
    summary.tell_end(this_run())
    ACCOUNT.succeed(this_run())


onerror:
    session.report_failures(COLLECTION)
    ACCOUNT.fail(this_run(), session.read_failures(COLLECTION))
