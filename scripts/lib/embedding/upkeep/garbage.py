"""What can go from a store: vectors that no collection needs, small parts, and what killed writers left.

Nothing goes before everybody who uses the store was asked, and before the bytes of every part were checked:
of a vector that lies in two parts, the one that stays is whole.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from scripts.lib.artifacts.disk import writing
from scripts.lib.embedding.parts import is_intact, set_part_aside
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.merging import Rewriting, plan_rewriting, rewrite
from scripts.lib.embedding.upkeep.references import Needs
from scripts.lib.embedding.upkeep.users import User
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import CONTENT_ID_BYTES

FINGERPRINT = re.compile(r"[0-9a-f]{16,64}")
ASIDE_SECONDS = 86_400.0  # for so long a damaged part that was set aside can be looked at


class ModelGarbage(NamedTuple):
    """What can go of a model that is in use."""

    name: str
    store: Store
    plan: Rewriting

    @property
    def bytes(self) -> int:
        """Return about how many bytes the vectors take that go."""
        return self.plan.vectors * (CONTENT_ID_BYTES + self.store.dimension * self.store.dtype.itemsize)


class Garbage(NamedTuple):
    """What can go from a store.

    unused : folders of models that no collection uses
    leftovers : files that killed writers left, and damaged parts that were set aside more than a day ago
    """

    models: Sequence[ModelGarbage]
    unused: Sequence[Path]
    leftovers: Sequence[Path]


def visible_results(users: Sequence[User]) -> list[Path]:
    """Return the results folders of all users.

    Raises
    ------
    InputError
        when one of them can't be seen.
    """
    hidden = [f"{user.results} (on {user.host})" for user in users if not user.is_visible]
    if hidden:
        raise InputError(
            f"This store is used by {', '.join(hidden)}, which can't be seen from here: what is needed there "
            "is not known. Mount that disk, or, if the folder is gone for good, say so with --forget FOLDER "
            "(with make FORGET=FOLDER)."
        )
    return [user.results for user in users]


def model_folders(store: Path) -> list[Path]:
    """Return the folders of all models in a store."""
    return sorted(each for each in store.iterdir() if each.is_dir() and FINGERPRINT.fullmatch(each.name))


def check_parts(store: Path, progress: Callable[[int], object]) -> list[str]:
    """Set aside every part whose bytes are not those that were written; return what was found."""
    found = []
    for folder in model_folders(store):
        for part in sorted(folder.glob("*.arrow")):
            if not is_intact(part):
                found.append(str(set_part_aside(part, "its bytes are not those that were written")))
            progress(1)
    return found


def find_garbage(store: Path, needed: Mapping[str, Needs], part_size: int) -> Garbage:
    """Return what can go from a store in which only certain vectors are needed."""
    models, unused = [], []
    for folder in model_folders(store):
        if folder.name in needed:
            needs = needed[folder.name]
            there = Store(store, folder.name, needs.dimension, needs.dtype)
            models.append(ModelGarbage(needs.model, there, plan_rewriting(there, part_size, needs.ids)))
        else:
            unused.append(folder)
    return Garbage(models, unused, _leftovers(store))


def _leftovers(store: Path) -> list[Path]:
    temporary = list(store.glob("*/.*.tmp"))
    before = time.time() - ASIDE_SECONDS
    aside = [path for path in store.glob("*/*.arrow.damaged") if path.is_file()]
    return sorted([*temporary, *(path for path in aside if path.stat().st_ctime < before)])


def collect(garbage: Garbage, unused: bool, progress: Callable[[int], object]) -> None:
    """Remove the garbage, models that nobody uses only where that is asked for.

    Raises
    ------
    DamagedArtifact
        when a part can't be read any more.
    DiskError
        when the disk does not take a new part, or does not let go of an old one; what was done is kept.
    """
    _unlink(garbage.leftovers)
    for folder in garbage.unused if unused else ():
        _unlink([path for pattern in ("*.arrow", "*.damaged", ".*.tmp") for path in folder.glob(pattern)])
        if not any(folder.iterdir()):
            folder.rmdir()
    for model in garbage.models:
        rewrite(model.store, model.plan, progress)


def _unlink(files: Sequence[Path]) -> None:
    for file in files:
        with writing(file):
            file.unlink(missing_ok=True)


def lines(garbage: Garbage, unused: bool) -> Iterator[str]:
    """Say what can go, in words; `unused` tells whether models that nobody uses will."""
    for model in garbage.models:
        plan, fingerprint = model.plan, model.store.folder.name
        yield (
            f"{model.name} ({fingerprint}): {plan.vectors:,} vectors that nobody needs, or that lie twice "
            f"({megabytes(model.bytes)}); {plan.parts:,} parts become {len(plan.groups):,}"
        )
    for folder in garbage.unused:
        fate = "" if unused else "; it stays without --unused-models (with make MODELS=unused)"
        yield f"{folder.name}: a model that no collection uses ({megabytes(_size(folder.iterdir()))}){fate}"
    if garbage.leftovers:
        size = megabytes(_size(garbage.leftovers))
        yield f"files left by killed runs and damage: {len(garbage.leftovers):,} ({size})"


def megabytes(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / 1e6:,.1f} MB"


def size_of(store: Path) -> int:
    """Return how many bytes the files of a store take."""
    return _size(store.glob("*/*"))


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())
