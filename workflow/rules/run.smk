# What frames a run: its lock, what is told of it while it goes on, and how it ends.

from datetime import datetime

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from scripts.lib.run import cluster, session, summary
from scripts.lib.run.jobs import FAILED, SUCCEEDED, Job

OWN_JOB = os.environ.get("SLURM_JOB_ID", "")  # read now, the executor clears it


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
