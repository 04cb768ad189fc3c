"""What is to be filed and under which names, before anybody has looked at the output folder.

All that `plan` and `plan_reorganize` have in common: a draft becomes the plan once it is compared with what
the folder holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import clear_marks, write_json
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.files.exports import write_csv
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.kinds import Mode
from scripts.lib.output.moved import Moves, check_folders, moves_of
from scripts.lib.output.naming.file_systems import needs_portable_names
from scripts.lib.output.naming.filed_names import names_in_folders
from scripts.lib.output.naming.folder_names import Folder, folder_paths
from scripts.lib.output.naming.names import Naming, TargetName
from scripts.lib.output.plan_summary import plan_summary, sentences
from scripts.lib.output.planned import paths_of, plan_digest, plan_table, wanted_files
from scripts.lib.output.preview import name_limit, preview
from scripts.lib.output.targets import Wanted, targets_of
from scripts.lib.run.stage import Stage


class Draft(NamedTuple):
    """Files, the name of each below the output, and what is worth knowing of how they were chosen."""

    wanted: list[Wanted]
    names: list[TargetName]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """The files of an order, and what was moved of them.

    hashed : whether content ids are those of the files' bytes
    """

    order: Path
    hashed: bool
    moves: Moves

    def wanted(self) -> list[Wanted]:
        """Return each file as it is wanted, where it lies now."""
        return wanted_files(self.order, self.hashed, self.moves.here)

    def paths(self) -> list[bytes]:
        """Return the path of each file as other tables have it."""
        return paths_of(self.order)


@dataclass(frozen=True)
class PlanSettings:
    """Where files are to go, how, and what they are called; how many threads look at what is there."""

    output: Path
    mode: Mode
    fallback: bool
    naming: Naming
    threads: int


class PlanFiles(NamedTuple):
    """Where a plan is written: for `copy`, for people, and in figures; and the mark that this is done."""

    planned: Path
    plan: Path
    table: Path
    summary: Path


def plan_settings(params: Mapping[str, Any], threads: int) -> PlanSettings:
    """Return how a stage is to plan; names are portable where the file system needs it, or by the setting."""
    output, wish = Path(params["output"]).expanduser(), params["portable"]
    portable = needs_portable_names(output) if wish == "auto" else bool(wish)
    naming = Naming(params["template"], params["per_folder"], portable, name_limit(output))
    return PlanSettings(output, params["mode"], params["fallback"], naming, threads)


def listed_files(order: Path, settings: PlanSettings, other: str, config: Mapping[str, Any]) -> Listed:
    """Return the files of an order; `other` is the other output of the collection.

    Raises
    ------
    OutputError
        when they are to be moved, and some were moved into the other; or a folder of moved files is gone.
    """
    moves = moves_of(settings.output, Path(other).expanduser(), config["name"], settings.mode)
    check_folders(settings.output, moves.here, config["allow_shrink"])
    return Listed(order, config["model"] != "precomputed", moves)


def draft_in_order(listed: Listed, naming: Naming, duplicates: Duplicates) -> Draft:
    """Return the files of an order by their positions, the duplicates as they are to be handled.

    Where duplicates are left out their numbers are, too: a number is a position in the order, and a decision
    on one file gives no other one another name.
    """
    wanted, paths = listed.wanted(), listed.paths()
    duplicates = duplicates.among(paths)
    rows = duplicates.taken(paths)
    chosen = [wanted[row] for row in rows]
    folders = [duplicates.folder(paths[row]) or () for row in rows]
    names = named(chosen, folders, listed.moves, naming, positions=[each.position for each in chosen])
    return Draft(chosen, names, duplicates.facts(paths))


def named(
    wanted: Sequence[Wanted],
    folders: Sequence[Folder],
    moves: Moves,
    naming: Naming,
    parts: Mapping[str, Sequence[bytes]] | None = None,
    positions: Sequence[int] | None = None,
) -> list[TargetName]:
    """Return what each file is called in its folder, made of the name that it had before any move."""
    paths = folder_paths(folders, naming.limit, naming.portable)
    formers = [moves.former(each.source) for each in wanted]
    return names_in_folders(formers, [paths[folder] for folder in folders], naming, parts, positions)


def write_plan(
    run: Stage, draft: Draft, settings: PlanSettings, files: PlanFiles, provenance: Provenance
) -> None:
    """Compare a draft with what the output holds, write the plan, and say what it would do.

    Raises
    ------
    OutputError
        when it can't be carried out.
    """
    targets = targets_of(draft.wanted, draft.names)
    seen = preview(settings.output, targets, settings.mode, settings.fallback, settings.threads, run.progress)
    run.counts(len(targets), "files")
    facts = {"digest": plan_digest(targets, settings.mode), **plan_summary(seen, draft.names), **draft.facts}
    provenance.facts.update(facts)
    table = plan_table(targets, draft.names, seen)
    with recording(files.table, provenance) as temporary:
        write_csv(table, temporary)
    with recording(files.summary, provenance) as temporary:
        write_json(temporary, facts)
    with recording(files.plan, provenance) as temporary:
        pq.write_table(table, temporary)
    clear_marks(files.planned)
    for sentence in sentences(facts):
        run.tell(sentence)
