"""OpenCLIP's image towers, loaded by tag or file, see what the library's own models see."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from scripts.lib.embedding.models import clip
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.errors import InputError
from tests.conftest import picture, write_pictures
from tests.networks import embedded, features, opened

LIBRARY = clip.open_clip()
TAG = {"hf_hub": "somebody/tiny/", "url": "", "mean": (0.5,) * 3, "std": (0.25,) * 3, "quick_gelu": True}
TAG |= {"interpolation": "bilinear", "resize_mode": "squash"}
TOWERS = {  # one of each kind that OpenCLIP has
    "tiny-vit": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
    "tiny-resnet": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8},
    "tiny-timm": {"image_size": 32, "timm_model_name": "test_resnet"},
    "tiny-coca": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16}
    | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
}
TEXT = {"context_length": 8, "vocab_size": 32, "width": 8, "heads": 2, "layers": 1}


@pytest.fixture(scope="module", autouse=True)
def architectures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Add tiny architectures to the library's, one of them with pretrained weights on the hub."""
    folder = tmp_path_factory.mktemp("configs")
    for name, tower in TOWERS.items():
        config = {"embed_dim": 12, "vision_cfg": tower, "text_cfg": TEXT}
        if name == "tiny-coca":
            config |= {"multimodal_cfg": TEXT | {"attn_pooler_heads": 2}, "custom_text": True}
        (folder / f"{name}.json").write_text(json.dumps(config))
    LIBRARY.add_model_config(folder)
    LIBRARY.pretrained._PRETRAINED["tiny-vit"] = {"seeded": TAG}
    yield
    LIBRARY.factory._MODEL_CONFIG_PATHS.remove(folder)
    for name in TOWERS:
        del LIBRARY.factory._MODEL_CONFIGS[name]
    del LIBRARY.pretrained._PRETRAINED["tiny-vit"]


def created(architecture: str = "tiny-vit", seed: int = 0, **options: object) -> torch.nn.Module:
    """Return the library's own model, with weights drawn from a seed."""
    torch.manual_seed(seed)
    return LIBRARY.create_model(architecture, **options).eval()


def saved(path: Path, architecture: str = "tiny-vit", seed: int = 0) -> Path:
    torch.save(created(architecture, seed).state_dict(), path)
    return path


def expected(model: torch.nn.Module, image: Image.Image, **overrides: object) -> np.ndarray:
    """Return the vector of an image by the library's own preprocessing and encoder."""
    rule = LIBRARY.transform.PreprocessCfg(**(model.visual.preprocess_cfg | overrides))
    pixels = LIBRARY.transform.image_transform_v2(rule, is_train=False)(image)
    with torch.inference_mode():
        return model.encode_image(pixels[None], normalize=True)[0].numpy()


@pytest.mark.parametrize("architecture", TOWERS)
@pytest.mark.parametrize("size", [(90, 50), (40, 70), (32, 32)])
def test_features_are_those_of_the_library(tmp_path: Path, architecture: str, size: tuple[int, int]) -> None:
    model, image = created(architecture), picture(1, size)
    vector = features(f"clip:{architecture}/{saved(tmp_path / 'w.pt', architecture)}", image)
    np.testing.assert_allclose(vector, expected(model, image), atol=1e-5)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_tag_brings_its_weights_its_preprocessing_and_quick_gelu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = {("somebody/tiny", clip.HUB_FILES): saved(tmp_path / "hub.pt")}
    monkeypatch.setattr(clip, "from_hub", lambda name, repository, files: hub[repository, files])
    card = describe("clip:tiny-vit/seeded", None)
    assert (card.name, card.weights_source) == ("clip:tiny-vit/seeded", "somebody/tiny")
    assert (card.dimension, card.unit_length) == (12, True)
    image, model = picture(2, (90, 50)), created(force_quick_gelu=True)
    wanted = {key: TAG[key] for key in ("mean", "std", "interpolation", "resize_mode")}
    vector = features("clip:tiny-vit/seeded", image)
    np.testing.assert_allclose(vector, expected(model, image, **wanted), atol=1e-5)
    assert np.abs(vector - expected(created(), image, **wanted)).max() > 1e-4  # without QuickGELU


def test_a_file_can_stand_in_for_a_tags_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "from_hub", lambda *_: pytest.fail("nothing is to be downloaded"))
    card = describe("clip:tiny-vit/seeded", str(saved(tmp_path / "w.pt")))
    assert card.preprocessing["quick_gelu"]
    assert card.preprocessing["resize_mode"] == "squash"


