"""Sources and copies of them, for the tests of all that has to do with copying."""

import os
from collections.abc import Sequence
from pathlib import Path

from blake3 import blake3

from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.execute import CopySettings, CopySummary
from scripts.lib.output.moved import moved_files
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Wanted, names_of, targets_of
from scripts.lib.output.undo import UndoSummary, undo


class Photos:
    """Sources in one folder, copies in another."""

    naming = Naming()

    def __init__(self, base: Path) -> None:
        self.sources = base / "sources"
        self.output = base / "output"
        self.sources.mkdir()

    def make(self, name: str | bytes, content: str) -> Path:
        path = self.sources / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        time = 1_500_000_000_000_000_007 + int.from_bytes(blake3(content.encode()).digest(5))
        os.utime(path, ns=(time, time))
        return path

    def many(self, count: int) -> list[Path]:
        return [self.make(f"{i}.jpg", f"content {i}") for i in range(count)]

    def copy(self, paths: Sequence[Path], **settings) -> CopySummary:
        return self.copy_wanted([wanted(i, path) for i, path in enumerate(paths)], **settings)

    def copy_wanted(self, order: Sequence[Wanted], name: str = "photos", **settings) -> CopySummary:
        done: list[int] = []
        chosen = CopySettings(self.output, name, **{"threads": 2, "batch_files": 3} | settings)
        summary = copy_in_order(targets_of(order, names_of(order, self.naming)), chosen, done.append)
        assert summary.undone or sum(done) == len(order)
        return summary

    def copy_moved(self, places: Sequence[int], **settings) -> CopySummary:
        """Put files that were moved here into another order, given by their places in the present one."""
        moved = moved_files(self.output)
        present = sorted(moved)
        order = [
            wanted(i, Path(os.fsdecode(present[place])))._replace(origin=moved[present[place]])
            for i, place in enumerate(places)
        ]
        return self.copy_wanted(order, mode="move", **settings)

    def undo(self, name: str = "photos") -> UndoSummary:
        return undo(self.output, name, 2, lambda count: None)

    def fan_out(self, per_folder: int) -> None:
        self.naming = Naming(per_folder=per_folder)

    def copies(self) -> dict[str, str]:
        """Return what is in the output folder, without what it hides."""
        visible = [path for path in self.output.rglob("[!.]*") if path.is_file() or path.is_symlink()]
        names = {str(path.relative_to(self.output)): path for path in visible}
        return {name: path.read_text() for name, path in names.items() if not name.startswith(".")}

    def set_aside(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.output / ".removed").iterdir()}


def wanted(position: int, path: Path) -> Wanted:
    content = blake3(path.read_bytes()).digest() if path.is_file() else bytes(32)
    found = path.stat() if path.is_file() else None
    return Wanted(position, os.fsencode(path), content, found and Seen(found.st_size, found.st_mtime_ns))


def statuses(summary: CopySummary) -> list[str]:
    return [row.status for row in summary.files]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return every file of a folder: mode, time and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            state = path.lstat()
            found[str(path)] = (state.st_mode, state.st_mtime_ns, path.read_bytes())
    return found
