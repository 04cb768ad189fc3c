"""Stories of an output folder: orders that follow each other, in one mode or several, and undo.

A story is a number of steps. `first:MODE` and `second:MODE` bring two orders into the output, `filed:MODE`
and `swapped:MODE` file images into two folders, which then take each other's names. `disturb` is what a user
might do between them, and `undo` takes everything back. The last step is the one in which something goes
wrong; whatever it is, all that follows has to be as if nothing had happened.
"""

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from blake3 import blake3

from scripts.lib.output.check import check_copies
from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.execute import CopySettings, CopySummary
from scripts.lib.output.moved import moved_files
from scripts.lib.output.naming.filed_names import names_in_folders
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Target, Wanted, names_of, targets_of
from scripts.lib.output.undo import UndoSummary, undo

link = os.link  # for what is not tried
COUNT = 10  # sources; small, because everything is done once for each call

Tree = dict[str, tuple[int, int, int, bytes]]


class World(NamedTuple):
    """Sources and output: all that a step may change; and what a scan found of each source."""

    sources: Path
    output: Path
    scanned: dict[Path, tuple[bytes, Seen]]

    def wanted(self, paths: Sequence[Path]) -> list[Wanted]:
        """Return an order, of files that may have been moved into the output."""
        moved = moved_files(self.output)
        places = {origin: place for place, origin in moved.items()}
        order = []
        for position, path in enumerate(paths):
            source = os.fsencode(path)
            if source in places and not os.path.lexists(source):
                source = places[source]
            order.append(Wanted(position, source, *self.scanned[path], moved.get(source)))
        return order

    def order(self, step: str) -> list[Target]:
        """Return what a copying step wants."""
        paths = list(self.scanned)
        if step.startswith(("filed", "swapped")):
            return self.filed(self.wanted(paths[1:9]), [b"one", b"two/deep"][:: -1 if step[0] == "s" else 1])
        chosen = paths[1:9] if step.startswith("first") else [paths[i] for i in (0, 9, 2, 3, 1, 7, 5, 4)]
        wanted = self.wanted(chosen)
        return targets_of(wanted, names_of(wanted, Naming(per_folder=3)))

    def filed(self, wanted: list[Wanted], folders: list[bytes]) -> list[Target]:
        """Return what is wanted when files go to two folders in turn."""
        chosen = [folders[each.position % 2] for each in wanted]
        sources = [each.origin or each.source for each in wanted]
        return targets_of(wanted, names_in_folders(sources, chosen, Naming()))

    def do(self, step: str, targets: list[Target] | None = None) -> CopySummary | UndoSummary | None:
        """Do a step of a story; `targets` are from an earlier look at the world."""
        if step == "undo":
            return undo(self.output, "photos", 1, lambda count: None)
        if step == "disturb":
            self.disturb()
            return None
        mode: Any = step.partition(":")[2]
        settings = CopySettings(self.output, "photos", mode, forced=True, threads=1, batch_files=3)
        return copy_in_order(targets or self.order(step), settings, lambda count: None)

    def make(self) -> None:
        """Make sources: some names are equal, one is its owner's only, one has no bytes, two are one file."""
        for i in range(COUNT):
            path = self.sources / f"{i}" / ("same.jpg" if i < 5 else f"{i}.jpg")
            path.parent.mkdir(parents=True)
            path.write_text(f"content {i}" * (i if i != 3 else 0))
            if i == 5:
                path.unlink()
                link(self.sources / "4/same.jpg", path)
            path.chmod(0o600 if i == 2 else 0o644)
            os.utime(path, ns=(i, 10**18 + i))
            seen = Seen(path.stat().st_size, path.stat().st_mtime_ns)
            self.scanned[path] = blake3(path.read_bytes()).digest(), seen

    def disturb(self) -> None:
        """Edit two files of the output, remove one, add one, lose one source, change another."""
        files = sorted(path for path in self.output.rglob("0*.jpg"))
        replace(files[2], "edited by hand")
        replace(files[6], "edited as well")
        files[5].unlink()
        (self.output / "foreign.jpg").write_text("foreign")
        paths = list(self.scanned)
        paths[8].unlink(missing_ok=True)
        replace(paths[9], "changed since the scan")


def replace(path: Path, text: str) -> None:
    """Write a file anew, as editors do: it is no longer the one that it was. A link leads elsewhere then."""
    is_link = path.is_symlink()
    path.unlink()
    if is_link:
        path.symlink_to("elsewhere")
        return
    path.write_text(text)
    os.utime(path, ns=(7, 7))


