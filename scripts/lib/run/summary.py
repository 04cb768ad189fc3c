"""The end of a run in a few lines: what was sorted, how well, what was left out, where it is, what is next.

It reads records, which are small, and never fails a run that has succeeded.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from scripts.lib.artifacts.record import Record, seen_record
from scripts.lib.run.visible import visible
from scripts.lib.view.quality import certainty, is_shortest
from scripts.lib.words import counted, percent

SORT = "all"
RESULTS = {  # of a target: what lies where, below the folder of the model
    "plan": {"plan": "plan.csv"},
    "cluster": {"clusters": "clusters.jpg", "their names": "cluster_names.csv"},
    "categorize": {"categories": "categories.jpg", "table": "categories.csv"},
    "project": {"map": "projection.png"},
    "duplicates": {"duplicates": "duplicates.html"},
    "collection": {"table of all": "collection.parquet"},
    "clip_retrieval": {"vectors": "clip_retrieval"},
    "plan_reorganize": {"plan": "reorganize.csv"},
    "report": {"report": "report.html"},
}
OF_A_SORT = {"table": "order.csv", "report": "report.html", "quality": "quality.png"}
OPENS = "python -m scripts.dashboard shows"
NEXT = (  # a target, what it is for, and the artifact of it that says that it was made
    ("dashboard_data", f"makes what {OPENS}", "../thumbnails.parquet"),
    ("duplicates", "finds copies", "duplicates.html"),
    ("collection", "makes one table of all that is known", "collection.parquet"),
)
LABEL = 11  # characters
Lines = Iterator[tuple[str, str]]  # a label and what there is to say


class Run(NamedTuple):
    """A run that has come to its end.

    collection, model : the folders of its artifacts
    targets : what was asked for by name, `all` for a sort
    command : returns the command that makes a target
    """

    config: Mapping[str, Any]
    collection: Path
    model: Path
    targets: frozenset[str]
    command: Callable[[str], str]


def tell_end(run: Run) -> None:
    """Tell the user how a run ended, and append it to `logs/summary.log`."""
    with suppress(Exception):  # a run that has succeeded does not fail for a word on it
        _tell(run, [*_on_sort(run), *_on_targets(run)])


def tell_nothing_to_do(run: Run) -> None:
    """Tell the user that everything is up to date, and where it is."""
    with suppress(Exception):  # likewise
        wanted = [*_places_of(run)] if SORT in run.targets else [place for _, place in _on_targets(run)]
        if wanted:
            print(visible(f"seriatim: everything is up to date: {', '.join(wanted)}"), file=sys.stderr)


def results_of(run: Run) -> dict[str, str]:
    """Return where the results of a run are, by what they are."""
    return dict([*(_sorted_places(run) if SORT in run.targets else ()), *_target_places(run)])


def counts_of(run: Run) -> dict[str, int | None]:
    """Return how many files and items the order has that there is; None where there is none."""
    order, quality = seen_record(run.model / "order.parquet"), seen_record(run.model / "quality.json")
    counts = {"items": quality.facts["n"] if quality else None}
    if order is None:
        return dict.fromkeys(("files", "ok", "rejected")) | counts
    ok, rejected = order.facts["files"], order.facts["rejected"]
    return {"files": ok + rejected, "ok": ok, "rejected": rejected, **counts}


def _tell(run: Run, lines: Iterable[tuple[str, str]]) -> None:
    text = [f"{label:{LABEL}} {visible(said)}" for label, said in lines]
    if text:
        print("\n".join(f"seriatim: {line}" for line in text), file=sys.stderr, flush=True)
        log = run.collection / "logs" / "summary.log"
        with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join([f"{datetime.now():%Y-%m-%d %H:%M:%S}", *text, ""]))


def _on_sort(run: Run) -> Lines:
    order, quality = seen_record(run.model / "order.parquet"), seen_record(run.model / "quality.json")
    if SORT not in run.targets or order is None or quality is None:
        return
    yield "sorted", _what(order, quality, run.config)
    yield "how well", how_well(json.loads((run.model / "quality.json").read_text(encoding="utf-8")))
    if order.facts["rejected"]:
        reasons = order.facts.get("reasons") or counted(order.facts["rejected"], "file")
        yield "left out", f"{reasons}; each with its reason in {run.model / 'rejected.csv'}"
    yield from _sorted_places(run)
    for number, hint in enumerate(_next(run)):
        yield "" if number else "next", hint


def _sorted_places(run: Run) -> Lines:
    if run.config["copy_mode"] != "none":
        yield "images", f"{run.config['output']}"
    for label, name in OF_A_SORT.items():
        if (run.model / name).exists() and (label != "report" or run.config["report"]):
            yield label, str(run.model / name)


def _what(order: Record, quality: Record, config: Mapping[str, Any]) -> str:
    files, items = order.facts["files"], quality.facts["n"]
    different = f", {items:,} of them different," if items != files else ""
    source = config["embeddings"] or ", ".join(config["images"])
    return f"{counted(files, 'image')}{different} from {source}"


def how_well(quality: Mapping[str, Any]) -> str:
    """Say in a line how good an order is.

    quality : what `quality.json` holds
    """
    if quality["items"] < 2:
        return "it takes two different images to say"
    links = f"steps are {percent(quality['ratio'])} of a random order's"
    if quality["gap"] is None:
        return links
    if is_shortest(quality):
        return f"no path through these images is shorter (proven); {links}"
    sure, gap = certainty(quality), percent(quality["gap"])
    return f"at most {gap} longer than the shortest path there can be ({sure}); {links}"


def _next(run: Run) -> Iterator[str]:
    """Yield the commands that are most likely wanted now, two at most; they take the settings of the run."""
    missing = [(target, use) for target, use, made in NEXT if not (run.model / made).exists()]
    for target, use in missing[: 1 if run.config["copy_mode"] != "none" else 2]:
        yield f"{run.command(target)} {use}"
    if run.config["copy_mode"] != "none":
        yield f"{run.command('undo')} puts everything back"


def _on_targets(run: Run) -> Lines:
    if "dashboard_data" in run.targets:
        yield "dashboard", f"{OPENS} it"
    yield from _target_places(run)


def _target_places(run: Run) -> Lines:
    for target in RESULTS:
        if target in run.targets:
            for label, name in RESULTS[target].items():
                if (run.model / name).exists():
                    yield label, str(run.model / name)
    if "reorganize" in run.targets:
        yield "folders", str(run.config["folders_output"])


def _places_of(run: Run) -> Iterator[str]:
    """Yield where the results of a sort are: the images, and what says most of them."""
    if run.config["copy_mode"] != "none":
        yield f"the images are in {run.config['output']}"
    names = ("report.html", "order.csv") if run.config["report"] else ("order.csv",)
    there = [run.model / name for name in names if (run.model / name).exists()]
    yield from map(str, there[:1])
