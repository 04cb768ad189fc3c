"""timm's models, loaded by name and file, see what the library's own models see."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from scripts.lib.embedding.models import timm_models
from scripts.lib.embedding.models.pixels import squashed_pixels
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.errors import InputError
from tests.conftest import picture, write_pictures
from tests.networks import embedded, features, opened

LIBRARY = timm_models.timm()
SMALL = "test_vit.r160_in1k"  # timm's own network for tests
State = dict[str, torch.Tensor]


def created(name: str = SMALL, seed: int = 0, **options: object) -> torch.nn.Module:
    """Return the library's own model, with weights drawn from a seed."""
    torch.manual_seed(seed)
    return LIBRARY.create_model(name, **options).eval()


def saved(path: Path, name: str = SMALL, seed: int = 0) -> Path:
    torch.save(created(name, seed).state_dict(), path)
    return path


def expected(model: torch.nn.Module, image: Image.Image) -> np.ndarray:
    """Return the vector of an image by the library's own preprocessing and features."""
    rule = LIBRARY.data.resolve_model_data_config(model)
    pixels = LIBRARY.data.create_transform(**rule, is_training=False)(image)
    with torch.inference_mode():
        before_pooling = model.forward_features(pixels[None])
        return model.forward_head(before_pooling, pre_logits=True)[0].numpy()


@pytest.mark.parametrize(
    "name",
    [
        SMALL,
        "test_convnext.r160_in1k",  # a head of several layers, of which the last is cut off
        "test_efficientnet.r160_in1k",  # a layer between pooling and head: more features than channels
        "levit_128s.fb_dist_in1k",  # two heads
        "test_vit",  # no weights named: those of the library's default
    ],
)
def test_features_are_those_of_the_library(tmp_path: Path, name: str) -> None:
    model, image = created(name), picture(1, (300, 200))
    vector = features(f"timm:{name}", image, saved(tmp_path / "w.pth", name))
    np.testing.assert_allclose(vector, expected(model, image), atol=1e-4)


def test_the_card_says_what_the_library_says(tmp_path: Path) -> None:
    card = describe("timm:test_vit", str(saved(tmp_path / "w.pth")))
    assert (card.name, card.dimension, card.unit_length) == (f"timm:{SMALL}", 64, False)
    rule = card.preprocessing
    assert (rule["crop_size"], rule["resize_size"], rule["interpolation"]) == (160, 168, "BICUBIC")
    assert rule["mean"] == [0.5, 0.5, 0.5]


def test_images_are_cut_out_as_the_weights_ask_or_the_model_is_refused() -> None:
    settings = timm_models.pretrained_settings(SMALL) | {"crop_mode": "squash", "crop_pct": 0.9}
    rule = timm_models.preprocessing(SMALL, settings)
    assert (rule["resize_mode"], rule["resize_size"]) == ("squash", 177)
    ours = squashed_pixels(picture(4, (300, 200)), 177, 160, Image.Resampling.BICUBIC)[0]
    cut = {"input_size": (3, 160, 160), "interpolation": "bicubic", "crop_mode": "squash", "crop_pct": 0.9}
    theirs = LIBRARY.data.create_transform(**cut, normalize=False)(picture(4, (300, 200)))
    np.testing.assert_array_equal(ours, theirs.permute(1, 2, 0).numpy())
    with pytest.raises(InputError, match="160 x 160 pixels in the crop mode 'border'"):
        timm_models.preprocessing(SMALL, settings | {"crop_mode": "border"})
    with pytest.raises(InputError, match="takes 96 x 160 pixels"):
        timm_models.preprocessing(SMALL, settings | {"input_size": (3, 160, 96)})


@pytest.mark.parametrize(
    "part",
    [
        lambda state: {"state_dict": state, "epoch": 1},
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: state | {"head.weight": torch.zeros(7, 64), "head.bias": torch.zeros(7)},
        lambda state: {key: value for key, value in state.items() if not key.startswith("head.")},
    ],
    ids=["nested", "wrapped", "another head", "no head"],
)
def test_the_network_is_found_in_what_people_save(tmp_path: Path, part: Callable[[State], State]) -> None:
    torch.save(part(created().state_dict()), tmp_path / "w.pth")
    vector = features("timm:test_vit", picture(3), tmp_path / "w.pth")
    np.testing.assert_allclose(vector, expected(created(), picture(3)), atol=1e-4)


