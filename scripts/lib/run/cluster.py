"""What a run asks of the cluster that takes its jobs: which are left of a former run, and how to watch them.

A run that is killed leaves its jobs behind. They would go on beside those of the next run and do the same
work, so that one ends them first; what they have embedded is in the store. They are known by the folder that
they work in and by their name, which the profiles begin with `seriatim_`.
"""

import getpass
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from scripts.lib.errors import InputError

NAME = "seriatim_"
ANSWER_SECONDS = 60
END_SECONDS = 120
MOST_CORES = 8  # of a job, where nobody says how many; few stages are much faster with more
LEAST_MEMORY = 190  # seconds for which squeue must know an ended job: it may be asked every 180 seconds only


class Cluster(NamedTuple):
    """How a run submits its jobs.

    run : the name of all its jobs, or what it begins with
    job : the job that the run itself is in, if it is in one
    """

    run: str = ""
    job: str = ""


def can_be_asked() -> bool:
    """Tell whether this is a host of a cluster with Slurm."""
    return shutil.which("squeue") is not None


def cores_of_a_job() -> int:
    """Return for how many cores a job asks that can use several, where the user does not say.

    As many as each node has of the partition that jobs go to by default, but not very many. A job that asks
    for more than any node has would be refused.
    """
    try:
        told = _ask(
            "sinfo", "--noheader", "--format=%P %c"
        )  # the default partition has a star; 64+ is at least 64
    except InputError:
        told = ""
    nodes = re.findall(r"^(\S+) (\d+)\+?$", told, re.MULTILINE)
    default = [int(cores) for partition, cores in nodes if partition.endswith("*")]
    return min([MOST_CORES, *(default or [int(cores) for _, cores in nodes] or [os.cpu_count() or 1])])


def job_lives(job: str) -> bool | None:
    """Tell whether a job has not ended; None where nobody can tell."""
    if not can_be_asked():
        return None
    try:
        return bool(_ask("squeue", "--noheader", f"--jobs={job}", "--format=%i").split())
    except InputError as error:
        return False if "Invalid job id" in str(error) else None


def jobs_left(folder: Path, run: str = "", own: str = "") -> list[str]:
    """Return the ids of the user's jobs that runs in a folder have submitted and that have not ended.

    run : the name of a former run's jobs
    own : a job that is not meant, because this process is in it
    """
    told = _ask("squeue", "--noheader", f"--user={getpass.getuser()}", "--format=%i|%j|%Z")
    jobs = [line.strip().split("|", 2) for line in told.splitlines() if line.count("|") >= 2]
    here = os.path.realpath(folder)
    return [
        job
        for job, name, place in jobs
        if job != own
        and ((run and name == run) or (name.startswith(NAME) and os.path.realpath(place) == here))
    ]


def end_jobs(lock: Path, run: str = "", own: str = "") -> None:
    """Cancel the jobs that a former run has left in this folder, and wait until they have ended.

    lock : the file that names the former run

    Raises
    ------
    InputError
        when they do not end, or can't be asked for.
    """
    if not can_be_asked():
        raise InputError(
            "A run in this folder was killed, and its jobs can't be asked for from here. See that none of "
            f"them is at work and remove {lock}, or run on a host where squeue is."
        )
    left = jobs_left(Path.cwd(), run, own)
    if not left:
        return
    what = "a former run left jobs that are still at work; they are cancelled first"
    print(f"seriatim: {what}: {', '.join(left)}", file=sys.stderr, flush=True)
    _ask("scancel", *left)
    deadline = time.monotonic() + END_SECONDS
    while left := jobs_left(Path.cwd(), run, own):
        if time.monotonic() > deadline:
            raise InputError(
                f"Jobs of a former run do not end: {', '.join(left)}. They would write what this run writes. "
                "See what holds them (scontrol show job), and run again when they are gone."
            )
        time.sleep(1)


def check_status(command: str) -> int | None:
    """Make sure that the program by which jobs are watched will tell of their end.

    Return how long Slurm remembers an ended job, in seconds; None if it does not say so.

    Raises
    ------
    InputError
        when it would not tell, and the run would wait for ever.
    """
    told = _ask("scontrol", "show", "config")
    settings = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", told, re.MULTILINE))
    kind = settings.get("AccountingStorageType", "").removeprefix("accounting_storage/")
    accounting = kind not in ("", "none", "(null)")
    if command == "sacct" and not accounting:
        raise InputError(
            "This Slurm keeps no accounts (AccountingStorageType is none), so sacct would never tell that a "
            "job has ended. Set slurm-status-command to squeue, as profiles/slurm does."
        )
    age = int(settings["MinJobAge"]) if settings.get("MinJobAge", "").isdigit() else None
    if command == "squeue" and age is not None and age < LEAST_MEMORY:
        remedy = "Set slurm-status-command to sacct." if accounting else "Use profiles/generic."
        raise InputError(
            f"This Slurm forgets a job {age} seconds after its end (MinJobAge). squeue may be asked every "
            f"180 seconds only, and would miss it. {remedy}"
        )
    return age


def _ask(*command: str) -> str:
    """Run a program of Slurm and return what it says."""
    try:
        done = subprocess.run(command, text=True, capture_output=True, timeout=ANSWER_SECONDS, check=True)
    except subprocess.CalledProcessError as error:
        raise InputError(f"Slurm does not answer: {' '.join(command)}: {error.stderr.strip()}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"Slurm does not answer: {error}. Is this a host of the cluster?") from None
    return done.stdout
