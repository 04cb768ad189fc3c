"""What carrying a plan out would do, as things stand now: looked at, with nothing touched."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path

from scripts.lib.errors import OutputError
from scripts.lib.files.scan import ProgressOf
from scripts.lib.output.cycles import no_search_for_cycles
from scripts.lib.output.execute import room_for
from scripts.lib.output.kinds import Mode, Supposed, with_kinds
from scripts.lib.output.ledger import State
from scripts.lib.output.moved import read_ledger
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.plan import Plan, Planner
from scripts.lib.output.settling import as_found
from scripts.lib.output.survey import survey
from scripts.lib.output.targets import Target, with_known_contents


class Preview:
    """A plan and what has to be done for it.

    targets : with their kinds
    plan : what was found in the output folder; None where there is no such folder
    """

    def __init__(self, output: Path, targets: Sequence[Target], plan: Plan | None, state: State) -> None:
        self.output, self.targets, self.plan, self.state = output, list(targets), plan, state
        self._formers = {r.target.name: r.here for r in plan.renamed} if plan else {}
        self._kept = {target.name for target in plan.kept} if plan else set()
        self._kinds = {target.name: target.kind for target in targets}

    def action(self, target: Target) -> str:
        """Return what is to be done for a target: its kind, keep or rename."""
        if target.name in self._kept:
            return "keep"
        return "rename" if target.name in self._formers else self._kinds[target.name]

    def former(self, target: Target) -> bytes | None:
        """Return the name from which a target's file is renamed, None if it is not."""
        return self._formers.get(target.name)

    @cached_property
    def actions(self) -> Counter[str]:
        """Return how many files there are of each action."""
        return Counter(self.action(target) for target in self.targets)

    @cached_property
    def needed(self) -> int:
        """Return how many bytes the new files take."""
        device = os.stat(existing_parent(self.output)).st_dev
        new = [t for t in self.targets if self.action(t) not in ("keep", "rename")]
        return sum(room_for(target, device) for target in new)

    @property
    def free(self) -> int:
        """Return how many bytes are free where the output is."""
        return shutil.disk_usage(existing_parent(self.output)).free


def unwatched(total: int, unit: str) -> AbstractContextManager[Callable[[int], object]]:
    """Show no progress."""
    return nullcontext(lambda files: None)


@no_search_for_cycles()
def preview(
    output: Path,
    targets: Sequence[Target],
    mode: Mode,
    fallback: bool,
    threads: int = 4,
    phases: ProgressOf = unwatched,
) -> Preview:
    """Return what has to be done so that an output folder holds the targets.

    phases : called with how many of our files are there, and what is counted, it begins to show progress

    Raises
    ------
    OutputError
        when it can't be done: names are taken, the folder can't be written to, files can't be linked.
    """
    parent = existing_parent(output)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"The output folder {str(output)!r} can't be written to: {str(parent)!r} is read-only, or there "
            "is no permission. Get permission, or choose another output folder."
        )
    able = Supposed(os.stat(parent).st_dev)
    if not output.is_dir():
        return Preview(output, with_kinds(output, targets, mode, fallback, able), None, State())
    with OutputFolder(output) as folder, ThreadPoolExecutor(threads) as pool:
        state = as_found(folder, read_ledger(folder))
        targets = with_known_contents(targets, state.owned)
        targets = with_kinds(folder.path, targets, mode, fallback, able)
        trusted = {path: file.content for path, file in state.owned.items()}
        with phases(len(state.owned), "files looked at") as count:
            standing = survey(folder, state.owned, trusted, pool, count)
        plan = Planner(folder, state.owned, targets, standing).plan()
    return Preview(output, targets, plan, state)


def existing_parent(path: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    path = path.absolute()
    while not path.exists() and path.parent != path:
        path = path.parent
    return path


def name_limit(output: Path) -> int:
    """Return how many bytes a name in the output may have."""
    return int(os.pathconf(existing_parent(output), "PC_NAME_MAX"))
