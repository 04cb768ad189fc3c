"""The report for people, duplicates.html: a page that needs nothing else, a section a group.

Pictures are in the page itself, and nothing is loaded from anywhere. What comes from file names is escaped,
and a policy forbids scripts, so that no name can become anything but text.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

import pyarrow as pa

from scripts.lib.run.visible import visible
from scripts.lib.words import time_words

GROUPS, FILES = 300, 12  # on a page, and of a group
HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Duplicates</title>
<style>
body { font: 14px/1.45 system-ui, sans-serif; margin: clamp(12px, 3vw, 32px); color: #262626;
  background: #fff; }
body > p { max-width: 46rem; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.files { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; }
figure { margin: 0; padding: 10px; max-width: 230px; border: 1px solid #c4c4c4; border-radius: 6px; }
figure.keep { border: 2px solid #3d7a4a; padding: 9px; }
figure img, figure .none { display: flex; align-items: center; justify-content: center; height: 160px;
  max-width: 100%; margin: 0 auto 8px; object-fit: contain; color: #7d7d7d; }
figcaption { overflow-wrap: anywhere; }
.path { font-weight: 600; } .facts, .why { color: #5d5d5d; }
.keep .what { color: #3d7a4a; } .drop .what { color: #c2502e; }
</style>
</head>
<body>
<h1>Duplicates</h1>
"""
EXPLAINED = """<p>Exact copies have the same bytes as the best file of their group, near ones almost the same
vector, perceptual ones the same picture in another size, quality, brightness or crop. Distances are those of
vectors; bits are how many of 64 differ in the hashes. What to drop is a proposal: duplicate_decisions.csv can
say otherwise, and no original is touched.</p>
"""


def shown(table: pa.Table) -> pa.Table:
    """Return the rows of a table of duplicates that go on the page."""
    rows: list[int] = []
    for group, members in groupby(enumerate(table["group"].to_pylist()), lambda each: each[1]):
        if group == GROUPS:
            break
        rows += [row for row, _ in members][:FILES]
    return table.take(pa.array(rows, pa.int64()))


def pictured(table: pa.Table) -> dict[bytes, list[bytes]]:
    """Return the contents whose pictures are on the page, each with the paths that hold it."""
    wanted: dict[bytes, list[bytes]] = {}
    for row in shown(table).select(["content_id", "path_bytes"]).to_pylist():
        wanted.setdefault(row["content_id"], []).append(row["path_bytes"])
    return wanted


def page(table: pa.Table, thumbnails: Mapping[bytes, bytes], summary: str) -> str:
    """Return the page.

    table : of schema `DUPLICATES`
    thumbnails : JPEG files by content id
    """
    sizes = table["group"].value_counts().to_pylist()
    files = {each["values"]: each["counts"] for each in sizes}
    rows = shown(table).to_pylist()
    sections = [
        _section(number, list(members), files[number], thumbnails)
        for number, members in groupby(rows, lambda row: row["group"])
    ]
    more, explained = "", EXPLAINED if rows else ""
    if len(files) > GROUPS:
        more = f"<p>Shown are {GROUPS:,} of {len(files):,} groups; duplicates.csv has all.</p>\n"
    return f"{HEAD}<p>{_text(summary)}.</p>\n{explained}{more}{''.join(sections)}</body>\n</html>\n"


def _section(
    number: int, rows: Sequence[Mapping[str, Any]], files: int, thumbnails: Mapping[bytes, bytes]
) -> str:
    figures = "".join(_figure(row, thumbnails.get(row["content_id"])) for row in rows)
    more = f"<p>and {files - len(rows):,} more: see duplicates.csv</p>\n" if files > len(rows) else ""
    title = f"<h2>Group {number}: {files:,} files</h2>"
    return f'<section>\n{title}\n<div class="files">\n{figures}</div>\n{more}</section>\n'


def _figure(row: Mapping[str, Any], picture: bytes | None) -> str:
    what = "keep" if row["keep"] else "drop"
    image = '<div class="none">no picture</div>'
    if picture is not None:
        image = f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
    return (
        f'<figure class="{what}">{image}<figcaption>'
        f'<div class="path">{_text(row["path"])}</div>'
        f'<div class="facts">{_text(_facts(row))}</div>'
        f'<div class="what">{what}</div><div class="why">{_text(row["reason"])}</div>'
        "</figcaption></figure>\n"
    )


def _facts(row: Mapping[str, Any]) -> str:
    facts = []
    if row["width"] and row["height"]:
        facts.append(f"{row['width']} x {row['height']}")
    facts.append(f"{row['size'] or 0:,} bytes")
    facts.append(row["format"] or "format unknown")
    if row["mtime_ns"]:
        facts.append(time_words(row["mtime_ns"]))
    if row["kind"]:
        facts.append(row["kind"] + _closeness(row))
    return ", ".join(facts)


def _closeness(row: Mapping[str, Any]) -> str:
    parts = []
    if row["distance"] is not None:
        parts.append(f"distance {row['distance']:.3g}")
    if row["bits"] is not None:
        parts.append(f"{row['bits']} bits")
    return f" ({', '.join(parts)})" if parts else ""


def _text(text: str) -> str:
    return escape(visible(text), quote=True)
