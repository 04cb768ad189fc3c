"""A model is found by its name, and added by a module and one line, as CONTRIBUTING.md says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.lib.embedding.models.registry import FAMILIES, family_of
from tests.conftest import ROOT, write_pictures

EMBED = """
import json, sys
from pathlib import Path
from scripts.lib.embedding.models.registry import describe, open_model
from tests.networks import embedded

model = open_model(describe("average_colour", None), "cpu", 1)
vectors = embedded(model, [Path(each) for each in sys.argv[1:]], batch_size=2)
print(json.dumps([model.card.dimension, vectors.tolist()]))
"""


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("descriptor", "descriptor_model"),
        ("clip:ViT-B-32/openai", "clip"),
        ("timm:test_vit", "timm_models"),
        ("resnet18", "classifiers"),
        ("descriptors", "classifiers"),  # which says that there is no such model
    ],
)
def test_names_and_what_they_begin_with_tell_the_kind(name: str, module: str) -> None:
    assert family_of(name).__name__.rpartition(".")[2] == module


@pytest.mark.parametrize("module", FAMILIES.values())
def test_every_kind_provides_what_is_asked_of_it(module: str) -> None:
    family = family_of(next(name for name, each in FAMILIES.items() if each == module))
    assert callable(family.describe)
    assert callable(family.open_model)


def test_the_model_in_contributing_embeds_images(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    module, entry = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for folder in ("scripts", "tests", "workflow"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    models = tmp_path / "scripts" / "lib" / "embedding" / "models"
    (models / "average_colour.py").write_text(module)
    registry = (models / "registry.py").read_text()
    (models / "registry.py").write_text(re.sub(r"(?m)^(FAMILIES = .*\n)", rf"\1{entry}", registry))
    paths = write_pictures(tmp_path / "images", 5)
    command = [sys.executable, "-c", EMBED, *map(str, paths)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    dimension, vectors = json.loads(done.stdout)
    assert np.shape(vectors) == (5, dimension)
    for path, vector in zip(paths, vectors, strict=True):
        with Image.open(path) as image:
            np.testing.assert_allclose(vector, np.asarray(image).mean((0, 1)) / 255, atol=0.01)
