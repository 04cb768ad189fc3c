"""What files are called that lie in several folders of the output."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from scripts.lib.output.held_folder import base_of, folders_above, parent_of
from scripts.lib.output.naming.names import Naming, TargetName, target_names


def names_in_folders(
    sources: Sequence[bytes],
    folders: Sequence[bytes],
    naming: Naming,
    parts: Mapping[str, Sequence[bytes]] | None = None,
    positions: Sequence[int] | None = None,
) -> list[TargetName]:
    """Return the name of each source's file in its folder, a path below the output.

    `folders` has a path for each source, the empty one for the output itself. Without `positions` the files
    of a folder are numbered 0, 1, ... as they come. A folder is divided if it has more files than `naming`
    allows, whatever their numbers. No file gets the name that a folder beside it has.
    """
    members: dict[bytes, list[int]] = defaultdict(list)
    for row, folder in enumerate(folders):
        members[folder].append(row)
    beside: dict[bytes, set[bytes]] = defaultdict(set)
    for path in folders_above(folder + b"/" for folder in members):
        beside[parent_of(path)].add(base_of(path))
    named: dict[int, TargetName] = {}
    for folder, rows in members.items():
        names = target_names(
            [sources[row] for row in rows],
            naming if len(rows) > naming.per_folder else replace(naming, per_folder=0),
            {field: [column[row] for row in rows] for field, column in (parts or {}).items()},
            None if positions is None else [positions[row] for row in rows],
            beside[folder],
        )
        prefix = folder + b"/" if folder else b""
        named |= {row: name._replace(name=prefix + name.name) for row, name in zip(rows, names, strict=True)}
    return [named[row] for row in range(len(sources))]
