"""Files that were moved into an output folder, which is their source from then on."""

import mmap
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable
from scripts.lib.output.ledger import State, replay
from scripts.lib.output.placement import LEDGER, OutputFolder
from scripts.lib.output.settling import as_found

TAKEN = b'"do":"take"'  # in every ledger of an output into which a file was moved
AnyState = TypeVar("AnyState", bound=State)


def read_ledger(folder: OutputFolder) -> State:
    """Return what the ledger of a folder says, which is nothing where there is none.

    Raises
    ------
    OutputError
        when it is damaged.
    """
    return read_into(folder, State())


def read_into(folder: OutputFolder, state: AnyState) -> AnyState:
    """Add up what the ledger of a folder says, in a state that knows of no line yet, and return that.

    Raises
    ------
    OutputError
        when it is damaged.
    """
    try:
        fd = folder.open(LEDGER, os.O_RDONLY)
    except FileNotFoundError:
        return state
    with open(fd, "rb") as stream:
        replay(stream.read(), state)
    return state


class Moves(NamedTuple):
    """Files that were moved into an output folder, and into the other one that a collection has.

    Both have the place of each file, and the one that it had at first.
    """

    here: dict[bytes, bytes]
    elsewhere: dict[bytes, bytes]

    def former(self, place: bytes) -> bytes:
        """Return where a file lay at first."""
        return self.here.get(place) or self.elsewhere.get(place, place)


def moves_of(output: Path, other: Path, name: str, mode: str) -> Moves:
    """Return what was moved into the two output folders of a collection.

    Raises
    ------
    OutputError
        when files are to be moved, and some were moved into the other folder: they would have to be put back
        in two steps, each of which needs the other done first.
    """
    moves = Moves(moved_files(output), moved_files(other, name))
    if mode == "move" and moves.elsewhere:
        raise OutputError(
            f"{len(moves.elsewhere):,} images of this collection were moved to {str(other)!r}, and can't be "
            f"moved from there to {str(output)!r}. Nothing was changed. Undo that first, or use "
            "copy_mode=copy, hardlink or symlink for this folder."
        )
    return moves


def check_folders(output: Path, moved: Mapping[bytes, bytes], allow_shrink: bool) -> None:
    """Refuse to go on where a whole folder of moved files is gone, most likely under another name.

    The ledger would forget its files, which could not be moved back any more.

    moved : the place in the output of each moved file, and the one that it had

    Raises
    ------
    OutputError
        naming a folder and the ways out.
    """
    counts = Counter(os.path.dirname(place) for place in moved)
    gone = sorted(folder for folder in counts if not os.path.lexists(folder))
    if gone and not allow_shrink:
        files = sum(counts[folder] for folder in gone)
        named = ", ".join(map(readable, gone[:3])) + (" and others" if len(gone) > 3 else "")
        raise OutputError(
            f"{files:,} images were moved to {str(output)!r}, into folders that are not there any more: "
            f"{named}. Nothing was changed. If they were given other names, give them back: clusters are "
            "named in cluster_names.csv. If the images are gone for good, --config allow_shrink=true goes on "
            "without them."
        )


def moved_files(output: Path, name: str | None = None) -> dict[bytes, bytes]:
    """Return the absolute path of each file that was moved into a folder, and the one that it had.

    Cheap where there are none: a ledger that tells of none is searched, not read. With `name`, a folder that
    belongs to another collection has none.
    """
    if not tells_of_moves(output):
        return {}
    with OutputFolder(output) as folder:
        state = as_found(folder, read_ledger(folder))
        home = os.fsencode(folder.path)
    if name not in (None, state.name):
        return {}
    return {
        os.path.join(home, path): file.source for path, file in state.owned.items() if file.kind == "move"
    }


def tells_of_moves(output: Path) -> bool:
    """Tell whether a file was ever moved into a folder; cheap where none was."""
    try:
        with open(output / os.fsdecode(LEDGER), "rb") as stream:
            if not os.fstat(stream.fileno()).st_size:
                return False
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return data.find(TAKEN) >= 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(f"The ledger of {str(output)!r} can't be read: {error.strerror}.") from error