def test_every_tag_of_the_library_is_understood() -> None:
    for architecture, tag in LIBRARY.list_pretrained():
        settings = LIBRARY.get_pretrained_cfg(architecture, tag)
        rule = clip.preprocessing(settings, 224)
        assert rule["resize_mode"] in ("shortest", "squash"), tag
        assert rule["interpolation"] in Image.Resampling.__members__, tag
        assert "/" in settings["hf_hub"], tag


@pytest.mark.parametrize(
    "part",
    [
        lambda state: {"state_dict": state, "epoch": 1},
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: {key: value for key, value in state.items() if key.startswith("visual.")},
        lambda state: {key[7:]: value for key, value in state.items() if key.startswith("visual.")},
    ],
    ids=["nested", "wrapped", "image tower", "image tower alone"],
)
def test_the_image_tower_is_found_in_what_people_save(
    tmp_path: Path, part: Callable[[dict[str, torch.Tensor]], object]
) -> None:
    torch.save(part(created().state_dict()), tmp_path / "w.pt")
    vector = features("clip:tiny-vit", picture(3), tmp_path / "w.pt")
    np.testing.assert_allclose(vector, expected(created(), picture(3)), atol=1e-5)


def test_checkpoints_with_the_other_kind_of_text_tower_load(tmp_path: Path) -> None:
    other = created(force_custom_text=True)
    torch.save(other.state_dict(), tmp_path / "w.pt")
    vector = features("clip:tiny-vit", picture(3), tmp_path / "w.pt")
    np.testing.assert_allclose(vector, expected(other, picture(3)), atol=1e-5)


def test_safetensors_load(tmp_path: Path) -> None:
    save_file(created().state_dict(), tmp_path / "w.safetensors")
    vector = features("clip:tiny-vit", picture(3), tmp_path / "w.safetensors")
    np.testing.assert_allclose(vector, expected(created(), picture(3)), atol=1e-5)


def test_the_fingerprint_is_the_weights_wherever_they_are_named(tmp_path: Path) -> None:
    saved(tmp_path / "a.pt", seed=0)
    (tmp_path / "b.pt").write_bytes((tmp_path / "a.pt").read_bytes())
    saved(tmp_path / "c.pt", seed=1)
    named = describe(f"clip:tiny-vit/{tmp_path}/a.pt", None)
    configured = describe("clip:tiny-vit", str(tmp_path / "b.pt"))
    overridden = describe(f"clip:tiny-vit/{tmp_path}/c.pt", str(tmp_path / "a.pt"))
    other = describe("clip:tiny-vit", str(tmp_path / "c.pt"))
    assert named.fingerprint == configured.fingerprint == overridden.fingerprint != other.fingerprint


def test_a_file_is_named_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    file = saved(tmp_path / "models" / "w.pt")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("models/w.pt", "~/models/w.pt", str(file)):
        assert describe(f"clip:tiny-vit/{name}", None).weights == str(file)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clip:ViT-B32/openai", r"no architecture 'ViT-B32'\. Near it: ViT-B-32"),
        ("clip:ViT-B-32/laion2b_s34b_b79", r"no weights 'laion2b_s34b_b79' .* near it: laion2b_s34b_b79k"),
        ("clip:tiny-vit/nowhere/w.pt", r"no weights 'nowhere/w.pt' .*no such file.*seeded"),
        ("clip:tiny-vit", r"names no weights\..*\(seeded\)"),
        ("clip:tiny-resnet/x", "near it: none"),
    ],
)
def test_unknown_names_are_refused_with_those_near_them(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        describe(name, None)


def test_a_wrong_tag_is_refused_even_where_a_file_is_given(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no weights 'sedeed'"):
        describe("clip:tiny-vit/sedeed", str(saved(tmp_path / "w.pt")))


def test_a_file_of_another_architecture_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pt", "tiny-timm")
    with pytest.raises(InputError, match=rf"{file} does not fit clip:tiny-vit: .*missing .*class_embedding"):
        describe("clip:tiny-vit", str(file))


def test_weights_that_changed_since_are_not_used(tmp_path: Path) -> None:
    card = describe("clip:tiny-vit", str(saved(tmp_path / "w.pt", seed=0)))
    saved(tmp_path / "w.pt", seed=1)
    with pytest.raises(InputError, match="--forcerun weights"):
        open_model(card, "cpu", threads=1)


def test_images_are_embedded_alike_in_any_batch(tmp_path: Path) -> None:
    model = opened("clip:tiny-vit", saved(tmp_path / "w.pt"))
    paths = write_pictures(tmp_path / "images", 5)
    one, five = embedded(model, paths, 1), embedded(model, paths, 5)
    np.testing.assert_allclose(one, five, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(five, axis=1), 1, atol=1e-6)
    for path, vector in zip(paths, five, strict=True):
        with Image.open(path) as image:
            np.testing.assert_allclose(vector, expected(created(), image), atol=1e-3)
