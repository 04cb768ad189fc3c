"""Every artifact has a record: what it is, and what it was made from.

Beside `mst.npy` lies `records/mst.npy.json` with the stage and its version, the settings, the
checksums of the artifact and of its inputs, and the facts worth knowing. Whoever reads an artifact
checks it against its record. One that is truncated, altered, or made from something else than what
lies beside it now is set aside as `mst.npy.damaged`, so that the next plain run makes it again.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.atomic import publish, temporary_for, write_json
from scripts.lib.errors import DamagedArtifact


@dataclass(frozen=True)
class Provenance:
    """What an artifact is made by and from; `facts` may be filled while it is being made."""

    stage: str
    version: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[Path] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One artifact's record, as it stands in its JSON file."""

    artifact: str
    bytes: int
    blake3: str
    stage: str
    version: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    facts: dict[str, Any]


def checksum(path: Path) -> str:
    """Return the BLAKE3 of a file as 64 hex digits, read through a memory map by all cores."""
    from blake3 import blake3  # late: what only computes, and writes nothing, needs none

    return blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()


def record_path(artifact: Path) -> Path:
    """Name the record that belongs to an artifact."""
    return artifact.parent / "records" / f"{artifact.name}.json"


def read_record(artifact: Path) -> Record:
    """Read an artifact's record.

    Raises
    ------
    DamagedArtifact
        when the record is missing or is no record; the artifact is set aside.
    """
    try:
        return _stored_record(artifact)
    except (OSError, ValueError, TypeError) as error:
        raise set_aside(artifact, f"its record can't be read ({error})") from error


def seen_record(artifact: Path) -> Record | None:
    """Return an artifact's record, None where there is no artifact or no record; viewers touch nothing."""
    try:
        return _stored_record(artifact) if artifact.exists() else None
    except (OSError, ValueError, TypeError):
        return None


def _stored_record(artifact: Path) -> Record:
    return Record(**json.loads(record_path(artifact).read_text(encoding="utf-8", errors="surrogateescape")))


@contextmanager
def recording(artifact: Path, provenance: Provenance) -> Iterator[Path]:
    """Yield a temporary path to fill; then write the record and publish the artifact, in that order.

    A kill between the two leaves a record that its artifact, if there is a former one, does not fit.
    """
    with temporary_for(artifact) as temporary:
        yield temporary
        write_json(record_path(artifact), asdict(_record(artifact, temporary, provenance)))
        publish(temporary, artifact)


def record_if_changed(artifact: Path, content: bytes, provenance: Provenance) -> bool:
    """Write an artifact only where its bytes differ, so that its age tells when it last changed."""
    if artifact.is_file() and artifact.read_bytes() == content and record_path(artifact).exists():
        return False
    with recording(artifact, provenance) as temporary:
        temporary.write_bytes(content)
    return True


def _record(artifact: Path, content: Path, provenance: Provenance) -> Record:
    return Record(
        artifact=artifact.name,
        bytes=content.stat().st_size,
        blake3=checksum(content),
        stage=provenance.stage,
        version=provenance.version,
        settings=dict(provenance.settings),
        inputs={os.path.relpath(i, artifact.parent): read_record(i).blake3 for i in provenance.inputs},
        facts=dict(provenance.facts),
    )


def checked(artifact: Path) -> Path:
    """Return the path of an artifact that is what its record says, made from what lies beside it.

    Raises
    ------
    DamagedArtifact
        otherwise; the artifact is set aside, and the next plain run makes it again.
    """
    record = read_record(artifact)
    reason = _damage(artifact, record) or _estrangement(artifact, record)
    if reason:
        raise set_aside(artifact, reason)
    return artifact


def is_outdated(artifact: Path) -> bool:
    """Tell whether what an artifact was made from has been made anew since, so that its turn is to come.

    One that is younger than what it was not made from has been put there, and is none of these.
    """
    record = read_record(artifact)
    if not _estrangement(artifact, record):
        return False
    sources = (Path(os.path.normpath(artifact.parent / name)) for name in record.inputs)
    made = artifact.stat().st_mtime_ns
    overtaken = any(source.exists() and source.stat().st_mtime_ns > made for source in sources)
    return overtaken and _damage(artifact, record) is None


def _damage(artifact: Path, record: Record) -> str | None:
    try:
        size = artifact.stat().st_size
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    if size != record.bytes:
        return f"it has {size:,} bytes where its record says {record.bytes:,}"
    if checksum(artifact) != record.blake3:
        return "its bytes are not those that were written"
    return None


def _estrangement(artifact: Path, record: Record) -> str | None:
    for name, expected in record.inputs.items():
        source = Path(os.path.normpath(artifact.parent / name))
        if record_path(source).exists() and read_record(source).blake3 != expected:
            return f"it was made from another {name} than the present one"
    return None


def set_aside(artifact: Path, reason: str) -> DamagedArtifact:
    """Rename a bad artifact to `*.damaged` and return the error that says so."""
    if artifact.exists():
        os.replace(artifact, artifact.with_name(f"{artifact.name}.damaged"))
    return DamagedArtifact(
        f"{artifact} is not usable: {reason}. It was set aside as {artifact.name}.damaged; "
        "run the same command again, and it is made anew."
    )
