# How rules take what they take: inputs that are known behind the scan, settings, and what a cluster is asked for.

from snakemake.exceptions import IncompleteCheckpointException

from scripts.lib.run import resources


def as_it_is(key):
    """Give a setting to a stage without taking braces in it for wildcards."""
    return lambda wildcards: config[key]


# By how many outputs of checkpoints are known: None, or what is raised until the scan has run.
scan_states = {}


def wait_for_scan():
    """Ask the engine for the scan's outputs, as `checkpoints.scan.get()` does, but once while nothing changes.

    It makes the names of all of them each time, a thousand for a thousand partitions, and is asked for each input.
    """
    known = len(checkpoints.created_output)
    if known not in scan_states:
        try:
            checkpoints.scan.get()
            scan_states[known] = None
        except IncompleteCheckpointException as error:
            scan_states[known] = error
    if scan_states[known]:
        raise scan_states[known].with_traceback(None)


def after_scan(path):
    """Take a file as input only once the scan has told what is in it.

    So each job is judged anew behind the checkpoint, and runs only if its own input changed.
    """

    def resolve(wildcards):
        wait_for_scan()
        return path.format(**wildcards)

    return resolve


def after_scan_all(path, **numbers):
    """Take the files of all partitions as input, or of what else is numbered, once the scan has run."""

    def resolve(wildcards):
        wait_for_scan()
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
