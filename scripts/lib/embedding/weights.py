"""Stage `weights`: decide what the model is, once, before any image is embedded.

Resolves the weights file (a local one, torch's cache, or a download), hashes it, and tries it on the
architecture, so that a wrong file is found here and jobs only read.
"""

import hashlib
import re
import socket
from pathlib import Path
from urllib.error import URLError

from scripts.lib import versions
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.models import ModelCard
from scripts.lib.errors import InputError

TIMEOUT_SECONDS = 20.0  # for a network that swallows packets; a run without one must end soon
PLANNED = {"clip": "OpenCLIP", "timm": "timm", "autoencoder": "the autoencoder"}

WAYS_OUT = (
    "Ways out: weights=FILE names a checkpoint that you have; or put the file where torch looks for it, "
    "{cache}; or model=descriptor needs no weights."
)


def describe_descriptor() -> ModelCard:
    """Return the card of the built-in descriptor."""
    from scripts.lib.embedding import descriptor

    return ModelCard(
        name="descriptor",
        dimension=descriptor.DIMENSION,
        dtype="float16",
        version=versions.DESCRIPTOR,
        preprocessing={part.name: part.weight for part in descriptor.PARTS},
    )


def describe_precomputed(dimension: int, dtype: str) -> ModelCard:
    """Return the card of the user's own vectors, which are stored as precisely as they were given.

    dtype : float16 or float32; anything wider is rounded to single precision
    """
    return ModelCard("precomputed", dimension, dtype, versions.NETWORK)


def describe_classifier(name: str, weights: str | None) -> ModelCard:
    """Return the card of a torchvision classifier, its weights found and tried.

    Raises
    ------
    InputError
        when there is no such model, or its weights can't be had or do not fit.
    """
    if name.split(":")[0] in PLANNED:
        raise InputError(f"model: {name} needs {PLANNED[name.split(':')[0]]}, which is not built yet.")
    from scripts.lib.embedding import classifiers

    _check_name(name, classifiers.names())
    path = _local(weights) if weights else _downloaded(name)
    classifiers.load_features(name, path)
    return ModelCard(
        name=name,
        dimension=classifiers.dimension(name),
        dtype="float16",
        version=versions.NETWORK,
        weights=str(path.absolute()),
        weights_blake3=checksum(path),
        weights_source=weights or classifiers.preferred_weights(name).url,
        preprocessing=classifiers.preprocessing(name),
    )


def _check_name(name: str, known: list[str]) -> None:
    if name in known:
        return
    import difflib

    nearest = ", ".join(
        difflib.get_close_matches(name, [*known, "descriptor", "precomputed"], n=3, cutoff=0.3)
    )
    raise InputError(
        f"model: there is no '{name}'. Near it: {nearest}. There are descriptor, precomputed and "
        f"{len(known)} torchvision classifiers."
    )


def _local(weights: str) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        raise InputError(f"weights: there is no file {path}.")
    return path


def _downloaded(name: str) -> Path:
    """Return the file of a model's weights in torch's cache, after downloading it where needed."""
    import torch

    from scripts.lib.embedding import classifiers

    url: str = classifiers.preferred_weights(name).url
    path = Path(str(torch.hub.get_dir())) / "checkpoints" / url.rsplit("/", 1)[1]
    if path.exists() and _has_its_hash(path):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        torch.hub.download_url_to_file(url, str(path), hash_prefix=_hash_prefix(path))
    except (URLError, OSError, RuntimeError) as error:
        there = (
            f" The file {path} is there, but is not what its name says (SHA-256)." if path.exists() else ""
        )
        raise InputError(
            f"The weights of {name} can't be downloaded ({url}: {error}).{there} "
            + WAYS_OUT.format(cache=path)
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    return path


def _hash_prefix(path: Path) -> str | None:
    """Return the start of the file's SHA-256, which torch's file names carry."""
    match = re.search(r"-([a-f0-9]{8,})\.", path.name)
    return match.group(1) if match else None


def _has_its_hash(path: Path) -> bool:
    prefix = _hash_prefix(path)
    with path.open("rb") as stream:
        return prefix is None or hashlib.file_digest(stream, "sha256").hexdigest().startswith(prefix)
