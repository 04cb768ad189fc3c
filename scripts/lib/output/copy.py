"""Copies of the ordered files, and nothing of anybody else's touched.

What has to be done is planned (`plan`) against a ledger of what was done before, and carried out in
batches (`execute`): sources are copied to temporary files and verified, the intents are written to
the ledger, the files get their names, the results are written. Killed at any moment, the next run
ends as if nothing had happened.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.lib.errors import OutputError
from scripts.lib.output.cycles import no_search_for_cycles
from scripts.lib.output.deeds import Doer
from scripts.lib.output.execute import CopySettings, CopySummary, Executor, Progress
from scripts.lib.output.kinds import Tried, with_kinds
from scripts.lib.output.ledger import Ledger
from scripts.lib.output.output_lock import locked
from scripts.lib.output.placement import HOME, LEDGER, PARKED, REMOVED, STAGING, OutputFolder
from scripts.lib.output.plan import Planner, refuse_foreign
from scripts.lib.output.survey import survey
from scripts.lib.output.targets import Target, with_known_contents


@no_search_for_cycles()
def copy_in_order(targets: Sequence[Target], settings: CopySettings, progress: Progress) -> CopySummary:
    """Make the output folder hold each target under its name: a copy, a link, or the file itself.

    `progress` is called with numbers of files newly done. A source that cannot be copied is a row
    with an error. Raises OutputError, with nothing changed, if a wanted name is taken by a file
    that is not ours, the folder belongs to another collection, files can't be linked or moved there, or
    space would not suffice; and, with what is done kept, if the folder cannot be written to any longer.
    """
    with as_output_errors(settings.output), _open(settings.output) as folder:
        if folder.lstat(REMOVED) is not None:
            folder.folder(REMOVED)
        if folder.lstat(HOME) is None:
            refuse_foreign(folder, targets, ours=set())
        folder.make(HOME, STAGING, PARKED)
        with locked(folder), ledger_of(folder, settings.name) as ledger:
            doer = Doer(folder, ledger)
            doer.recover()
            if ledger.state.undone and ledger.state.plan == settings.plan and not settings.forced:
                return CopySummary([], [], [], [], undone=True)
            with doer.sweeping(), ThreadPoolExecutor(settings.threads) as pool:
                return _executor(doer, targets, settings, pool).run(progress)


def _executor(
    doer: Doer, targets: Sequence[Target], settings: CopySettings, pool: ThreadPoolExecutor
) -> Executor:
    """Look at the folder, plan, and check that there is room for the plan."""
    owned = dict(doer.ledger.state.owned)
    targets = with_known_contents(targets, owned)
    able = Tried(doer.folder)
    targets = with_kinds(doer.folder.path, targets, settings.mode, settings.fallback, able)
    trusted = {} if settings.check_contents else {target.name: target.content for target in targets}
    standing = survey(doer.folder, owned, trusted, pool)
    plan = Planner(doer.folder, owned, targets, standing).plan()
    executor = Executor(doer, plan, standing, settings, pool)
    _check_space(doer.folder, sum(executor.sizes))
    doer.ledger.note_plan(settings.plan)
    return executor


def _check_space(folder: OutputFolder, needed: int) -> None:
    free = shutil.disk_usage(folder.path).free
    if needed > free:
        raise OutputError(
            f"The copies need {needed / 1e9:.2f} GB, and {str(folder.path)!r} has {free / 1e9:.2f} "
            "GB free. Make room, or choose another output folder."
        )


@contextlib.contextmanager
def ledger_of(folder: OutputFolder, name: str) -> Iterator[Ledger]:
    """Open the ledger of an output folder, and claim the folder if it is nobody's."""
    fd = folder.open(LEDGER, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        ledger = Ledger.open(fd, name)
        folder.flush_folders({b"", HOME})
        yield ledger
    finally:
        os.close(fd)


def _open(output: Path) -> OutputFolder:
    if output.is_symlink() and not output.exists():
        raise OutputError(
            f"The output folder {str(output)!r} is a symbolic link to {os.readlink(output)!r}, "
            "which does not exist. Mount or create it, or choose another output folder."
        )
    os.makedirs(output, exist_ok=True)
    return OutputFolder(output)


@contextlib.contextmanager
def as_output_errors(output: Path) -> Iterator[None]:
    """Give what goes wrong in the output folder a message that says what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"Can't write into the output folder {str(output)!r}: {error.strerror or error}. Make "
            "room or get permission and run again: what is done is kept, and nothing is lost."
        ) from error
