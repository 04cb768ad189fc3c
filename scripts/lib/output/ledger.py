"""What has been done in an output folder, one JSON object a line, only ever appended to.

    {"seriatim": 1, "name": "photos"}                         whose folder this is
    {"intent": 7, "do": "place", "here": .., "there": .., ..}  about to be done
    {"done": [7, 8]}    {"void": [9]}                         was done, was not done
    {"own": "0003_a.jpg", ..}    {"forget": "0004_b.jpg"}     a fact about one file
    {"made": "00000-09999"}    {"unmade": "00000-09999"}      a folder of ours came or went
    {"plan": "5f0e.."}    {"undone": "5f0e.."}                which plan is carried out, or was undone

A file is ours because the ledger says so; every other file is foreign and is left alone. Intents
are on the disk before what they announce begins. Results may be lost: an intent that has none is
settled at the next start by looking at the files. All paths are relative to the output folder, but
for those of sources; one that would lead out of it is damage, whoever wrote it.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from scripts.lib.errors import OutputError

VERSION = 2
ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))  # made once: half the time
READ = (1, 2)  # version 1 knew copies only

Kind = Literal["copy", "hardlink", "symlink", "move"]
Deed = Literal["place", "move", "aside", "remove", "take", "give"]


class Own(NamedTuple):
    """A file of ours as it was when we made it, and the source that it was made from.

    kind : what it is to its source; of a moved file `source` is the place that it had
    link : the text of a symbolic link
    """

    content: bytes  # BLAKE3-256 of its bytes
    size: int
    mtime_ns: int
    source: bytes
    source_mtime_ns: int
    kind: Kind = "copy"
    link: bytes = b""


class Intent(NamedTuple):
    """A file about to be placed, moved, set aside (`here` to `there`) or removed (`here`).

    To `take` is to remove the source of the file `here`, which is moved by that; to `give` is to move it
    back to `there`, which lies outside. `file` describes it; None for a file that is no longer as we made it.
    """

    deed: Deed
    here: bytes
    there: bytes
    file: Own | None


@dataclass
class State:
    """What the lines of a ledger add up to."""

    name: str | None = None
    owned: dict[bytes, Own] = field(default_factory=dict)
    pending: dict[int, Intent] = field(default_factory=dict)
    folders: set[bytes] = field(default_factory=set)
    plan: str | None = None
    undone: bool = False
    next_number: int = 0

    def apply(self, line: dict[str, Any]) -> None:
        """Take one line into account. Raises KeyError, TypeError, ValueError if it makes none."""
        if self.name is None:
            self.name = _header_name(line)
        elif "intent" in line:
            self.pending[line["intent"]] = _intent(line)
            self.next_number = line["intent"] + 1
        elif "done" in line:
            for number in line["done"]:
                self._finish(self.pending.pop(number))
        elif "void" in line:
            for number in line["void"]:
                del self.pending[number]
        elif "own" in line:
            self.owned[_name(line["own"])] = _own(line)
        elif "forget" in line:
            self.owned.pop(_name(line["forget"]), None)
        else:
            self._apply_to_folder(line)

    def _apply_to_folder(self, line: dict[str, Any]) -> None:
        if "made" in line:
            self.folders.add(_name(line["made"]))
        elif "unmade" in line:
            self.folders.discard(_name(line["unmade"]))
        elif "plan" in line or "undone" in line:
            self.undone = "undone" in line
            self.plan = str(line["undone" if self.undone else "plan"])
        else:
            raise ValueError("a line of no known kind")

    def _finish(self, intent: Intent) -> None:
        self.owned.pop(intent.here, None)
        if intent.file is None:
            return
        if intent.deed in ("place", "move"):
            self.owned[intent.there] = intent.file
        elif intent.deed == "take":
            self.owned[intent.here] = intent.file._replace(kind="move")


class Ledger:
    """The ledger's file, open for appending, and its state, which every appended line changes."""

    def __init__(self, fd: int, state: State) -> None:
        self.fd = fd
        self.state = state

    @classmethod
    def open(cls, fd: int, name: str) -> "Ledger":
        """Read the ledger, cut a torn end off, and claim it if it is new.

        `fd` is open for reading and appending. Raises OutputError if the folder is another's or
        the ledger is damaged.
        """
        data = _read_all(fd)
        state, whole = replay(data)
        if state.name not in (None, name):
            raise OutputError(_other_owner(state.name, name))
        if whole < len(data):
            os.ftruncate(fd, whole)
        ledger = cls(fd, state)
        if state.name is None:
            ledger._append([{"seriatim": VERSION, "name": name}])
            ledger.flush()
        return ledger

    def intend(self, intents: Sequence[Intent]) -> list[int]:
        """Append intents and return their numbers; call `flush` before acting on them."""
        numbers = list(range(self.state.next_number, self.state.next_number + len(intents)))
        self._append(_intent_line(n, intent) for n, intent in zip(numbers, intents, strict=True))
        return numbers

    def settle(self, done: Sequence[int], void: Sequence[int] = ()) -> None:
        """Append which intents were carried out and which were not."""
        lines = {"done": list(done)}, {"void": list(void)}
        self._append(line for line in lines if any(line.values()))

    def assert_own(self, path: bytes, file: Own) -> None:
        """Append how a file of ours is now."""
        self._append([{"own": _text(path), **_own_fields(file)}])

    def forget(self, paths: Iterable[bytes]) -> None:
        """Append that these are files of ours no longer."""
        self._append({"forget": _text(path)} for path in paths)

    def note_folders(self, made: Iterable[bytes] = (), unmade: Iterable[bytes] = ()) -> None:
        """Append which folders are ours from now on, or are no more."""
        lines = [("made", path) for path in made] + [("unmade", path) for path in unmade]
        self._append({what: _text(path)} for what, path in lines)

    def note_plan(self, plan: str) -> None:
        """Append which plan is carried out from now on."""
        if self.state.undone or self.state.plan != plan:
            self._append([{"plan": plan}])

    def note_undone(self) -> None:
        """Append that what the plan made was undone."""
        self._append([{"undone": self.state.plan or ""}])

    def flush(self) -> None:
        """Return when every line is on the disk."""
        os.fsync(self.fd)

    def _append(self, lines: Iterable[dict[str, Any]]) -> None:
        lines = list(lines)
        data = memoryview(b"".join(_encode(line) for line in lines))
        while data:
            data = data[os.write(self.fd, data) :]
        for line in lines:
            self.state.apply(line)


