"""Put back what was filed into folders, and mark their ledger, so that it is not done again."""

from typing import Any

from scripts.lib.output.put_back import put_back
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    with stage("undo_reorganize", job.log[0]) as run:
        put_back(run, job.params, job.config, job.threads)


if __name__ == "__main__":
    main(snakemake)
