"""A tiny model of OpenCLIP, made on the spot, that knows three colours by their words.

Its architecture is added to the library's, here and in the processes that a workflow starts.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scripts.lib.embedding.models import clip
from tests.conftest import ROOT

ARCHITECTURE = "tiny-words"
COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}
TEMPLATES = ("{}", "a photo of {}", "a picture of {}")
DIMENSION = 12
CONFIG = {
    "embed_dim": DIMENSION,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 8, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
SHOTS, STEPS = 4, 30  # images of a colour, and how often they are shown
LIBRARY = clip.open_clip()

LIKE_USERS = (ROOT / "tests" / "like_users" / "sitecustomize.py").read_text()
# Read by every Python that starts with its folder in PYTHONPATH, instead of that one; imports nothing before
# it is wanted.
STARTER = f"""{LIKE_USERS}
import importlib.abc, importlib.util, pathlib, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "open_clip":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            module.add_model_config(pathlib.Path(__file__).parent / "architectures")
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder())
"""


def add_architectures(folder: Path, **configs: object) -> None:
    """Add architectures to the library, in this process, and in those with `folder` in PYTHONPATH."""
    (folder / "architectures").mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(STARTER)
    for name, config in configs.items():
        (folder / "architectures" / f"{name}.json").write_text(json.dumps(config))
    LIBRARY.add_model_config(folder / "architectures")


def remove_architectures(folder: Path) -> None:
    """Take the architectures of a folder from the library again."""
    LIBRARY.factory._MODEL_CONFIG_PATHS.remove(folder / "architectures")
    for file in (folder / "architectures").glob("*.json"):
        del LIBRARY.factory._MODEL_CONFIGS[file.stem]


def coloured(word: str, seed: int) -> Image.Image:
    """Return an image in one of the colours, with noise that equal seeds share."""
    noise = np.random.default_rng(seed).normal(0, 25, (40, 40, 3))
    return Image.fromarray((np.array(COLOURS[word]) + noise).clip(0, 255).astype(np.uint8))


def pixels_of(model: torch.nn.Module, images: Sequence[Image.Image]) -> torch.Tensor:
    """Return images as the library prepares them: (b, 3, 32, 32)."""
    rule = LIBRARY.transform.PreprocessCfg(**model.visual.preprocess_cfg)
    prepare = LIBRARY.transform.image_transform_v2(rule, is_train=False)
    return torch.stack([prepare(image) for image in images])


def taught(architecture: str = ARCHITECTURE, seed: int = 0) -> torch.nn.Module:
    """Return the library's own model of an architecture, its image tower fitted to what words look like."""
    torch.manual_seed(seed)
    model = LIBRARY.create_model(architecture)
    texts = [template.replace("{}", word) for template in TEMPLATES for word in COLOURS]
    with torch.inference_mode():
        each = model.encode_text(LIBRARY.get_tokenizer(architecture)(texts), normalize=True)
    words = each.clone().unflatten(0, (len(TEMPLATES), len(COLOURS))).mean(0)  # (3, d)
    images = pixels_of(model, [coloured(word, shot) for word in COLOURS for shot in range(SHOTS)])
    right = torch.arange(len(COLOURS)).repeat_interleave(SHOTS)
    optimiser = torch.optim.Adam(model.visual.parameters(), 1e-2)
    for _ in range(STEPS):
        logits = 10 * model.encode_image(images, normalize=True) @ words.T
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, right).backward()
        optimiser.step()
    return model.eval()
