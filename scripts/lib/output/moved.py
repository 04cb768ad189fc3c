"""Files that were moved into an output folder, which is their source from then on."""

import mmap
import os
from pathlib import Path

from scripts.lib.errors import OutputError
from scripts.lib.output.ledger import State, replay
from scripts.lib.output.placement import LEDGER, OutputFolder
from scripts.lib.output.settling import as_found

TAKEN = b'"do":"take"'  # in every ledger of an output into which a file was moved


def read_ledger(folder: OutputFolder) -> State:
    """Return what the ledger of a folder says, which is nothing where there is none.

    Raises
    ------
    OutputError
        when it is damaged.
    """
    try:
        fd = folder.open(LEDGER, os.O_RDONLY)
    except FileNotFoundError:
        return State()
    with open(fd, "rb") as stream:
        return replay(stream.read())[0]


def moved_files(output: Path) -> dict[bytes, bytes]:
    """Return the absolute path of each file that was moved into a folder, and the one that it had.

    Cheap where there are none: a ledger that tells of none is searched, not read.
    """
    if not _tells_of_moves(output):
        return {}
    with OutputFolder(output) as folder:
        owned = as_found(folder, read_ledger(folder)).owned
        home = os.fsencode(folder.path)
    return {os.path.join(home, name): file.source for name, file in owned.items() if file.kind == "move"}


def _tells_of_moves(output: Path) -> bool:
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
