"""What the user decided of duplicates: a table of their own, that no stage writes.

`results/{name}/duplicate_decisions.csv` has a heading and a row a decision: `path` as in duplicates.csv, or
`content_id` for every file of a content, and `decision`, keep or drop. Its digest is a setting of the stage,
so that a decision that was saved is acted on by the next plain run.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable
from scripts.lib.files.user_table import FORMULA_STARTS, read_rows

KEEP, DROP = "keep", "drop"
FILE = "duplicate_decisions.csv"
COLUMNS = ("path", "content_id", "decision")


@dataclass
class Decisions:
    """All decisions, by what they are on, and what could not be understood."""

    paths: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def of(self, path: str, content_id: str) -> str | None:
        """Return the decision on a file; one on its path counts more than one on its content."""
        return self.paths.get(path) or self.paths.get(harmless_path(path)) or self.contents.get(content_id)

    def unknown(self, paths: Iterable[str], contents: Iterable[str]) -> list[str]:
        """Return what is decided on that is not among the paths and contents."""
        known = set(paths)
        known |= {harmless_path(path) for path in known}
        return [path for path in self.paths if path not in known] + sorted(set(self.contents) - set(contents))


def harmless_path(path: str) -> str:
    """Return a path as it stands in a CSV of ours, where no spreadsheet takes it for a formula."""
    return f"'{path}" if path[:1] in FORMULA_STARTS else path


def decisions_digest(file: str | Path) -> str:
    """Return a text that changes with the decisions; empty without any.

    A file that can't be read is another, too: the stage says what is wrong with it.
    """
    from blake3 import blake3

    try:
        return blake3(Path(file).read_bytes()).hexdigest()[:16]
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{error.strerror}"


def read_decisions(file: Path) -> Decisions:
    """Read the decisions; a row that is none is named among the problems, and passed over.

    Raises
    ------
    InputError
        when there is no such column, two rows decide differently on one thing, or it can't be read. So it is
        with a quotation mark that has no end: every row behind it would be lost.
    """
    found = Decisions()
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise InputError(f"{file} can't be read ({error.strerror}). Mend it, or remove it.") from error
    text = data.decode("utf-8-sig", "surrogateescape")  # line breaks in names stay as they are
    columns, rows = read_rows(file, text)
    _check_heading(file, columns)
    lines: dict[tuple[str, str], int] = {}
    for line, row in rows:
        _take(found, row, line, lines, file)
    return found


def _check_heading(file: Path, names: Iterable[str]) -> None:
    given = {name.strip() for name in names if name}
    if "decision" not in given or not given & {"path", "content_id"}:
        raise InputError(
            f"{file} begins with {sorted(given)}. Its first line must name the columns: path,decision (or "
            "content_id,decision)."
        )


def _take(
    found: Decisions,
    row: Mapping[str, str],
    line: int,
    lines: dict[tuple[str, str], int],
    file: Path,
) -> None:
    cells = {name.strip(): value for name, value in row.items()}
    path, content = readable(os.fsencode(cells.get("path", ""))), cells.get("content_id", "").strip().lower()
    decision = cells.get("decision", "").strip().lower()
    if not (path or content or decision):
        return
    if decision not in (KEEP, DROP) or not (path or content):
        what = f"decision {decision!r} is neither keep nor drop" if path or content else "it names no file"
        found.problems.append(f"{file.name}, line {line}: {what}")
        return
    table, key = (found.paths, path) if path else (found.contents, content)
    if table.setdefault(key, decision) != decision:
        raise InputError(
            f"{file}: lines {lines[key, 'path' if path else 'content']} and {line} decide differently on "
            f"{key}. Remove one of them."
        )
    lines.setdefault((key, "path" if path else "content"), line)