def tree(*folders: Path) -> Tree:
    """Return every file but ledger and lock, which depend on the kills: mode, names, time, bytes."""
    found = {}
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if (path.is_symlink() or path.is_file()) and path.name not in ("ledger.jsonl", "lock"):
            state = path.lstat()
            time = 0 if path.is_symlink() else state.st_mtime_ns
            data = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
            found[str(path)] = (state.st_mode, state.st_nlink, time, data)
    return found


def unlinked(found: Tree) -> Tree:
    """Leave out how many names each file has, which links in the output change."""
    return {path: (mode, 0, time, data) for path, (mode, _, time, data) in found.items()}


def contents(world: World) -> set[bytes]:
    """Return the contents that exist anywhere."""
    return {data for mode, _, _, data in tree(world.sources, world.output).values() if stat.S_ISREG(mode)}


def same(found: Tree, expected: Tree) -> None:
    """Raise AssertionError if two trees differ, and say in what."""
    differing = {path for path, _ in found.items() ^ expected.items()}
    assert not differing, "\n".join(f"{p}: {found.get(p)}, not {expected.get(p)}" for p in sorted(differing))


class Template:
    """The world as it was before the step that is killed."""

    def __init__(self, world: World, folder: Path) -> None:
        self.kept = {folder / "sources": world.sources, folder / "output": world.output}
        duplicate({theirs: ours for ours, theirs in self.kept.items()})

    def restore(self) -> None:
        """Make the world what it was."""
        duplicate(self.kept)


def duplicate(folders: dict[Path, Path]) -> None:
    """Copy folders; what is one file with several names is one again."""
    made: dict[tuple[int, int], Path] = {}
    for folder, copy in folders.items():
        shutil.rmtree(copy, ignore_errors=True)
        for path in [folder, *sorted(folder.rglob("*"))] if folder.exists() else []:
            target, state = copy / path.relative_to(folder), path.lstat()
            if path.is_dir() and not path.is_symlink():
                target.mkdir(parents=True)
            elif (state.st_dev, state.st_ino) in made:
                link(made[state.st_dev, state.st_ino], target)
            else:
                shutil.copy2(path, target, follow_symlinks=False)
                made[state.st_dev, state.st_ino] = target


class Story:
    """What is done, and what comes of it when nothing goes wrong."""

    def __init__(self, world: World, steps: Sequence[str], template: Path) -> None:
        self.world = world
        world.make()
        self.beginning = unlinked(tree(world.sources))
        for step in steps[:-1]:
            world.do(step)
        self.step, self.disturbed = steps[-1], "disturb" in steps
        self.template = Template(world, template)
        self.contents, self.sources = contents(world), unlinked(tree(world.sources))
        self.untouched = "move" not in "".join(steps)
        self.do()
        self.findings = check_copies(world.output)
        self.end = tree(world.sources, world.output)
        self.do("undo")
        self.undone = tree(world.sources, world.output)
        if not self.disturbed:
            same(unlinked(tree(world.sources)), self.beginning)

    def do(self, step: str = "", targets: list[Target] | None = None) -> CopySummary | UndoSummary | None:
        """Do the last step, or another one."""
        return self.world.do(step or self.step, targets)

    def assert_nothing_lost(self) -> None:
        """Raise AssertionError unless every content exists that existed before the step."""
        assert contents(self.world) >= self.contents
        if self.untouched:
            same(unlinked(tree(self.world.sources)), self.sources)

    def assert_completed(self, links: bool = True) -> None:
        """Raise AssertionError unless all is as if undisturbed; and then undo it, and nothing is left of it.

        links : whether files have as many names, too; not where one was copied because linking failed
        """
        seen = (lambda found: found) if links else unlinked
        same(seen(tree(self.world.sources, self.world.output)), seen(self.end))
        if self.step == "undo":
            return
        assert check_copies(self.world.output) == self.findings
        self.do("undo")
        same(seen(tree(self.world.sources, self.world.output)), seen(self.undone))

    def assert_undone_at_once(self) -> None:
        """Undo what is half done; raise AssertionError if something is left of it, or not given back."""
        self.do("undo")
        self.assert_nothing_lost()
        if not self.disturbed:
            same(unlinked(tree(self.world.sources)), self.beginning)
            assert tree(*self.world.output.glob("[!.]*")) == {}
