"""Search in a sorted collection: by an image, by words, by both.

python -m scripts.search --image photo.jpg
python -m scripts.search --text "a boat at sunset" --sheet hits.jpg
python -m scripts.search --like "#17" --text snow -k 100 --out hits.csv

Words need a collection that a model of OpenCLIP has seen: as its model, or as category_model. Nothing of the
collection is changed.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.artifacts.disk import as_disk_error
from scripts.lib.errors import SeriatimError
from scripts.lib.files.exports import check_new, table_writer
from scripts.lib.files.tars.members import use_indexes
from scripts.lib.pictures.sheet_file import sheet_format, write_sheet
from scripts.lib.run.visible import visible
from scripts.lib.search.hits import Hit, hits_lines, hits_table
from scripts.lib.search.query import Query
from scripts.lib.view.results import find_results

if TYPE_CHECKING:  # the process that decodes imports this module, and needs none of what computes
    from scripts.lib.search.engine import SearchEngine


def main(arguments: list[str] | None = None) -> int:
    """Search, and show what was found; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (SeriatimError, OSError) as error:
        print(f"seriatim: search failed: {visible(str(as_disk_error(error)))}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--image", type=Path, metavar="FILE", help="an image, of the collection or not")
    add("--like", metavar="NAME", help="an image of the collection: its path, #POSITION, or content id")
    add("--text", metavar="WORDS", help="words, alone or together with an image")
    add("--image-weight", type=float, default=1.0, metavar="W", help="of the image beside words (1)")
    add("--text-weight", type=float, default=1.0, metavar="W", help="of the words beside an image (1)")
    add("-k", type=int, default=24, metavar="N", help="how many images to find (24)")
    add("--results", type=Path, default=Path("results"), metavar="FOLDER", help="where results are (results)")
    add("--name", help="of the collection; otherwise that of the last run")
    add("--model", help="of several that have sorted it; otherwise that of the last run")
    add("--sheet", type=Path, metavar="FILE", help="also as a picture: .jpg, .png or .webp")
    add("--out", type=Path, metavar="FILE", help="also as a table: .csv or .parquet")
    add("--force", action="store_true", help="overwrite what --sheet and --out name")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check_outputs(options)
    from scripts.lib.search.engine import SearchEngine

    results = find_results(options.results, options.name, options.model)
    use_indexes(results.collection)
    with SearchEngine.open(results) as engine:
        item = engine.files.item_named(options.like) if options.like is not None else None
        query = Query(options.image, options.text, item, options.image_weight, options.text_weight)
        hits = engine.search(query, options.k)
        print(visible(f"{len(hits):,} of {engine.files.items:,} images of {results.name} by {results.tag}"))
        print("\n".join(hits_lines(hits)))
        if options.out:
            table = hits_table(hits, [engine.files.file(hit.item) for hit in hits])
            with replacing(options.out) as temporary:
                table_writer(options.out)(table, temporary)
        if options.sheet:
            _write_sheet(hits, engine, query, options.sheet)


def _check_outputs(options: argparse.Namespace) -> None:
    """Raise InputError before the work where what is found could not be written."""
    for file, check in ((options.sheet, sheet_format), (options.out, table_writer)):
        if file:
            check(file)
            check_new(file, options.force)


def _write_sheet(hits: list[Hit], engine: "SearchEngine", query: Query, out: Path) -> None:
    """Draw what was found, behind the image that it resembles; numbers are ranks."""
    from scripts.lib.pictures.contact_sheet import Layout, contact_sheet

    first = [] if query.item is None else [engine.files.file(query.item)]
    first = [bytes(query.image)] if isinstance(query.image, Path) else first
    paths = [Path(os.fsdecode(path)) for path in (*first, *(engine.files.file(hit.item) for hit in hits))]
    write_sheet(contact_sheet(paths, Layout(numbers=bool(first)), visible(query.text or "")), out)


if __name__ == "__main__":
    sys.exit(main())
