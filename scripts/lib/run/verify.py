"""Check what lies on the disk against what was recorded, and set aside what does not fit.

What is set aside is missing, and what is missing the next plain run makes again.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from scripts.lib.artifacts.record import checked, is_outdated, record_path, set_aside
from scripts.lib.embedding.gather import relocate
from scripts.lib.embedding.manifest import read_places
from scripts.lib.embedding.parts import is_intact, set_part_aside
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact
from scripts.lib.thumbnails.packed import lost_parts


class Finding(NamedTuple):
    """Something that is not as it was recorded; a plain run mends it."""

    path: Path
    problem: str


def verify_artifacts(artifacts: Iterable[Path], progress: Callable[[int], object]) -> list[Finding]:
    """Check artifacts against their records, in the order in which they are made.

    Those of an earlier state of the images are sound: a stage that is asked for by name leaves what it does
    not need as it was.
    """
    findings = []
    for artifact in artifacts:
        if artifact.exists():
            try:
                if not is_outdated(artifact):
                    checked(artifact)
            except DamagedArtifact as error:
                findings.append(Finding(artifact, str(error)))
        elif record_path(artifact).exists():
            findings.append(Finding(artifact, f"{artifact} is gone."))
        progress(1)
    return findings


def outdated(artifacts: Iterable[Path]) -> list[Path]:
    """Return the artifacts that were made before what they are made from."""
    return [each for each in artifacts if each.exists() and record_path(each).exists() and is_outdated(each)]


def verify_parts(parts: Iterable[Path], progress: Callable[[int], object]) -> list[Finding]:
    """Check the bytes of parts against their names."""
    findings = []
    for part in parts:
        if not is_intact(part):
            error = set_part_aside(part, "its bytes are not those that were written")
            findings.append(Finding(part, str(error)))
        progress(1)
    return findings


def verify_manifests(manifests: Sequence[Path], store: Store) -> list[Finding]:
    """Check that every vector that a manifest names is in the store."""
    findings = []
    for manifest in (m for m in manifests if m.exists()):
        try:
            relocate(read_places([manifest]), store)
        except DamagedArtifact as error:
            findings.append(Finding(manifest, str(set_aside(manifest, str(error)))))
    return findings


def verify_thumbnails(table: Path) -> list[Finding]:
    """Check that the parts are there in which a table says that pictures lie."""
    lost = lost_parts(table) if table.exists() else 0
    if not lost:
        return []
    return [Finding(table, str(set_aside(table, f"{lost} parts with pictures are gone")))]
