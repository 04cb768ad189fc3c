"""What was announced and not reported: found out by looking at the files.

A kill leaves intents without a result. Whether one was carried out follows from what lies at its two paths.
To judge changes nothing, so that a plan can be made of what a killed run left before it is tidied up.
"""

import os
import stat

from scripts.lib.output.giving import clear_after_giving, is_back
from scripts.lib.output.ledger import Intent, Own, State
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.taking import has_source


def judged(folder: OutputFolder, state: State) -> tuple[list[int], list[int]]:
    """Return the numbers of the intents that were carried out, and of those that were not."""
    done: list[int] = []
    void: list[int] = []
    for number, intent in state.pending.items():
        (done if _was_done(folder, intent) else void).append(number)
    return done, void


def as_found(folder: OutputFolder, state: State) -> State:
    """Settle what is pending in a state, which the ledger's file does not learn."""
    if state.pending:
        done, void = judged(folder, state)
        state.apply({"done": done})
        state.apply({"void": void})
    return state


def tidy(folder: OutputFolder, intent: Intent, done: bool) -> None:
    """Take away what is left of a deed that was cut short: a former name, or one that was only reserved."""
    if intent.deed == "give" and intent.file:
        clear_after_giving(folder, intent.here, intent.file, done)
    if intent.deed in ("take", "give", "remove"):
        return
    here, there = folder.lstat(intent.here), folder.lstat(intent.there)
    if here is None or there is None:
        return
    if done:
        folder.unlink(intent.here)
    elif stat.S_ISREG(there.st_mode) and there.st_size == 0:
        folder.unlink(intent.there)


def _was_done(folder: OutputFolder, intent: Intent) -> bool:
    if intent.file and intent.deed == "take":
        return not has_source(folder, intent.here, intent.file)
    if intent.file and intent.deed == "give":
        return is_back(folder, intent.here, intent.file)
    here = folder.lstat(intent.here)
    if intent.deed == "remove":
        return here is None
    there = folder.lstat(intent.there)
    if there is None:
        return False
    if here is not None:  # linked; anything else is in the way, or an empty file by which a name was reserved
        return os.path.samestat(here, there)
    return intent.file is None or _is_ours(folder, intent, intent.file, there)


def _is_ours(folder: OutputFolder, intent: Intent, file: Own, found: os.stat_result) -> bool:
    """Tell whether what has the new name is the file that was to get it."""
    if file.kind == "symlink":
        return folder.readlink(intent.there) == file.link
    if intent.deed == "move" and file.kind != "copy":
        return True  # it may be edited any time, and the file that was there is gone
    if file.kind == "hardlink" and _is(file.source, found):
        return True
    return folder.digest(intent.there) == file.content


def _is(source: bytes, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(source), found)
    except OSError:
        return False
