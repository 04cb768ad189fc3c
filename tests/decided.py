"""A table of decisions on duplicates, as a user writes it."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scripts.lib.duplicates.decisions import COLUMNS


class Decision(NamedTuple):
    """One decision, on a file or on every file of a content."""

    decision: str  # keep | drop
    path: str = ""  # readable, as in the inventory
    content_id: str = ""  # 64 hexadecimal digits


def write_decisions(file: Path, decisions: Iterable[Decision]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(each._asdict() for each in decisions)