def replay(data: bytes, state: State | None = None) -> tuple[State, int]:
    """Return what a ledger's bytes say, and how many of them do: a torn end says nothing.

    state : what it is added up in, if that is to be other than a new one

    Raises OutputError if a line before the end is damaged, which no kill can cause.
    """
    state = State() if state is None else state
    whole = 0
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        try:
            state.apply(_decode(line))
        except (KeyError, TypeError, ValueError) as error:
            if whole + len(line) < len(data) and data[whole:].strip(b"\0"):
                raise OutputError(_damaged(number)) from error
            break
        whole += len(line)
    return state, whole


def _decode(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("torn")
    decoded = json.loads(line)
    if not isinstance(decoded, dict):
        raise TypeError("not an object")
    return decoded


def _encode(line: dict[str, Any]) -> bytes:
    return ENCODER.encode(line).encode("ascii") + b"\n"


def _header_name(line: dict[str, Any]) -> str:
    if line["seriatim"] not in READ:
        raise OutputError(
            f"The ledger of this output folder has format {line['seriatim']}, this version of "
            f"Seriatim writes format {VERSION}. Use the version that wrote it, or another output."
        )
    return str(line["name"])


def _intent(line: dict[str, Any]) -> Intent:
    file = _own(line) if "content" in line else None
    if line["do"] not in get_args(Deed):
        raise ValueError("no deed that we know")
    outside = line["do"] == "give"  # whose `there` is only for people to read: `file` says where to
    there = b"" if outside or not line["there"] else _name(line["there"])
    return Intent(line["do"], _name(line["here"]), there, file)


def _intent_line(number: int, intent: Intent) -> dict[str, Any]:
    here, there = _text(intent.here), _text(intent.there)
    line = {"intent": number, "do": intent.deed, "here": here, "there": there}
    return line if intent.file is None else {**line, **_own_fields(intent.file)}


def _own(line: dict[str, Any]) -> Own:
    content, source = bytes.fromhex(line["content"]), _path(line["source"])
    kind, link = line.get("kind", "copy"), _raw(line.get("link", ""))
    return Own(content, line["size"], line["mtime_ns"], source, line["source_mtime_ns"], kind, link)


def _own_fields(file: Own) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "content": file.content.hex(),
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "source": _text(file.source),
        "source_mtime_ns": file.source_mtime_ns,
    }
    if file.kind != "copy":
        fields["kind"] = file.kind
    if file.link:
        fields["link"] = _text(file.link)
    return fields


def _text(path: bytes) -> str:
    # Not os.fsdecode: the ledger must read the same in every locale.
    return path.decode("utf-8", "surrogateescape")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _path(text: str) -> bytes:
    path = _raw(text)
    if b"\0" in path:
        raise ValueError("a path has no null bytes")
    return path


def _name(text: str) -> bytes:
    """Return a path below the output folder. Raises ValueError if it may lead out of it."""
    path = _path(text)
    if {b"", b".", b".."} & set(path.split(b"/")):
        raise ValueError("a path that leads out of the folder, or nowhere")
    return path


def _read_all(fd: int) -> bytes:
    with open(fd, "rb", closefd=False) as stream:
        return stream.read()


def _other_owner(owner: str | None, name: str) -> str:
    return (
        f"This output folder belongs to the collection {owner!r}; {name!r} must not write into it. "
        f"Set `output` to another folder, or `name: {owner}` if it is the same collection."
    )


def _damaged(number: int) -> str:
    return (
        f"Line {number} of .seriatim/ledger.jsonl in the output folder is damaged, so it is not "
        "known which files there are ours. Put the ledger back from a backup, or choose another "
        "output folder."
    )
