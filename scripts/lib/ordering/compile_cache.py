"""Where compiled functions are kept: a folder for each state of their sources.

Numba compiles a cached function anew when its own file changes, but not when a function that it calls
from another file does. A search that ran the old code of a changed neighbour would be wrong without a
word, so every state of this package has a cache of its own.
"""

import hashlib
import os
from pathlib import Path

SOURCES = Path(__file__).parent
VARIABLE = "NUMBA_CACHE_DIR"  # numba reads it when it is imported


def sources_digest(folder: Path) -> str:
    """Return 16 hex digits that change with the name or content of any source below a folder."""
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        name = source.relative_to(folder).as_posix()
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def use_cache_of_these_sources() -> None:
    """Have numba keep what it compiles below the user's choice, this folder, or the user's cache."""
    name = f"seriatim-{sources_digest(SOURCES)}"
    given = os.environ.get(VARIABLE)
    if given and Path(given).name == name:  # a parent process has been here
        return
    beside = SOURCES / "__pycache__"
    base = Path(given) if given else beside if os.access(SOURCES, os.W_OK) else Path.home() / ".cache"
    os.environ[VARIABLE] = str(base / name)
