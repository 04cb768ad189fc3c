"""How the last run went, or how far the one at work is, as `run.json` tells it.

python -m scripts.status
python -m scripts.status --name photos --json

The exit status is 0 where the last run has succeeded, 1 where it has not or there was none, 2 where one is at
work.
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.lib.errors import SeriatimError
from scripts.lib.run.run_file import last_run
from scripts.lib.run.status import WENT_WRONG, status_code, status_lines


def main(arguments: list[str] | None = None) -> int:
    """Tell of the last run; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        run = last_run(options.results, options.name)
    except SeriatimError as error:
        print(f"seriatim: {error}", file=sys.stderr)
        return WENT_WRONG
    print("\n".join(_text(run, options.json)))
    return status_code(run)


def _text(run: dict[str, Any], as_json: bool) -> list[str]:
    return [json.dumps(run)] if as_json else [*status_lines(run, datetime.now().astimezone())]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.status",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--results", type=Path, default=Path("results"), metavar="FOLDER", help="where results are (results)")
    add("--name", help="of the collection; otherwise that of the last run")
    add("--json", action="store_true", help="as run.json has it, on one line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