@pytest.mark.parametrize(
    "original",
    [
        lambda state: state | {"mask_token": torch.zeros(1, 64)},
        lambda state: {f"visual.trunk.{key}": value for key, value in state.items()},
    ],
    ids=["DINOv2", "OpenCLIP"],
)
def test_foreign_checkpoints_are_converted_as_in_the_library(
    tmp_path: Path, original: Callable[[State], State]
) -> None:
    torch.save(original(created().state_dict()), tmp_path / "w.pth")
    vector = features("timm:test_vit", picture(3), tmp_path / "w.pth")
    np.testing.assert_allclose(vector, expected(created(), picture(3)), atol=1e-4)


def test_safetensors_load(tmp_path: Path) -> None:
    save_file(created().state_dict(), tmp_path / "w.safetensors")
    vector = features("timm:test_vit", picture(3), tmp_path / "w.safetensors")
    np.testing.assert_allclose(vector, expected(created(), picture(3)), atol=1e-4)


def test_weights_come_from_where_the_library_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, asked = saved(tmp_path / "w.pth"), []

    def have(*question: object) -> Path:
        asked.append(question)
        return file

    monkeypatch.setattr(timm_models, "from_hub", have)
    monkeypatch.setattr(timm_models, "downloaded", have)
    card = describe("timm:test_vit", None)
    assert (card.weights, card.weights_source) == (str(file), f"timm/{SMALL}")
    with pytest.raises(InputError, match="does not fit timm:legacy_seresnet18"):
        describe("timm:legacy_seresnet18", None)
    (hub, url) = asked
    assert hub == (f"timm:{SMALL}", f"timm/{SMALL}", timm_models.HUB_FILES)
    assert url[0] == "timm:legacy_seresnet18.in1k"
    assert url[1].endswith("seresnet18-4bb0ce65.pth")


def test_the_fingerprint_is_the_weights_not_their_place(tmp_path: Path) -> None:
    file, other = saved(tmp_path / "a.pth"), saved(tmp_path / "c.pth", seed=1)
    (tmp_path / "b.pth").write_bytes(file.read_bytes())
    first, moved, changed = (describe("timm:test_vit", str(tmp_path / f"{each}.pth")) for each in "abc")
    assert first.fingerprint == moved.fingerprint != changed.fingerprint
    assert changed.weights == str(other)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm:vit_small_patch14_dino2", r"timm has no 'vit_small_patch14_dino2'\. Near it: vit_small_p"),
        ("timm:test_vit.in1k", rf"no weights 'test_vit\.in1k'\. There are: {SMALL}"),
        ("timm:", "timm has no ''"),
        ("timm:vit_tiny_patch16_224_no", "Near it: vit_tiny_patch16_224"),
        ("timm:test_vit*", "timm has no"),
        ("timm:test_vit4.", "no weights 'test_vit4.'"),
    ],
)
def test_unknown_names_are_refused_with_those_near_them(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        describe(name, None)


@pytest.mark.parametrize(
    ("name", "full_name"), [("test_mambaout", "test_mambaout"), ("resnetblur18", "resnetblur18.untrained")]
)
def test_models_without_weights_want_a_file(tmp_path: Path, name: str, full_name: str) -> None:
    with pytest.raises(InputError, match=rf"no weights for timm:{full_name}\. .*to a file"):
        describe(f"timm:{name}", None)
    vector = features(f"timm:{name}", picture(3), saved(tmp_path / "w.pth", name))
    np.testing.assert_allclose(vector, expected(created(name), picture(3)), atol=1e-4)


def test_models_that_make_no_vector_of_an_image_are_refused() -> None:
    with pytest.raises(InputError, match=r"mobilenetv5_300m_enc makes 2048 x 16 x 16 values .*, no vector"):
        describe("timm:mobilenetv5_300m_enc", None)


def test_a_file_of_another_model_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pth", "test_resnet")
    with pytest.raises(InputError, match=rf"{file} does not fit timm:{SMALL}: .*missing .*cls_token"):
        describe("timm:test_vit", str(file))


def test_weights_that_changed_since_are_not_used(tmp_path: Path) -> None:
    card = describe("timm:test_vit", str(saved(tmp_path / "w.pth")))
    saved(tmp_path / "w.pth", seed=1)
    with pytest.raises(InputError, match="--forcerun weights"):
        open_model(card, "cpu", threads=1)


def test_images_are_embedded_alike_in_any_batch(tmp_path: Path) -> None:
    model = opened("timm:test_vit", saved(tmp_path / "w.pth"))
    paths = write_pictures(tmp_path / "images", 5)
    one, five = embedded(model, paths, 1), embedded(model, paths, 5)
    np.testing.assert_allclose(one, five, atol=1e-4)
    for path, vector in zip(paths, five, strict=True):
        with Image.open(path) as image:
            np.testing.assert_allclose(vector, expected(created(), image), atol=1e-2)
