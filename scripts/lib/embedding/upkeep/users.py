"""Who uses a store: the results folders whose manifests name vectors in it.

A store may lie on a disk of its own and serve several working folders. Each leaves a note in
`{store}/users` that says where its results are. A mark in the results folder tells it from another one at
the same place: that of another machine, or the empty one where a disk is not mounted.
"""

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from scripts.lib.artifacts.atomic import publish, write_json
from scripts.lib.artifacts.disk import writing
from scripts.lib.errors import DiskError, InputError

USERS = "users"
MARK = ".store-user-"


@dataclass(frozen=True)
class User:
    """A results folder that uses a store.

    results : as seen from this machine
    mark : the name of the file in it by which it is known
    host : the machine that used the store
    note : the file in the store
    """

    results: Path
    mark: str
    host: str
    note: Path

    @property
    def is_visible(self) -> bool:
        """Tell whether the folder is there, and the one that is meant."""
        return (self.results / self.mark).exists()


def register(store: Path, results: Path) -> None:
    """Note in the store that the artifacts below `results` name vectors in it.

    Raises
    ------
    DiskError
        when one of both can't be written.
    """
    mark = _mark(results)
    place = _place(store, results)
    name = blake3(f"{mark} {place}".encode(errors="surrogateescape")).hexdigest()[:16]
    note = store / USERS / f"{name}.json"
    if not note.exists():
        temporary = note.with_name(f".{uuid.uuid4().hex}.tmp")  # of our own: others may write the same note
        write_json(temporary, {"results": place, "mark": mark, "host": socket.gethostname()})
        with writing(note):
            publish(temporary, note)


def note_use(store: Path, results: Path, tell: Callable[[str], object]) -> None:
    """Register, or tell why that can't be: a store that can only be read is used without a note."""
    try:
        register(store, results)
    except DiskError as error:
        tell(f"the store does not know that it is used from here: {error}")


def _mark(results: Path) -> str:
    """Return the name of the results folder's mark; two that make one at once make two, and both hold."""
    marks = sorted(path.name for path in results.glob(f"{MARK}*"))
    if marks:
        return marks[0]
    mark = f"{MARK}{uuid.uuid4().hex}"
    with writing(results / mark):
        results.mkdir(parents=True, exist_ok=True)
        (results / mark).touch()
    return mark


def _place(store: Path, results: Path) -> str:
    """Return where the results are: relative where the store lies in them and moves with them."""
    here, there = os.path.realpath(store), os.path.realpath(results)
    return os.path.relpath(there, here) if Path(here).is_relative_to(there) else there


def users(store: Path) -> list[User]:
    """Return who uses a store.

    Raises
    ------
    InputError
        when a note can't be read.
    """
    return [_read(store, note) for note in sorted((store / USERS).glob("*.json"))]


def gone_users(store: Path, folder: Path) -> list[User]:
    """Return the users of a results folder that is said to be gone; none where it is there.

    Raises
    ------
    InputError
        when the folder does not use the store.
    """
    found = [user for user in users(store) if user.results in (folder.absolute(), folder.resolve())]
    if not found:
        raise InputError(f"{folder} does not use the store {store}; there is nobody to forget.")
    return [user for user in found if not user.is_visible]


def forget(gone: Iterable[User]) -> None:
    """Remove the notes of users that are gone."""
    for user in gone:
        with writing(user.note):
            user.note.unlink(missing_ok=True)


def _read(store: Path, note: Path) -> User:
    try:
        fields = json.loads(note.read_text(encoding="utf-8", errors="surrogateescape"))
        results = Path(os.path.normpath(Path(os.path.realpath(store), fields["results"])))
        return User(results, fields["mark"], fields["host"], note)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{note}, which says who uses the store, can't be read ({error}). Remove it; each working folder "
            "that embeds with this store writes its own again."
        ) from error
