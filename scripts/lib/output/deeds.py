"""Doing what was announced: intents to the ledger, then the deed, then the result.

A kill between any two of these leaves intents without a result. `recover` finds out from the files
(`settling`) which of them were carried out, so that a file is ours if and only if we made it.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable
from scripts.lib.output.giving import give_back
from scripts.lib.output.held_folder import UNFIT_NAME, folders_above
from scripts.lib.output.ledger import Intent, Ledger, Own
from scripts.lib.output.placement import STAGING, Move, OutputFolder
from scripts.lib.output.settling import judged, tidy
from scripts.lib.output.survey import Standing
from scripts.lib.output.taking import take_sources

STAGED = re.compile(rb"(\d+|probe)\.part")


class Doer:
    """Carries out intents in an output folder."""

    def __init__(self, folder: OutputFolder, ledger: Ledger) -> None:
        self.folder = folder
        self.ledger = ledger

    def place(self, intents: Sequence[Intent]) -> list[str | None]:
        """Give files their new names; return why the file system refused one, if it did.

        All that was staged is on the disk first. Raises OutputError if a name is taken meanwhile,
        OSError if the folder can no longer be written to.
        """
        if not intents:
            return []
        numbers = self._announce(intents)
        outcomes = self.folder.relocate([Move(intent.here, intent.there) for intent in intents])
        self._settle(numbers, outcomes)
        for intent, outcome in zip(intents, outcomes, strict=True):
            _raise_unless_name(intent, outcome)
        return [None if error is None else f"{error.strerror}" for error in outcomes]

    def remove(self, intents: Sequence[Intent], standing: Mapping[bytes, Standing]) -> list[bytes]:
        """Remove files of ours that are still as they were surveyed; return which were."""
        if not intents:
            return []
        done: list[int] = []
        void: list[int] = []
        for number, intent in zip(self._announce(intents), intents, strict=True):
            same = standing[intent.here].still(self.folder.lstat(intent.here), _is_link(intent))
            if same:
                self.folder.unlink(intent.here)
            (done if same else void).append(number)
        pending = self.ledger.state.pending
        removed = [pending[number].here for number in done]
        self.ledger.settle(done, void)
        return removed

    def take(self, intents: Sequence[Intent]) -> list[str | None]:
        """Remove the sources of files of ours, which are moved by that; return why not, if not."""
        return self._each(intents, take_sources)

    def give(self, intents: Sequence[Intent]) -> list[str | None]:
        """Move files of ours back to their sources' places; return why not, if not."""
        return self._each(intents, give_back)

    def _each(
        self,
        intents: Sequence[Intent],
        do: Callable[[OutputFolder, Sequence[tuple[bytes, Own]]], list[str | None]],
    ) -> list[str | None]:
        if not intents:
            return []
        numbers = self._announce(intents)
        reasons = do(self.folder, [(each.here, each.file) for each in intents if each.file])
        results = list(zip(numbers, reasons, strict=True))
        self.ledger.settle(
            done=[number for number, reason in results if reason is None],
            void=[number for number, reason in results if reason is not None],
        )
        return reasons

    def make_folders(self, paths: Iterable[bytes]) -> None:
        """Make the folders of some files where they are missing; those that were are ours."""
        missing = [folder for folder in sorted(folders_above(paths)) if self.folder.lstat(folder) is None]
        if missing:
            self.ledger.note_folders(made=missing)
            self.ledger.flush()
            self.folder.make(*missing)

    def prune_folders(self) -> None:
        """Remove folders of ours that are empty."""
        state = self.ledger.state
        idle = sorted(state.folders - folders_above(state.owned), reverse=True)  # what lies in others first
        gone = [folder for folder in idle if self.folder.remove_folder(folder)]
        self.ledger.note_folders(unmade=gone)

    def _announce(self, intents: Sequence[Intent]) -> list[int]:
        numbers = self.ledger.intend(intents)
        self.folder.flush()
        self.ledger.flush()
        return numbers

    def _settle(self, numbers: Sequence[int], outcomes: Sequence[OSError | None]) -> None:
        results = list(zip(numbers, outcomes, strict=True))
        self.ledger.settle(
            done=[number for number, error in results if error is None],
            void=[number for number, error in results if error is not None],
        )

    def recover(self) -> None:
        """Settle what an earlier run announced and did not live to report, and sweep up."""
        pending = dict(self.ledger.state.pending)
        done, void = judged(self.folder, self.ledger.state)
        carried_out = set(done)
        if pending:
            self.folder.flush()  # the new names, before the former ones go
        for number, intent in pending.items():
            tidy(self.folder, intent, number in carried_out)
        self.ledger.settle(done, void)
        self._sweep()

    @contextlib.contextmanager
    def sweeping(self) -> Iterator[None]:
        """Sweep up at the end, whatever happens."""
        try:
            yield
        finally:
            self._sweep()

    def _sweep(self) -> None:
        for name in self.folder.listing(STAGING):
            if STAGED.fullmatch(name):
                self.folder.unlink(os.path.join(STAGING, name))


def _is_link(intent: Intent) -> bool:
    return intent.file is not None and intent.file.kind == "hardlink"


def _raise_unless_name(intent: Intent, error: OSError | None) -> None:
    if error is None or error.errno in UNFIT_NAME:
        return
    if isinstance(error, FileExistsError):
        raise OutputError(
            f"{readable(intent.there)!r} appeared in the output folder while copying; it is not "
            "touched. Move it away and run again: what is done is kept."
        ) from error
    raise error
