"""Remove from the embedding store what no collection needs, and merge small parts.

python -m scripts.store_gc --dry-run
python -m scripts.store_gc --store /mnt/disk/store
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

import yaml

from scripts.lib.artifacts.disk import as_disk_error
from scripts.lib.embedding.upkeep.garbage import (
    Garbage,
    check_parts,
    collect,
    find_garbage,
    lines,
    megabytes,
    model_folders,
    size_of,
    visible_results,
)
from scripts.lib.embedding.upkeep.occupancy import alone_in
from scripts.lib.embedding.upkeep.references import needs
from scripts.lib.embedding.upkeep.users import forget, gone_users, users
from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.run.config import complete, read_schema
from scripts.lib.run.progress import Progress
from scripts.lib.run.triggers import RESULTS

CONFIG = Path("config/config.yaml")


def main(arguments: list[str] | None = None) -> int:
    """Show what can go, then remove it; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (SeriatimError, OSError) as error:
        print(f"seriatim: store_gc failed: {as_disk_error(error)}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.store_gc",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--store", type=Path, metavar="FOLDER", help="another store than that of config/config.yaml")
    add("--dry-run", action="store_true", help="only say what would go")
    add("--unused-models", action="store_true", help="also remove models that no collection uses")
    add("--forget", type=Path, metavar="FOLDER", help="a results folder that is gone for good")
    add("--unlocked", action="store_true", help="nobody else is at work there; for disks without locks")
    return parser


def _run(options: argparse.Namespace) -> None:
    config = _config()
    store = options.store or Path(config["store"]).expanduser()
    if not store.is_dir():
        raise InputError(f"There is no store {store}; name it with --store FOLDER (with make STORE=FOLDER).")
    with alone_in(store, options.unlocked):
        forgotten = gone_users(store, options.forget) if options.forget else []
        if not options.dry_run:
            forget(forgotten)
        known = [user for user in users(store) if user not in forgotten]
        needed = needs({*visible_results(known), Path(RESULTS).resolve()})
        if not options.dry_run:
            _check(store)
        garbage = find_garbage(store, needed, config["part_size"])
        for line in lines(garbage, options.unused_models):
            print(line)
        if not options.dry_run:
            _collect(store, garbage, options.unused_models)


def _config() -> dict[str, Any]:
    given = yaml.safe_load(CONFIG.read_text(encoding="utf-8")) if CONFIG.exists() else {}
    return complete(given or {}, read_schema())


def _check(store: Path) -> None:
    parts = sum(len(list(folder.glob("*.arrow"))) for folder in model_folders(store))
    with Progress(parts, "parts checked", "store_gc", logging.getLogger("seriatim")) as count:
        for problem in check_parts(store, count):
            print(problem)


def _collect(store: Path, garbage: Garbage, unused: bool) -> None:
    before = size_of(store)
    parts = sum(model.plan.parts for model in garbage.models)
    with Progress(parts, "parts", "store_gc", logging.getLogger("seriatim")) as count:
        collect(garbage, unused, count)
    print(f"{megabytes(before - size_of(store))} are free again")


if __name__ == "__main__":
    sys.exit(main())
