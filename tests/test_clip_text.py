"""OpenCLIP's text towers read what the library's own models read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scripts.lib.embedding.models import clip_text
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe
from scripts.lib.errors import InputError
from tests.tiny_clip import ARCHITECTURE, CONFIG, LIBRARY, add_architectures, remove_architectures

TEXT = CONFIG["text_cfg"]
TOWERS = {  # one of each kind that OpenCLIP has without another library
    ARCHITECTURE: CONFIG,
    "tiny-quick": CONFIG | {"quick_gelu": True},
    "tiny-custom": CONFIG | {"custom_text": True},
    "tiny-sigmoid": CONFIG
    | {"custom_text": True, "init_logit_bias": -10}
    | {"text_cfg": TEXT | {"no_causal_mask": True, "proj_bias": True, "pool_type": "last"}},
    "tiny-coca": CONFIG
    | {
        "vision_cfg": CONFIG["vision_cfg"]
        | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
        "text_cfg": TEXT | {"embed_cls": True, "output_tokens": True},
        "multimodal_cfg": TEXT | {"attn_pooler_heads": 2},
        "custom_text": True,
    },
    "tiny-foreign": CONFIG | {"custom_text": True, "text_cfg": TEXT | {"hf_tokenizer_name": "somebody/tiny"}},
}
TEXTS = ["red", "a photo of a beach", "закат", "夕焼け 🌇", "{}", "x" * 500, "black/white"]


@pytest.fixture(scope="module", autouse=True)
def architectures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Add tiny architectures to the library's."""
    folder = tmp_path_factory.mktemp("configs")
    add_architectures(folder, **TOWERS)
    yield
    remove_architectures(folder)


def created(architecture: str) -> Any:
    torch.manual_seed(0)
    return LIBRARY.create_model(architecture).eval()


def card_of(state: object, path: Path, architecture: str = ARCHITECTURE) -> ModelCard:
    torch.save(state, path)
    return describe(f"clip:{architecture}", str(path))


@pytest.mark.parametrize("architecture", [name for name in TOWERS if name != "tiny-foreign"])
def test_directions_are_those_of_the_library(tmp_path: Path, architecture: str) -> None:
    model = created(architecture)
    tower = clip_text.open_text_tower(card_of(model.state_dict(), tmp_path / "w.pt", architecture))
    with torch.inference_mode():
        wanted = model.encode_text(LIBRARY.get_tokenizer(architecture)(TEXTS), normalize=True).numpy()
    found = tower.features(TEXTS)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert tower.factor == pytest.approx(float(model.logit_scale.detach().exp()))
    assert tower.bias == (-10 if architecture == "tiny-sigmoid" else None)


def test_texts_are_read_alike_in_any_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tower = clip_text.open_text_tower(card_of(created(ARCHITECTURE).state_dict(), tmp_path / "w.pt"))
    whole = tower.features(TEXTS)
    monkeypatch.setattr(clip_text, "BATCH", 2)
    np.testing.assert_allclose(tower.features(TEXTS), whole, atol=1e-6)


@pytest.mark.parametrize(
    "part",
    [
        lambda state: {"state_dict": state, "epoch": 1},
        lambda state: {f"module.{key}": value for key, value in state.items()},
    ],
    ids=["nested", "wrapped"],
)
def test_the_text_tower_is_found_in_what_people_save(
    tmp_path: Path, part: Callable[[dict[str, torch.Tensor]], object]
) -> None:
    model = created(ARCHITECTURE)
    tower = clip_text.open_text_tower(card_of(part(model.state_dict()), tmp_path / "w.pt"))
    with torch.inference_mode():
        wanted = model.encode_text(LIBRARY.get_tokenizer(ARCHITECTURE)(TEXTS), normalize=True).numpy()
    np.testing.assert_allclose(tower.features(TEXTS), wanted, atol=1e-5)


@pytest.mark.parametrize("keep", [0, len("visual.")], ids=["image tower", "image tower alone"])
def test_a_checkpoint_without_a_text_tower_is_refused(tmp_path: Path, keep: int) -> None:
    state = {k[keep:]: v for k, v in created(ARCHITECTURE).state_dict().items() if k.startswith("visual.")}
    with pytest.raises(InputError, match=r"w\.pt holds the image tower alone.* Set category_model"):
        clip_text.open_text_tower(card_of(state, tmp_path / "w.pt"))


def test_weights_that_are_gone_are_told(tmp_path: Path) -> None:
    card = card_of(created(ARCHITECTURE).state_dict(), tmp_path / "w.pt")
    (tmp_path / "w.pt").unlink()
    with pytest.raises(InputError, match="gone or has changed"):
        clip_text.open_text_tower(card)


def test_a_tokenizer_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = card_of(created("tiny-foreign").state_dict(), tmp_path / "w.pt", "tiny-foreign")
    monkeypatch.setattr(clip_text, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs the library transformers: pip install transformers"):
        clip_text.open_text_tower(card)

    def unreachable(name: str) -> None:
        raise OSError("no network\nat all")

    monkeypatch.setattr(clip_text, "find_spec", lambda name: object())
    monkeypatch.setattr(LIBRARY, "get_tokenizer", unreachable)
    with pytest.raises(
        InputError, match=r"somebody/tiny, can't be had \(no network\).*hf download somebody/tiny"
    ):
        clip_text.open_text_tower(card)
