"""Where weights come from: a local file, a cache, or a download; the stage `weights` decides once.

It hashes the file and tries it on the architecture, so that a wrong one is found before any image is
embedded, and jobs only read.
"""

import hashlib
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError

from scripts.lib.errors import InputError

TIMEOUT_SECONDS = 20.0  # for a network that swallows packets; a run without one must end soon
WAYS_OUT = (
    "Ways out: weights=FILE names a checkpoint that you have; or {cache}; or model=descriptor, which needs "
    "no weights."
)


def local_file(weights: str) -> Path:
    """Return the file that the config key `weights` names. Raises InputError where there is none."""
    path = Path(weights).expanduser()
    if not path.is_file():
        raise InputError(f"weights: there is no file {path}.")
    return path


def downloaded(name: str, url: str) -> Path:
    """Return the file of a model's weights in torch's cache, after downloading it where needed.

    Raises
    ------
    InputError
        when it can't be had, with the ways out.
    """
    import torch

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
        cache = f"put the file where torch looks for it, {path}"
        raise _not_to_be_had(name, f"{url}: {error}", cache, there) from error
    finally:
        socket.setdefaulttimeout(before)
    return path


def from_hub(name: str, repository: str, files: Sequence[str]) -> Path:
    """Return the first of the files that a repository of the Hugging Face hub has, after downloading it.

    What lies in the hub's cache is taken without asking.

    Raises
    ------
    InputError
        when none can be had, with the ways out.
    """
    import huggingface_hub as hub
    from huggingface_hub import constants

    for file in files:
        cached = hub.try_to_load_from_cache(repository, file)
        if isinstance(cached, str):
            return Path(cached)
    try:
        return Path(hub.hf_hub_download(repository, _offered(repository, files)))
    except Exception as error:  # the hub's, those of its HTTP client, and the disk's
        folder = Path(constants.HF_HUB_CACHE, f"models--{repository.replace('/', '--')}")
        cache = f"copy {folder} from a machine that has it (`hf download {repository} {files[0]}` fills it)"
        reason = f"{files[0]} of huggingface.co/{repository}: {error}"
        raise _not_to_be_had(name, reason, cache) from error


def _offered(repository: str, files: Sequence[str]) -> str:
    """Return the first of the files that a repository has; asks once, where a download tries six times."""
    import huggingface_hub as hub
    from huggingface_hub.errors import EntryNotFoundError

    for file in files:
        try:
            hub.get_hf_file_metadata(hub.hf_hub_url(repository, file), timeout=TIMEOUT_SECONDS)
            return file
        except EntryNotFoundError:
            continue
    raise FileNotFoundError(f"it has none of {', '.join(files)}")


def _not_to_be_had(name: str, reason: str, cache: str, there: str = "") -> InputError:
    ways_out = WAYS_OUT.format(cache=cache)
    return InputError(f"The weights of {name} can't be downloaded ({reason}).{there} {ways_out}")


def _hash_prefix(path: Path) -> str | None:
    """Return the start of the file's SHA-256, which torch's file names carry."""
    match = re.search(r"-([a-f0-9]{8,})\.", path.name)
    return match.group(1) if match else None


def _has_its_hash(path: Path) -> bool:
    prefix = _hash_prefix(path)
    with path.open("rb") as stream:
        return prefix is None or hashlib.file_digest(stream, "sha256").hexdigest().startswith(prefix)
