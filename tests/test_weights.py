"""The model is decided before anything is embedded: card, fingerprint, and errors that show ways out."""

import hashlib
import urllib.error
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
import huggingface_hub.errors
import pytest
import torch

from scripts.lib.embedding.models import classifiers
from scripts.lib.embedding.models.card import ModelCard, read_card
from scripts.lib.embedding.models.device import choose_device
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.weights import from_hub
from scripts.lib.errors import InputError
from scripts.lib.images.decode import VIDEO_FRAMES
from scripts.weights import card_of

SMALL = "mobilenet_v3_small"


class FakeHub:
    """A hub that has some files, or can't be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.has, self.error = folder, set(), None
        self.looks, self.downloads = 0, []

    def look(self, url: str, timeout: float) -> None:
        self.looks += 1
        if self.error:
            raise self.error
        if url.rsplit("/", 1)[1] not in self.has:
            raise huggingface_hub.errors.EntryNotFoundError("no such file")

    def download(self, repository: str, file: str) -> str:
        self.downloads.append(f"{repository}: {file}")
        return str(self.folder / file)


def save(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    torch.save(import_torchvision().models.get_model(SMALL, weights=None).state_dict(), path)
    return path


def test_a_local_file_makes_a_card(tmp_path: Path) -> None:
    card = describe(SMALL, str(save(tmp_path / "w.pth", 0)))
    assert (card.name, card.dimension, card.dtype) == (SMALL, 1024, "float16")
    assert card.preprocessing["crop_size"] == 224


def test_the_fingerprint_is_the_weights_not_their_place(tmp_path: Path) -> None:
    first = describe(SMALL, str(save(tmp_path / "a.pth", 0)))
    (tmp_path / "b.pth").write_bytes((tmp_path / "a.pth").read_bytes())
    moved = describe(SMALL, str(tmp_path / "b.pth"))
    other = describe(SMALL, str(save(tmp_path / "c.pth", 1)))
    assert first.fingerprint == moved.fingerprint != other.fingerprint


def test_a_card_survives_its_file(tmp_path: Path) -> None:
    import json

    card = describe("descriptor", None)
    (tmp_path / "model.json").write_text(json.dumps(card.to_json()))
    assert read_card(tmp_path / "model.json") == card


@pytest.mark.parametrize("field", ["name", "dimension", "dtype", "version", "preprocessing"])
def test_whatever_changes_vectors_changes_the_fingerprint(field: str) -> None:
    from dataclasses import replace

    card = ModelCard("a", 1, "float16", 1)
    other = {"name": "b", "dimension": 2, "dtype": "float32", "version": 2, "preprocessing": {"x": 1}}
    assert replace(card, **{field: other[field]}).fingerprint != card.fingerprint


def test_the_card_says_how_many_frames_only_where_that_is_not_usual() -> None:
    config = {"model": "descriptor", "weights": None, "multicrop": False, "video_frames": VIDEO_FRAMES}
    usual, first = card_of(config, None), card_of(config | {"video_frames": 1}, None)
    assert usual == describe("descriptor", None)
    assert (usual.video_frames, first.video_frames) == (VIDEO_FRAMES, 1)
    assert usual.fingerprint != first.fingerprint


def test_without_a_network_the_ways_out_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(InputError, match=r"can't be downloaded.*weights=FILE.*model=descriptor"):
        describe("regnet_y_16gf", None)


def test_a_filled_torch_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    draft = save(tmp_path / "draft.pth", 0)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    name = f"{SMALL}-{digest}.pth"
    draft.rename(cache / name)

    class Entry:
        url = f"https://example.org/{name}"

        @staticmethod
        def transforms() -> object:
            return import_torchvision().models.get_model_weights(SMALL).DEFAULT.transforms()

    monkeypatch.setattr(classifiers, "preferred_weights", lambda model: Entry)
    assert describe(SMALL, None).weights == str(cache / name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """Stand in for the Hugging Face hub, with an empty cache."""
    fake = FakeHub(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", fake.look)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fake.download)
    return fake


def test_the_first_file_that_the_hub_has_is_downloaded(hub: FakeHub) -> None:
    hub.has = {"b.bin", "c.bin"}
    assert from_hub("net", "some/net", ("a.safetensors", "b.bin", "c.bin")).name == "b.bin"
    assert hub.downloads == ["some/net: b.bin"]


def test_a_filled_cache_of_the_hub_is_used(hub: FakeHub, tmp_path: Path) -> None:
    hub.has = {"a.safetensors"}
    folder = tmp_path / "cache" / "models--some--net"
    snapshot = folder / "snapshots" / "0123"
    for each in (snapshot, folder / "refs"):
        each.mkdir(parents=True)
    (folder / "refs" / "main").write_text("0123")
    (snapshot / "b.bin").write_bytes(b"weights")
    assert from_hub("net", "some/net", ("a.safetensors", "b.bin")) == snapshot / "b.bin"
    assert hub.downloads == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("clip:ViT-B-32/openai", "timm/vit_base_patch32_clip_224.openai"),
        ("timm:test_vit", "timm/test_vit.r160_in1k"),
    ],
)
def test_without_the_hub_the_ways_out_are_shown(hub: FakeHub, tmp_path: Path, name: str, place: str) -> None:
    hub.error = OSError("Name or service not known")
    cache = tmp_path / "cache" / f"models--{place.replace('/', '--')}"
    with pytest.raises(InputError) as raised:
        describe(name, None)
    message = str(raised.value)
    for part in (
        name,
        f"huggingface.co/{place}",
        "not known",
        str(cache),
        "weights=FILE",
        "model=descriptor",
    ):
        assert part in message
    assert hub.looks == 1  # and no second try
    assert hub.downloads == []


def test_a_repository_without_weights_is_named(hub: FakeHub) -> None:
    with pytest.raises(InputError, match=r"some/net: it has none of a\.bin, b\.bin"):
        from_hub("net", "some/net", ("a.bin", "b.bin"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("regnet_y16gf", "Near it: regnet_y_16gf"), ("klip:ViT-B-32/x", "there is no .klip")],
)
def test_unknown_models_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        describe(name, None)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InputError, match=r"no file /nowhere\.pth"):
        describe(SMALL, "/nowhere.pth")


def test_a_network_embeds_alike_in_any_batch(tmp_path: Path) -> None:
    import numpy as np

    card = describe(SMALL, str(save(tmp_path / "w.pth", 0)))
    model = open_model(card, "cpu", threads=1)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    together = model.features(pixels)
    assert together.shape == (3, card.dimension)
    assert together.dtype == np.float32
    alone = np.concatenate([model.features(pixels[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)  # the stated tolerance


@pytest.mark.parametrize("change", ["gone", "other"])
def test_weights_that_changed_since_are_not_used(tmp_path: Path, change: str) -> None:
    path = save(tmp_path / "w.pth", 0)
    card = describe(SMALL, str(path))
    path.unlink() if change == "gone" else save(path, 1)
    with pytest.raises(InputError, match="--forcerun weights"):
        open_model(card, "cpu", threads=1)


def test_devices() -> None:
    assert choose_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        assert choose_device("auto") == "cpu"
        with pytest.raises(InputError, match="no GPU here"):
            choose_device("cuda")
