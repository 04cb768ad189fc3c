"""Artifacts are whole, recorded, and checked by whoever reads them."""

from pathlib import Path

import pytest

from scripts.lib.artifacts.record import (
    Provenance,
    checked,
    read_record,
    record_if_changed,
    record_path,
    recording,
)
from scripts.lib.errors import DamagedArtifact

PROVENANCE = Provenance("knn", 3, {"k": 24})


def write(path: Path, content: bytes = b"content", provenance: Provenance = PROVENANCE) -> Path:
    with recording(path, provenance) as temporary:
        temporary.write_bytes(content)
    return path


def test_an_artifact_and_its_record(tmp_path: Path) -> None:
    source = write(tmp_path / "vectors.npy")
    artifact = write(tmp_path / "knn.npz", b"graph", Provenance("knn", 3, {"k": 24}, [source], {"n": 7}))
    record = read_record(artifact)
    assert (record.stage, record.version, record.settings, record.facts) == ("knn", 3, {"k": 24}, {"n": 7})
    assert record.bytes == 5
    assert record.inputs == {"vectors.npy": read_record(source).blake3}
    assert checked(artifact) == artifact


def test_a_failure_leaves_the_former_artifact(tmp_path: Path) -> None:
    artifact = write(tmp_path / "a.npy", b"first")
    with pytest.raises(KeyError), recording(artifact, PROVENANCE) as temporary:
        temporary.write_bytes(b"half")
        raise KeyError
    assert checked(artifact).read_bytes() == b"first"
    assert {p.name for p in tmp_path.iterdir()} == {"a.npy", "records"}


@pytest.mark.parametrize("damage", [b"", b"conten", b"contenT", b"content and more"])
def test_truncated_and_altered_artifacts_are_set_aside(tmp_path: Path, damage: bytes) -> None:
    artifact = write(tmp_path / "a.npy")
    artifact.write_bytes(damage)
    with pytest.raises(DamagedArtifact, match=r"set aside as a\.npy\.damaged"):
        checked(artifact)
    assert not artifact.exists()
    assert (tmp_path / "a.npy.damaged").read_bytes() == damage


def test_an_artifact_made_from_something_else_is_set_aside(tmp_path: Path) -> None:
    source = write(tmp_path / "vectors.npy")
    artifact = write(tmp_path / "knn.npz", b"graph", Provenance("knn", 1, inputs=[source]))
    write(source, b"other vectors")
    with pytest.raises(DamagedArtifact, match=r"made from another vectors\.npy"):
        checked(artifact)


@pytest.mark.parametrize("record", [None, "{", '{"artifact": "a.npy"}'])
def test_an_artifact_without_a_proper_record_is_set_aside(tmp_path: Path, record: str | None) -> None:
    artifact = write(tmp_path / "a.npy")
    if record is None:
        record_path(artifact).unlink()
    else:
        record_path(artifact).write_text(record)
    with pytest.raises(DamagedArtifact, match="record can't be read"):
        checked(artifact)


def test_settings_may_name_folders_that_are_no_text(tmp_path: Path) -> None:
    odd = b"\xff".decode(errors="surrogateescape")
    artifact = write(tmp_path / "a.npy", provenance=Provenance("scan", 1, {"images": [odd]}))
    assert read_record(artifact).settings == {"images": [odd]}


def test_a_missing_artifact_is_named(tmp_path: Path) -> None:
    artifact = write(tmp_path / "a.npy")
    artifact.unlink()
    with pytest.raises(DamagedArtifact, match=r"a\.npy"):
        checked(artifact)


def test_equal_bytes_keep_their_age(tmp_path: Path) -> None:
    artifact = tmp_path / "0.parquet"
    assert record_if_changed(artifact, b"ids", PROVENANCE)
    age = artifact.stat().st_mtime_ns
    assert not record_if_changed(artifact, b"ids", PROVENANCE)
    assert artifact.stat().st_mtime_ns == age
    assert record_if_changed(artifact, b"other", PROVENANCE)
    assert checked(artifact).read_bytes() == b"other"
