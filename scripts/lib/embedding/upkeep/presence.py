"""Whether a store is there that a collection has used, before anything is made in its place.

The disk of a store may not be mounted. An empty store in its place would have everything embedded anew, and
would fill the disk on which the mount point lies.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import record_path
from scripts.lib.errors import InputError


def check_present(folder: Path, results: Path, manifests: Iterable[Path]) -> None:
    """Refuse to begin where the vectors of a collection are gone as a whole, most likely with their disk.

    A store that lies among the results is theirs, and may be made again.

    folder : that of a model in the store
    manifests : of that model, there or not; their records say in which store its vectors are

    Raises
    ------
    InputError
        naming the folder and the ways out.
    """
    store = Path(os.path.abspath(folder.parent))
    if folder.is_dir() or Path(os.path.realpath(store)).is_relative_to(os.path.realpath(results)):
        return
    if not store.parent.is_dir():
        raise InputError(
            f"There is no folder {store.parent}, in which the store is to lie. Is a disk not mounted? Mount"
            " it, or make that folder, and run the same command again."
        )
    vectors = sum(_recorded(manifest, folder) for manifest in manifests)
    if vectors:
        raise InputError(
            f"The store {store} does not have the vectors of this collection any more, {vectors:,} of them in"
            f" {folder.name}. Is a disk not mounted? If they are gone for good, --config embed_again=true"
            " (with make MORE=embed_again=true) embeds everything anew."
        )


def _recorded(manifest: Path, folder: Path) -> int:
    """Return how many contents a manifest names in a folder of a store, by its record, if that says so."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        record: dict[str, Any] = json.loads(record_path(manifest).read_text(encoding="utf-8"))
        if record["facts"]["store"] == place_of(folder):
            return int(record["facts"]["contents"])
    return 0


def place_of(folder: Path) -> str:
    """Return how records name the folder of a model in a store."""
    return os.fsencode(os.path.abspath(folder)).decode("utf-8", "backslashreplace")
