"""The plan as a table: what each file of the order is to be called and to be in the output.

The table is made once, by stage `plan`, and carried out by stage `copy`. Its digest names it: the same
files under the same names, whatever has been done of it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.files.paths import absolute, readable
from scripts.lib.output.kinds import Mode
from scripts.lib.output.naming.names import TargetName
from scripts.lib.output.preview import Preview
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Target, Wanted

COLUMNS = ["position", "path_bytes", "content_id", "size", "mtime_ns"]


def wanted_files(order: Path, hashed: bool, moved: Mapping[bytes, bytes]) -> list[Wanted]:
    """Return the files of the order, by their absolute paths.

    hashed : whether content ids are those of the files' bytes
    moved : the place in the output of each moved file, and the one that it had
    """
    table = pq.read_table(order, columns=COLUMNS)
    places = {origin: place for place, origin in moved.items()}
    wanted = []
    for position, path, content, size, mtime_ns in zip(*(c.to_pylist() for c in table.columns), strict=True):
        source = absolute(path)
        if source in places and not os.path.lexists(source):
            source = places[source]
        seen = Seen(size, mtime_ns) if hashed else None
        wanted.append(Wanted(position, source, content if hashed else None, seen, moved.get(source)))
    return wanted


def paths_of(order: Path) -> list[bytes]:
    """Return the path of each file as the order has it, by which other tables know it."""
    paths: list[bytes] = pq.read_table(order, columns=["path_bytes"])["path_bytes"].to_pylist()
    return paths


def where_they_lie(targets: Iterable[Target], moved: Mapping[bytes, bytes]) -> list[Target]:
    """Return targets with the places of their sources now: they may have been moved since the plan, or back.

    moved : the place in the output of each moved file, and the one that it had
    """
    places = {origin: place for place, origin in moved.items()}
    return [target._replace(wanted=_where_it_lies(target.wanted, moved, places)) for target in targets]


def _where_it_lies(wanted: Wanted, moved: Mapping[bytes, bytes], places: Mapping[bytes, bytes]) -> Wanted:
    origin = wanted.origin or wanted.source
    if moved.get(wanted.source) == origin or (wanted.origin is None and os.path.lexists(wanted.source)):
        return wanted
    if origin in places:
        return wanted._replace(source=places[origin], origin=origin)
    return wanted._replace(source=origin, origin=None)


def plan_digest(targets: Sequence[Target], mode: Mode) -> str:
    """Return what names a plan: 32 hex digits of which file is to have which name, and of the mode."""
    digest = blake3(mode.encode())
    for target in targets:
        wanted = target.wanted
        for part in (wanted.origin or wanted.source, target.name, target.content or b""):
            digest.update(len(part).to_bytes(4) + part)
    return digest.hexdigest()[:32]


def plan_table(targets: Sequence[Target], names: Sequence[TargetName], preview: Preview) -> pa.Table:
    """Return the plan: a row a file, by position; `action` and `former` as things stand now.

    action : copy, hardlink, symlink or move; keep, or rename from `former`
    note : what was done to the name: numbered, because another had it, or cut
    """
    wanted = [target.wanted for target in targets]
    return pa.table(
        {
            "position": pa.array([each.position for each in wanted], pa.int32()),
            "path": pa.array([readable(each.source) for each in wanted], pa.string()),
            "target": pa.array([readable(target.name) for target in targets], pa.string()),
            "action": pa.array([preview.action(target) for target in targets], pa.string()),
            "former": pa.array([_readable(preview.former(target)) for target in targets], pa.string()),
            "note": pa.array([_note(name) for name in names], pa.string()),
            "size": pa.array([each.seen and each.seen.size for each in wanted], pa.int64()),
            "mtime_ns": pa.array([each.seen and each.seen.mtime_ns for each in wanted], pa.int64()),
            "content_id": pa.array([target.content for target in targets], ID_TYPE),
            "path_bytes": pa.array([each.source for each in wanted], pa.binary()),
            "origin_bytes": pa.array([each.origin for each in wanted], pa.binary()),
            "target_bytes": pa.array([target.name for target in targets], pa.binary()),
        }
    )


def read_targets(plan: Path) -> list[Target]:
    """Return the targets of a plan, in its order."""
    names = [*COLUMNS, "origin_bytes", "target_bytes"]
    table = pq.read_table(plan, columns=names).select(names)
    targets = []
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        position, source, content, size, mtime_ns, origin, name = row
        seen = None if size is None else Seen(size, mtime_ns)
        targets.append(Target(Wanted(position, source, content, seen, origin), content, name))
    return targets


def _readable(name: bytes | None) -> str | None:
    return None if name is None else readable(name)


def _note(name: TargetName) -> str | None:
    notes = ["numbered"] * name.numbered + ["cut"] * name.cut
    return ", ".join(notes) or None
