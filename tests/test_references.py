"""Whatever somebody may need of a store is known, also of jobs that were killed and of damaged files."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.manifest import manifest_table
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.places import part_places
from scripts.lib.embedding.upkeep.references import needs
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import id_bytes, list_bytes
from tests.test_places import identified

CARD = ModelCard("made", 2, "float16", 1)
OTHER = ModelCard("other", 3, "float32", 1)


def write_card(results: Path, card: ModelCard = CARD, collection: str = "photos") -> Path:
    model = results / collection / card.name
    model.mkdir(parents=True, exist_ok=True)
    (model / "model.json").write_text(json.dumps(card.to_json()))
    return model


def write_list(results: Path, partition: int, *numbers: int, collection: str = "photos") -> Path:
    """Write what a scan leaves of a partition: the ids of what is to be embedded."""
    path = results / collection / "inventory" / f"{partition}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(list_bytes(identified(*numbers)))
    return path


def write_manifest(model: Path, partition: int, *numbers: int) -> Path:
    path = model / "embed" / f"{partition}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = identified(*numbers)
    pq.write_table(manifest_table(ids, part_places("p.arrow", ids), {}), path)
    return path


def write_scan(results: Path, partitions: int, collection: str = "photos") -> None:
    """Write the record of a scan."""
    provenance = Provenance("scan", 1, {"partitions": partitions})
    with recording(results / collection / "inventory.parquet", provenance) as temporary:
        temporary.touch()


def needed(results: Path, card: ModelCard = CARD) -> list[bytes]:
    return id_bytes(needs([results])[card.fingerprint].ids)


def test_what_was_embedded_and_what_is_still_to_be_is_needed(tmp_path: Path) -> None:
    model = write_card(tmp_path)
    write_list(tmp_path, 0, 1, 2, 3)
    assert needed(tmp_path) == id_bytes(identified(1, 2, 3)), "of a job that was killed"
    write_manifest(model, 0, 3, 4)
    assert needed(tmp_path) == id_bytes(identified(1, 2, 3, 4))
    (found,) = needs([tmp_path]).values()
    assert found[:3] == ("made", 2, "float16")


def test_models_and_collections_are_told_apart_and_put_together(tmp_path: Path) -> None:
    for number, folder in enumerate(("a", "b")):
        write_card(tmp_path / folder)
        write_list(tmp_path / folder, 0, number, 9)
    write_card(tmp_path / "a", OTHER, "more")
    write_list(tmp_path / "a", 0, 7, collection="more")
    found = needs([tmp_path / "a", tmp_path / "b"])
    assert id_bytes(found[CARD.fingerprint].ids) == id_bytes(identified(0, 1, 9))
    assert id_bytes(found[OTHER.fingerprint].ids) == id_bytes(identified(7))


def test_nothing_is_needed_where_nothing_is(tmp_path: Path) -> None:
    assert needs([tmp_path, tmp_path / "nowhere"]) == {}
    write_card(tmp_path)
    assert len(needs([tmp_path])[CARD.fingerprint].ids) == 0


def test_the_fingerprint_is_that_which_was_written(tmp_path: Path) -> None:
    """A later version of the program may compute another one for the same model."""
    model = write_card(tmp_path)
    card = json.loads((model / "model.json").read_text()) | {"fingerprint": "0" * 16}
    (model / "model.json").write_text(json.dumps(card))
    assert list(needs([tmp_path])) == ["0" * 16]


def test_what_was_set_aside_speaks_until_it_is_made_again(tmp_path: Path) -> None:
    model = write_card(tmp_path)
    manifest = write_manifest(model, 0, 1, 2)
    for path in (manifest, model / "model.json"):
        path.rename(f"{path}.damaged")
    assert needed(tmp_path) == id_bytes(identified(1, 2))
    write_card(tmp_path)
    write_manifest(model, 0, 2, 3)
    assert needed(tmp_path) == id_bytes(identified(2, 3))


@pytest.mark.parametrize("victim", ["card", "list", "manifest", "gone"])
def test_what_can_not_be_read_is_named(tmp_path: Path, victim: str) -> None:
    model = write_card(tmp_path)
    files = {
        "card": model / "model.json",
        "list": write_list(tmp_path, 0, 1),
        "manifest": write_manifest(model, 0, 1),
    }
    if victim == "gone":
        files["card"].unlink()
    else:
        files[victim].write_bytes(files[victim].read_bytes()[:20])
    with pytest.raises(InputError, match=files["card" if victim == "gone" else victim].name):
        needs([tmp_path])


def test_what_another_number_of_partitions_left_is_not_needed(tmp_path: Path) -> None:
    model = write_card(tmp_path)
    for partition in range(3):
        write_list(tmp_path, partition, partition)
        write_manifest(model, partition, partition)
    assert needed(tmp_path) == id_bytes(identified(0, 1, 2)), "the number is not known"
    write_scan(tmp_path, 2)
    assert needed(tmp_path) == id_bytes(identified(0, 1))


def test_the_tables_of_partitions_are_put_together_in_any_order(tmp_path: Path) -> None:
    model = write_card(tmp_path)
    numbers = np.random.default_rng(0).permutation(200)[:90]
    for partition, some in enumerate(np.array_split(numbers, 4)):
        write_manifest(model, partition, *some.tolist())
    assert needed(tmp_path) == id_bytes(identified(*sorted(numbers.tolist())))
