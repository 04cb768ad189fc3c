"""What makes stages run again changes when it should, and only then."""

import os
from pathlib import Path

import pytest

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.run.config import complete
from scripts.lib.run.triggers import (
    input_fingerprint,
    model_version,
    remember_failures,
    retry_path,
    retry_token,
    token_in,
    wants_gpu,
    weights_state,
)
from tests.conftest import write_pictures
from tests.test_config import SCHEMA


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config_of(**given: object) -> dict[str, object]:
    return complete(given, SCHEMA)


def test_the_output_inside_the_images_changes_nothing(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 2)
    config = config_of(images="images", output="images/sorted")
    (tmp_path / "images" / "sorted").mkdir()
    before = input_fingerprint(config)
    write_pictures(tmp_path / "images" / "sorted", 2)
    assert input_fingerprint(config) == before


def test_scan_mode_off_trusts_the_last_scan(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 2)
    full = input_fingerprint(config_of(images="images"))
    inventory = tmp_path / "results" / "photos" / "inventory.parquet"
    with recording(inventory, Provenance("scan", 1, {"fingerprint": full})) as temporary:
        temporary.touch()
    write_pictures(tmp_path / "images", 1, first=7)
    assert input_fingerprint(config_of(images="images", scan_mode="off")) == full
    assert input_fingerprint(config_of(images="images")) != full


def test_precomputed_vectors_are_watched_instead_of_images(tmp_path: Path) -> None:
    (tmp_path / "v.parquet").write_bytes(b"x")
    config = config_of(model="precomputed", embeddings="v.parquet", images="nowhere")
    before = input_fingerprint(config)
    os.utime("v.parquet", ns=(0, 1))
    assert input_fingerprint(config) != before


def test_a_local_checkpoint_is_watched(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(b"x")
    config = config_of(model="resnet18", weights="w.pth")
    before = weights_state(config)
    (tmp_path / "w.pth").write_bytes(b"xy")
    assert weights_state(config) != before
    assert weights_state(config_of()) is None


@pytest.mark.parametrize("name", ["clip:ViT-B-32/w.pt", "clip:ViT-B-32/~/w.pt", "clip:ViT-B-32/{}/w.pt"])
def test_a_file_in_a_models_name_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = config_of(model=name.format(tmp_path))
    gone = weights_state(config)
    (tmp_path / "w.pt").write_bytes(b"x")
    first = weights_state(config)
    (tmp_path / "w.pt").write_bytes(b"xy")
    assert len({gone, first, weights_state(config)}) == 3
    assert weights_state(config_of(model="clip:ViT-B-32/openai")) is None


def test_only_networks_want_a_gpu() -> None:
    assert wants_gpu(config_of(model="resnet18"))
    assert not wants_gpu(config_of(model="resnet18", device="cpu"))
    assert not wants_gpu(config_of(model="descriptor"))
    assert model_version(config_of(model="descriptor")) >= 1


def test_a_failure_of_reading_is_retried_once_it_can_be_read_and_only_then(tmp_path: Path) -> None:
    side, lost = retry_path("model", 0), tmp_path / "lost.jpg"
    assert retry_token("model", 0) == ""
    remember_failures(side, "", 1, [bytes(lost)])
    assert retry_token("model", 0) == ""  # still gone
    lost.touch()
    token = retry_token("model", 0)
    assert token != ""
    assert retry_token("model", 0) == token  # until a job has run for it
    remember_failures(side, token, 0, [])
    assert retry_token("model", 0) == token


def test_what_a_job_left_is_missed_once_it_is_gone(tmp_path: Path) -> None:
    side, left = tmp_path / "thumbnails" / "retry.json", tmp_path / "thumbnails" / "1" / "part"
    left.parent.mkdir(parents=True)
    left.touch()
    remember_failures(side, "", 0, [], ["1/part"])
    assert token_in(side) == ""
    left.unlink()
    token = token_in(side)
    assert token != ""
    remember_failures(side, token, 0, [], ["1/part"])
    left.touch()
    assert token_in(side) == token


def test_a_demand_tries_every_failure_again_and_nothing_else() -> None:
    assert retry_token("model", 0, demanded=True) == ""
    remember_failures(retry_path("model", 0), "", 2, [])
    token = retry_token("model", 0, demanded=True)
    assert token != retry_token("model", 0) == ""
    remember_failures(retry_path("model", 0), token, 2, [])
    assert retry_token("model", 0) == token  # a plain run does not repeat it
    assert retry_token("model", 0, demanded=True) not in ("", token)  # another demand does
    remember_failures(retry_path("model", 0), token, 0, [])
    assert retry_token("model", 0, demanded=True) == token
