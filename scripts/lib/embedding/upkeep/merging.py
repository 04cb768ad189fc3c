"""Parts of a store replaced by others: small ones merged, and those rid of vectors that nobody needs.

New parts are on the disk before old ones go, and a vector that lies in two for a while is the same in both:
a kill at any moment loses nothing, and the next time begins with what is left. Nobody else may be at work
in the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.lib.artifacts.atomic import flush_to_disk
from scripts.lib.artifacts.disk import writing
from scripts.lib.embedding.parts import Parts
from scripts.lib.embedding.places import joined
from scripts.lib.embedding.upkeep.occupancy import Occupant
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import positions_in

MANY = 16  # parts that are worth the work at the end of a job


@dataclass(frozen=True)
class Rewriting:
    """What is to be done with the parts of a store.

    rows : of each part, those of the vectors that stay: (m,) int32, ascending
    dropped : parts of which none stays
    groups : parts of which one is made
    vectors : how many go; one that lies in another part, too, counts
    """

    rows: dict[str, np.ndarray]
    dropped: Sequence[str]
    groups: Sequence[Sequence[str]]
    vectors: int

    @property
    def parts(self) -> int:
        """Return how many parts are replaced or dropped."""
        return len(self.dropped) + sum(map(len, self.groups))


def plan_rewriting(store: Parts, part_size: int, ids: np.ndarray | None = None) -> Rewriting:
    """Plan to keep the vectors of `ids` (n,) S32, ascending, or all, in parts that are not small.

    A part is small with less than half of `part_size` vectors. The newest vector of a content stays.
    """
    contents = store.contents()
    needed = joined(contents)
    if ids is not None:
        needed = needed.select(positions_in(ids, needed.ids) >= 0)
    held = {name: len(part) for part in contents for name in part.names}
    rows = {name: np.sort(needed.rows[which]) for name, which in needed.by_part()}
    staying = {name: len(rows.get(name, ())) for name in held}
    whole = {name for name in held if staying[name] == held[name]}
    loose = [name for name in held if name not in whole or held[name] < part_size / 2]
    groups = _groups({name: staying[name] for name in loose if staying[name]}, part_size)
    return Rewriting(
        rows,
        dropped=[name for name in held if not staying[name]],
        groups=[group for group in groups if len(group) > 1 or group[0] not in whole],
        vectors=sum(held.values()) - len(needed),
    )


def merge_many(store: Parts, occupant: Occupant, part_size: int, tell: Callable[[str], object]) -> bool:
    """Merge the small parts of a store where there are many and nobody else is at work there.

    Returns whether parts may have been replaced meanwhile, by this or by another process. A disk that does
    not take a new part, and a part that is found damaged, are told and no error: what is lost by it is
    missed by those who need it.
    """
    if plan_rewriting(store, part_size).parts < MANY:
        return False
    with occupant.alone() as alone:
        try:
            if alone:
                rewrite(store, plan_rewriting(store, part_size), lambda parts: None)
        except (DamagedArtifact, DiskError) as error:
            tell(f"small parts of the store were not merged: {error}")
    return True


def _groups(counts: Mapping[str, int], most: int) -> list[list[str]]:
    """Divide parts, in their order, into groups that together have no more vectors than one part may."""
    groups: list[list[str]] = []
    room = 0
    for name, count in counts.items():
        if count > room:
            groups.append([])
            room = most
        groups[-1].append(name)
        room -= count
    return groups


def rewrite(store: Parts, plan: Rewriting, progress: Callable[[int], object]) -> None:
    """Carry a plan out; `progress` is called with the number of parts that are replaced or gone.

    Before any vector goes, the bytes of all parts that stay are checked: what supersedes it may lie there.

    Raises
    ------
    DamagedArtifact
        when a part is not what was written.
    DiskError
        when the disk does not take a new part; what was done is kept.
    """
    if plan.vectors:
        check_survivors(store, plan)
    for group in plan.groups:
        taken = [_taken(store, name, plan.rows[name]) for name in group]
        ids, vectors = (np.concatenate(columns) for columns in zip(*taken, strict=True))
        new = store.append(ids, vectors)
        _remove(store, [name for name in group if name != new])
        progress(len(group))
    _remove(store, plan.dropped)
    progress(len(plan.dropped))


def check_survivors(store: Parts, plan: Rewriting) -> None:
    """Read every part that is neither dropped nor merged. Raises DamagedArtifact at one that is damaged."""
    merged = {name for group in plan.groups for name in group}
    for name in plan.rows:
        if name not in merged:
            store.check(name)


def _taken(store: Parts, part: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ids, vectors = store.read(part)
    return ids[rows], vectors[rows]


def _remove(store: Parts, parts: Sequence[str]) -> None:
    if not parts:
        return
    with writing(store.folder):
        for name in parts:
            (store.folder / name).unlink(missing_ok=True)
        flush_to_disk(store.folder)
