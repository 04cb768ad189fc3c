"""Texts are encoded once, kept in the store, and encoded again where what was kept is damaged."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.categories.prompts import ANYTHING
from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.categories.texts import FOLDER, TextStore, category_texts, text_fingerprint
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DiskError
from tests.conftest import ROOT

CARD = ModelCard("clip:tiny/tag", 4, "float16", 1, weights_blake3="a", preprocessing={"quick_gelu": False})
TEMPLATES = ("{}", "a photo of {}")


class Tower:
    """A tower whose vectors follow from the letters of a text; it notes what it was asked."""

    def __init__(self, bias: float | None = None) -> None:
        self.factor, self.bias = 20.0, bias
        self.asked: list[str] = []

    def features(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.stack([direction(text) for text in texts])


def direction(text: str) -> np.ndarray:
    """Return a direction that equal texts share: (4,) float32."""
    vector = np.random.default_rng(list(text.encode())).normal(size=4).astype(np.float32)
    return vector / np.linalg.norm(vector)


def store_of(folder: Path, tower: Tower, card: ModelCard = CARD, said: list[str] | None = None) -> TextStore:
    return TextStore(folder, card, lambda _: tower, (said if said is not None else []).append)


def parts(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).rglob("*.arrow"))


def test_texts_are_encoded_once(tmp_path: Path) -> None:
    tower, texts = Tower(), ["red", "закат", "夕焼け", "black/white"]
    first = store_of(tmp_path, tower).encode(texts)
    assert tower.asked == texts
    again = store_of(tmp_path, tower).encode(texts[::-1])
    assert tower.asked == texts
    np.testing.assert_array_equal(first.vectors, [direction(text) for text in texts])
    np.testing.assert_array_equal(again.vectors, first.vectors[::-1])
    assert (again.factor, again.bias) == (20.0, None)
    more = store_of(tmp_path, tower).encode([*texts, "new"])
    assert tower.asked == [*texts, "new"]
    np.testing.assert_array_equal(more.vectors[-1], direction("new"))


def test_a_bias_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        assert store_of(tmp_path, Tower(-10)).encode(["red"]).bias == -10


def test_models_do_not_share_texts(tmp_path: Path) -> None:
    others = [
        replace(CARD, weights_blake3="b"),
        replace(CARD, name="clip:other/tag"),
        replace(CARD, preprocessing={"quick_gelu": True}),
    ]
    fingerprints = {text_fingerprint(card) for card in [CARD, *others]}
    assert len(fingerprints) == 4
    assert text_fingerprint(replace(CARD, name="clip:tiny")) == text_fingerprint(CARD)  # the file is the same
    for card in [CARD, *others]:
        tower = Tower()
        store_of(tmp_path, tower, card).encode(["red"])
        assert tower.asked == ["red"]


def test_damaged_texts_are_encoded_again(tmp_path: Path) -> None:
    store_of(tmp_path, Tower()).encode(["red", "green"])
    (part,) = parts(tmp_path)
    content = bytearray(part.read_bytes())
    where = content.find(direction("green").tobytes())
    content[where] ^= 1
    part.write_bytes(content)
    tower, said = Tower(), []
    found = store_of(tmp_path, tower, said=said).encode(["red", "green"])
    np.testing.assert_array_equal(found.vectors, [direction("red"), direction("green")])
    assert tower.asked == ["red", "green"]
    assert "set aside" in said[0]
    assert store_of(tmp_path, Tower()).encode(["red"]).factor == 20
    (tmp_path / FOLDER / text_fingerprint(CARD) / "truncated.arrow").write_bytes(content[:100])
    assert store_of(tmp_path, Tower()).encode(["green"]).factor == 20


def test_a_disk_that_takes_nothing_costs_only_the_keeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DiskError("the disk is full")

    monkeypatch.setattr(Store, "append", refuse)
    said: list[str] = []
    found = store_of(tmp_path, Tower(), said=said).encode(["red"])
    np.testing.assert_array_equal(found.vectors, [direction("red")])
    assert said == ["the vectors of 1 texts were not kept: the disk is full"]


def test_a_category_is_the_mean_of_its_prompts(tmp_path: Path) -> None:
    leaves = read_categories(["red", "the colour of the sea"]).leaves
    texts = category_texts(store_of(tmp_path, Tower()), leaves, TEMPLATES)
    red, anything = (direction(word) + direction(f"a photo of {word}") for word in ("red", ANYTHING))
    np.testing.assert_allclose(texts.vectors[0], red / np.linalg.norm(red), atol=1e-6)
    np.testing.assert_allclose(texts.vectors[1], direction("the colour of the sea"), atol=1e-6)
    np.testing.assert_allclose(texts.anything, anything / np.linalg.norm(anything), atol=1e-6)


def test_known_texts_need_no_library(tmp_path: Path) -> None:
    store_of(tmp_path, Tower()).encode(["red", "a photo of red", ANYTHING, f"a photo of {ANYTHING}"])
    program = f"""
import sys
from pathlib import Path
from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.categories.texts import TextStore, category_texts
from tests.test_texts import CARD, TEMPLATES
import scripts.categories as stage
store = TextStore(Path({str(tmp_path)!r}), CARD, stage.open_tower, print)
texts = category_texts(store, read_categories(["red"]).leaves, TEMPLATES)
assert texts.factor == 20
assert not {{"torch", "open_clip", "torchvision", "transformers"}} & set(sys.modules), "needs a library"
"""
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
