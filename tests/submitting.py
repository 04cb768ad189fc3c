"""The real workflow on a cluster: its jobs are submitted, by the profiles that users have."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, Workflow
from tests.slurm_cluster import SlurmCluster, wait_for

HASTE = {  # what is short here asks sooner whether it has ended
    "slurm": ["--slurm-init-seconds-before-status-checks", "4"],
    "generic": ["--seconds-between-status-checks", "2"],
}


class SubmittingWorkflow(Workflow):
    """A workflow whose stages are jobs of a cluster."""

    def __init__(self, folder: Path, cluster: SlurmCluster, profile: str = "slurm") -> None:
        super().__init__(folder)
        self.cluster, self.profile = cluster, profile

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a user of the cluster, who has what the plugin imports."""
        return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | self.cluster.environment

    def submission(self, *arguments: str, **config: object) -> list[str]:
        """Return the command line of a run on the cluster."""
        program, rest = self.command(*arguments, **config)[:3], self.command(*arguments, **config)[3:]
        where = rest.index("--cores")
        profile = ["--workflow-profile", str(ROOT / "profiles" / self.profile), *HASTE[self.profile]]
        return [*program, *rest[:where], *profile, *rest[where + 2 :]]

    @contextmanager
    def running(self, said: Path, *arguments: str, **config: object) -> Iterator[subprocess.Popen[bytes]]:
        """Start a run, which writes what it says to a file, and end it with the block."""
        command = self.submission(*arguments, **config)
        with (
            said.open("wb") as output,
            subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=output, stderr=output
            ) as run,
        ):
            try:
                yield run
            finally:
                run.kill()

    def submit(self, *arguments: str, **config: object) -> str:
        """Run on the cluster to the end, and return what was said."""
        said = self.folder / "said"
        with self.running(said, *arguments, **config) as run:
            code = run.wait()
        logs = [*self.folder.glob("results/*_logs/**/*.log"), *self.results.rglob("*.log")]
        told = "\n".join(f"--- {log}\n{log.read_text()[-2000:]}" for log in logs) if code else ""
        assert code == 0, f"{said.read_text()}\n{told}\n{self.cluster.logs()}"
        return said.read_text()

    def jobs_of(self, rule: str) -> list[dict[str, str]]:
        """Return what Slurm knows of the jobs of a rule in this folder, in the order of their submission."""
        jobs = [job for job in self.cluster.jobs() if Path(job["WorkDir"]) == self.folder]
        return [job for job in jobs if f"rule_{rule}" in job["Comment"]]

    def wait_for_jobs(self, rule: str, state: str, count: int, after: int = 0) -> list[dict[str, str]]:
        """Wait until so many jobs of a rule are in a state, and return them.

        after : jobs with such ids or lower ones do not count
        """
        found: list[dict[str, str]] = []

        def enough() -> bool:
            jobs = [job for job in self.jobs_of(rule) if int(job["JobId"]) > after]
            found[:] = [job for job in jobs if job["JobState"] == state]
            return len(found) >= count

        wait_for(enough, f"{count} jobs of {rule} are {state}", 120)
        return found
