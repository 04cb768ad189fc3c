"""Put back what was filed into folders, and mark their ledger, so that it is not done again."""

from pathlib import Path
from typing import Any

from scripts.lib.output.put_back import put_back
from scripts.lib.run.stage import stage
from scripts.lib.run.triggers import roots_of


def main(job: Any) -> None:
    """Run the stage."""
    output, other = (Path(folder).expanduser() for folder in (job.params.output, job.params.other))
    reorganized = Path(job.params.reorganized)
    with stage("undo_reorganize", job.log[0]) as run:
        put_back(run, output, other, job.config["name"], job.threads, roots_of(job.config), reorganized)


if __name__ == "__main__":
    main(snakemake)
