"""What copies are called, by a template: `{index}_{stem}{ext}` makes `0017_beach.jpg`.

Names are bytes, and the source's bytes are kept as they are, unless names are to be portable. A name
that would exceed the file system's limit loses the end of its stem, never its index or extension and
never half of a UTF-8 character. No two names of a folder differ in nothing but case or the way in
which characters are composed, so that the copies can be moved to any file system.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from scripts.lib.errors import InputError
from scripts.lib.output.naming.name_template import DEFAULT_TEMPLATE, parse_template
from scripts.lib.output.naming.portable_names import PORTABLE_LIMIT, folded, is_device, portable
from scripts.lib.output.naming.short_names import LONGEST_EXTENSION, beginning, split_name

LEAST_DIGITS = 4
OURS = (".seriatim", ".removed")  # what begins so is no name of a copy

Values = tuple[bytes, ...]  # one for each field of a template


class TargetName(NamedTuple):
    """What a copy is called, as a path below the output folder; if it lost its end, or got a number."""

    name: bytes
    cut: bool
    numbered: bool


@dataclass(frozen=True)
class Naming:
    """How copies are called.

    More than `per_folder` files are divided among folders, 0 leaves them in one. A name has at most
    `limit` bytes, and `portable` ones have nothing in them that Windows, exFAT or SMB refuse.
    """

    template: str = DEFAULT_TEMPLATE
    per_folder: int = 10_000
    portable: bool = False
    limit: int = 255


def target_names(
    sources: Sequence[bytes],
    naming: Naming,
    parts: Mapping[str, Sequence[bytes]] | None = None,
    positions: Sequence[int] | None = None,
    taken: Collection[bytes] = (),
) -> list[TargetName]:
    """Return the name of each source's copy; of names that would be one, the later gets a number.

    `parts` has what further fields of the template stand for, for each source. Without `positions`
    they are the places in `sources`. Names in `taken` are given to none.

    Raises
    ------
    InputError
        if the template is none, or leaves no room in a name.
    """
    places = range(len(sources)) if positions is None else positions
    if len(set(places)) < len(sources):
        raise ValueError(f"{len(sources)} files have {len(set(places))} positions: each needs its own")
    names = dict(_Namer(sources, naming, parts or {}, places, taken).all())
    return [names[row] for row in range(len(sources))]


class _Namer:
    """Names the sources, which have the rows 0, 1, ..., in the order of their positions."""

    def __init__(
        self,
        sources: Sequence[bytes],
        naming: Naming,
        parts: Mapping[str, Sequence[bytes]],
        places: Sequence[int],
        taken: Collection[bytes],
    ) -> None:
        self.sources, self.parts, self.places, self.taken = sources, parts, places, taken
        self.portable = naming.portable
        self.limit = min(naming.limit, PORTABLE_LIMIT) if naming.portable else naming.limit
        count = max(places, default=-1) + 1
        self.digits = index_digits(count)
        self.per_folder = naming.per_folder if 0 < naming.per_folder < count else 0
        self.template = parse_template(naming.template, parts)
        self.pick = itemgetter(*self.template.fields)
        self.yielding = _yielding(self.template.fields)
        _check_room(naming.template, self.template.text + self.digits + len(str(count + 2)), self.limit)

    def all(self) -> Iterator[tuple[int, TargetName]]:
        """Give each row and its name."""
        rows = sorted(range(len(self.places)), key=self.places.__getitem__)
        for block, members in itertools.groupby(rows, self._block):
            yield from self._folder(self._prefix(block), members)

    def _block(self, row: int) -> int:
        return self.places[row] // self.per_folder if self.per_folder else 0

    def _prefix(self, block: int) -> bytes:
        """Return `00000-09999/`, the positions that a folder has room for, or nothing."""
        if not self.per_folder:
            return b""
        first = block * self.per_folder
        return b"%0*d-%0*d/" % (self.digits, first, self.digits, first + self.per_folder - 1)

    def _folder(self, prefix: bytes, rows: Iterable[int]) -> Iterator[tuple[int, TargetName]]:
        given = _Given(() if prefix else self.taken)
        for row in rows:
            values = self._values(row)
            name, cut = self._name(values)
            numbered = not given.add(name)
            if numbered:
                name, cut = self._numbered(values, given)
            yield row, TargetName(prefix + name, cut, numbered)

    def _numbered(self, values: Values, given: "_Given") -> tuple[bytes, bool]:
        """Return the first that is not given of `x.2.jpg`, `x.3.jpg`, ..., and whether it was cut."""
        series = folded(self._name(values, b".2")[0])
        numbers = itertools.count(given.next_numbers.get(series, 2))
        number = next(n for n in numbers if given.add(self._name(values, b".%d" % n)[0]))
        given.next_numbers[series] = number + 1
        return self._name(values, b".%d" % number)

    def _values(self, row: int) -> Values:
        folder, _, base = self.sources[row].rpartition(b"/")
        stem, extension = split_name(base)
        known = {
            "index": b"%0*d" % (self.digits, self.places[row]),
            "stem": stem,
            "ext": extension,
            "folder": folder.rstrip(b"/").rpartition(b"/")[2],
        }
        for field, column in self.parts.items():
            known[field] = column[row]
        picked: Values = self.pick(known)
        return picked

    def _name(self, values: Values, number: bytes = b"") -> tuple[bytes, bool]:
        """Return a name with a number before its extension, and whether it was cut."""
        values = (*values[:-1], number + values[-1]) if number else values
        name, cut = self._fitted(values, self.limit)
        if _is_reserved(name) or (self.portable and is_device(name)):
            name, cut = self._fitted(values, self.limit - 1)
            name = b"_" + name
        return name, cut

    def _fitted(self, values: Values, limit: int) -> tuple[bytes, bool]:
        name = self.template.pattern % values
        cut = len(name) > limit
        if cut:
            name = self.template.pattern % self._shortened(values, len(name) - limit)
        name = name.replace(b"/", b"_").replace(b"\0", b"_")  # in parts, and in lists of names
        return portable(name) if self.portable else name, cut

    def _shortened(self, values: Values, excess: int) -> Values:
        """Take at least `excess` bytes away from what may lose its end."""
        kept = list(values)
        for i in self.yielding:
            kept[i] = beginning(values[i], len(values[i]) - max(excess, 0))
            excess -= len(values[i]) - len(kept[i])
        return tuple(kept)


class _Given:
    """The names that a folder has already, and the next number for those that are one with another."""

    def __init__(self, taken: Iterable[bytes]) -> None:
        self.taken = set(map(folded, taken))
        self.next_numbers: dict[str, int] = {}

    def add(self, name: bytes) -> bool:
        """Take a name, unless it is taken; tell whether it was free."""
        before = len(self.taken)
        self.taken.add(folded(name))
        return len(self.taken) > before


def _yielding(fields: Sequence[str]) -> list[int]:
    """Return which values may lose their end: the stem first, then the others from the last on."""
    others = [i for i, field in enumerate(fields) if field not in ("index", "stem", "ext")]
    return [i for i, field in enumerate(fields) if field == "stem"] + others[::-1]


def _check_room(template: str, fixed: int, limit: int) -> None:
    """Raise InputError if what can't be cut may exceed the limit: also extension, `.`, and a `_` in front."""
    if fixed + LONGEST_EXTENSION + 2 > limit:
        raise InputError(
            f"The name template {template!r} leaves no room in a name, which has at most {limit} bytes "
            "there. Shorten its text, or choose another output folder."
        )


def _is_reserved(name: bytes) -> bool:
    """Tell whether a name is none, is a folder's own or its parent's, or is for files of ours."""
    if name[:1] != b".":
        return not name
    return name in (b".", b"..") or folded(name).startswith(OURS)


def index_digits(count: int) -> int:
    """Return how many digits the positions 0 .. count - 1 take, four at least."""
    return max(LEAST_DIGITS, len(str(count - 1)))
