"""Every torchvision classifier becomes a feature extractor, and loads what fits it and nothing else."""

import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

from scripts.lib.embedding.models import classifiers
from scripts.lib.embedding.models.pixels import crop_pixels
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.errors import InputError
from tests.conftest import picture

SMALL = "mobilenet_v3_small"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(import_torchvision().models.get_model(SMALL, weights=None).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        (SMALL, 1024),
        ("mobilenet_v3_large", 1280),
        ("convnext_small", 768),
        ("regnet_y_16gf", 3024),
        ("resnet18", 512),
        ("squeezenet1_1", 512),
        ("vit_b_32", 768),
        ("swin_t", 768),
        ("googlenet", 1024),
        ("densenet121", 1024),
    ],
)
def test_features_are_what_enters_the_last_layer(name: str, dimension: int) -> None:
    assert classifiers.dimension(name) == dimension


def test_the_default_is_swag_end_to_end_at_384_pixels() -> None:
    assert classifiers.preferred_weights("regnet_y_16gf").name == "IMAGENET1K_SWAG_E2E_V1"
    assert classifiers.preprocessing("regnet_y_16gf")["crop_size"] == 384
    for name in ("regnet_y_32gf", "regnet_y_128gf"):
        assert "swag" in classifiers.preferred_weights(name).url


def test_preprocessing_equals_that_of_the_weights() -> None:
    rule = classifiers.preprocessing(SMALL)
    image = picture(3, (500, 333))
    resample = Image.Resampling[rule["interpolation"]]
    ours = torch.from_numpy(crop_pixels(image, rule["resize_size"], rule["crop_size"], resample)[0].copy())
    mean, std = (torch.tensor(rule[key]).view(3, 1, 1) for key in ("mean", "std"))
    ours = (ours.permute(2, 0, 1).float() / 255 - mean) / std
    torch.testing.assert_close(ours, classifiers.preferred_weights(SMALL).transforms()(image))


def test_features_times_the_last_layer_are_the_class_scores(checkpoint: Path) -> None:
    whole = import_torchvision().models.get_model(SMALL, weights=None)
    state = torch.load(checkpoint, weights_only=True)
    whole.load_state_dict(state)
    pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        features = classifiers.load_features(SMALL, checkpoint)(pixels)
        scores = features @ state["classifier.3.weight"].T + state["classifier.3.bias"]
        torch.testing.assert_close(scores, whole.eval()(pixels))


@pytest.mark.parametrize("wrap", [lambda s: {"state_dict": s}, lambda s: {f"module.{k}": s[k] for k in s}])
def test_common_wrappings_and_any_head_are_accepted(checkpoint: Path, tmp_path: Path, wrap: object) -> None:
    state = torch.load(checkpoint, weights_only=True)
    state["classifier.3.weight"], state["classifier.3.bias"] = torch.zeros(7, 1024), torch.zeros(7)
    torch.save(wrap(state), tmp_path / "other.pth")
    classifiers.load_features(SMALL, tmp_path / "other.pth")


def test_checkpoints_in_the_old_file_format_load(checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(checkpoint, weights_only=True)
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    classifiers.load_features(SMALL, tmp_path / "old.pth")


def test_old_densenet_names_are_understood() -> None:
    assert classifiers._modern("features.denseblock1.denselayer2.norm.1.weight").endswith("norm1.weight")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\3\4 no archive"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(InputError, match="no PyTorch state dict"):
        classifiers.load_features(SMALL, tmp_path / "bad.pth")


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path(tmp_path / "sprung").write_text, ("x",))

    torch.save({"weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(InputError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifiers.load_features(SMALL, tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_weights_of_another_model_are_refused_with_what_is_missing(checkpoint: Path) -> None:
    with pytest.raises(InputError, match=r"does not fit resnet18: .*conv1\.weight"):
        classifiers.load_features("resnet18", checkpoint)


def test_tensors_of_another_shape_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(checkpoint, weights_only=True)
    state["features.0.0.weight"] = torch.zeros(1)
    torch.save(state, tmp_path / "shape.pth")
    with pytest.raises(InputError, match="size mismatch"):
        classifiers.load_features(SMALL, tmp_path / "shape.pth")
