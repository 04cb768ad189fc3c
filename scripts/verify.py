"""Check store, artifacts and copies; what is damaged is set aside, for the next plain run to mend."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import set_aside
from scripts.lib.embedding.models.card import read_card
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.paths import readable
from scripts.lib.output.check import check_copies, has_ledger
from scripts.lib.output.copied import has_copies
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.verify import (
    Finding,
    outdated,
    verify_artifacts,
    verify_manifests,
    verify_parts,
    verify_thumbnails,
)


def vectors(run: Stage, job: Any) -> list[Finding]:
    """Check the store of the configured model, and the manifests that point into it."""
    card_file = Path(job.params.model, "model.json")
    if not card_file.exists():
        return []
    card = read_card(card_file)
    folder = Path(job.params.store).expanduser()
    store = Store(folder, card.fingerprint, card.dimension, card.dtype)
    with occupying(folder, run.tell):
        with run.progress(len(store.parts()), "parts") as count:
            findings = verify_parts(store.parts(), count)
        return findings + verify_manifests([Path(path) for path in job.params.manifests], store)


def thumbnails(run: Stage, job: Any) -> list[Finding]:
    """Check the thumbnails, and the table that says where they lie."""
    table = Path(job.params.thumbnails)
    parts = sorted(table.parent.glob("thumbnails/*/*.arrow"))
    with run.progress(len(parts), "parts of thumbnails") as count:
        return verify_parts(parts, count) + verify_thumbnails(table)


def copies(run: Stage, job: Any) -> list[Finding]:
    """Check what is in both output folders."""
    findings = copies_in(run, Path(job.params.output).expanduser(), Path(job.params.copied), job.threads)
    filed = Path(job.params.filed).expanduser()
    return findings + copies_in(run, filed, Path(job.params.reorganized), job.threads)


def copies_in(run: Stage, output: Path, copied: Path, threads: int) -> list[Finding]:
    """Check the copies; where one is not as it was made, have the next run look at all of them."""
    with run.progress(0, "copies") as count:
        found = check_copies(output, threads, count)
    findings = [Finding(output, f"{output}/{readable(each.name)} is {each.problem}.") for each in found]
    if copied.exists() and has_copies(copied) and not has_ledger(output):
        findings.append(Finding(output, f"{output} is gone, or its ledger is."))
    if findings:  # the next copy looks at the bytes of all
        set_aside(copied, "copies are not as they were made")
        copied.with_name(f"{copied.name}.damaged").touch()
    return findings


def main(job: Any) -> None:
    """Run the checks."""
    with stage("verify", job.log[0]) as run:
        artifacts = [Path(path) for path in job.params.artifacts]
        with run.progress(len(artifacts), "artifacts") as count:
            findings = verify_artifacts(artifacts, count)
        if former := outdated(artifacts):
            names = ", ".join(path.name for path in former)
            run.tell(f"of an earlier state of the images, until what makes them is run again: {names}")
        findings += vectors(run, job) + thumbnails(run, job) + copies(run, job)
        for finding in findings:
            run.tell(finding.problem)
        if findings:
            raise DamagedArtifact(
                f"{len(findings)} things are not as recorded; run again what made them, and it mends them."
            )
        run.tell("store, artifacts and copies are as they were recorded")


if __name__ == "__main__":
    main(snakemake)
