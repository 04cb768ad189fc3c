"""What verification finds, a plain run mends."""

import os
import shutil
from pathlib import Path

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.run.verify import outdated, verify_artifacts
from tests.conftest import Workflow


def alter(path: Path) -> None:
    """Change one byte and keep size and time, as a failing disk does."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_collection_is_checked_as_often_as_it_is_asked_for(collection: Workflow) -> None:
    for _ in range(2):
        assert "are as they were recorded" in collection.run("verify").stderr
    alter(collection.output / sorted(collection.copies())[0])
    assert collection.run("verify", check=False).returncode == 1


def test_a_lost_output_folder_is_found_and_made_again(collection: Workflow) -> None:
    copies = collection.copies()
    shutil.rmtree(collection.output)
    assert "is gone" in collection.run("verify", check=False).stderr
    collection.run()
    assert collection.copies() == copies


def test_everything_that_is_damaged_is_named_and_mended_by_a_plain_run(collection: Workflow) -> None:
    order, copies = collection.order(), collection.copies()
    part = next((collection.folder / "results" / "store").glob("*/*.arrow"))
    victims = [
        part,
        collection.model / "knn.npz",
        collection.model / "path.npy",
        collection.results / "inventory" / "0.parquet",
        collection.output / sorted(copies)[3],
    ]
    for victim in victims:
        alter(victim)
    (collection.output / sorted(copies)[7]).unlink()
    found = collection.run("verify", check=False)
    assert found.returncode == 1
    for victim in victims:
        assert victim.name in found.stderr
    assert sorted(copies)[7] in found.stderr
    collection.run()
    assert collection.order() == order
    assert collection.copies() == copies
    assert "are as they were recorded" in collection.run("verify").stderr


def test_what_a_stage_asked_for_by_name_leaves_as_it_was_is_not_damaged(tmp_path: Path) -> None:
    order, plan, lost = (tmp_path / name for name in ("order", "plan", "lost"))
    for artifact, inputs in ((order, []), (plan, [order]), (order, [])):
        with recording(artifact, Provenance("stage", 1, {}, inputs)) as temporary:
            temporary.write_text(f"{len(os.listdir(tmp_path))} files were there")
    artifacts = [order, plan, lost]
    assert verify_artifacts(artifacts, lambda count: None) == []
    assert outdated(artifacts) == [plan]
    alter(plan)
    assert [each.path for each in verify_artifacts(artifacts, lambda count: None)] == [plan]
    assert outdated(artifacts) == []


def test_what_was_put_beside_others_than_it_was_made_from_is_found(tmp_path: Path) -> None:
    order, plan = tmp_path / "order", tmp_path / "plan"
    for artifact, inputs in ((order, []), (plan, [order]), (order, [])):
        with recording(artifact, Provenance("stage", 1, {}, inputs)) as temporary:
            temporary.write_text(f"{len(os.listdir(tmp_path))} files were there")
    later = order.stat().st_mtime_ns + 1
    os.utime(plan, ns=(later, later))
    assert outdated([order, plan]) == []
    (found,) = verify_artifacts([order, plan], lambda count: None)
    assert "it was made from another order than the present one" in found.problem
    assert not plan.exists()


def test_lost_vectors_are_found_by_their_reader_and_embedded_again(collection: Workflow) -> None:
    order = collection.order()
    store = collection.folder / "results" / "store"
    next(store.glob("*/*.arrow")).unlink()
    failed = collection.run("--forcerun", "gather", check=False)
    assert failed.returncode == 1
    assert "vectors are gone" in failed.stderr
    collection.run()
    assert collection.order() == order
    assert collection.embedded() == 20
