"""Look at a collection in a browser, while nothing or anything else is at work.

python -m scripts.dashboard
python -m scripts.dashboard --name photos --model descriptor --port 8051
"""

import argparse
import os
import shlex
import shutil
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from scripts.lib.dashboard.access import Access, access_for
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.pages import clusters, duplicates, order, overview, search
from scripts.lib.dashboard.pages import map as map_page
from scripts.lib.dashboard.serve import serve
from scripts.lib.errors import SeriatimError
from scripts.lib.files.tars.members import use_indexes
from scripts.lib.run.triggers import RESULTS
from scripts.lib.run.visible import visible
from scripts.lib.view.results import CONFIG, find_results

PAGES = (map_page, order, clusters, duplicates, search, overview)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _serve(options)
    except (SeriatimError, OSError) as error:
        print(f"seriatim: dashboard failed: {visible(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.dashboard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--results", type=Path, default=Path(RESULTS), metavar="FOLDER", help="default: results")
    add("--name", help="of the collection; default: the one that was sorted last")
    add("--model", help="whose results to show; default: that of the last run")
    add("--port", type=int, default=8050, help="default: 8050")
    add("--host", default="127.0.0.1", help="another address lets others in, who need the token that is told")
    add("--token", action="store_true", help="want a token on this machine, too")
    add("--read-only", action="store_true", help="names and decisions can't be changed")
    add("--open", action="store_true", help="open a browser")
    return parser


def _serve(options: argparse.Namespace) -> None:
    results = find_results(options.results, options.name, options.model)
    use_indexes(results.collection)
    access = access_for(options.host, options.port, options.token)
    command = command_for(results.model / CONFIG)
    context = Context(Library(results), command, options.read_only)
    serve(context, PAGES, access, lambda: _tell(access, options.open))


def command_for(settings: Path) -> Callable[[str], str]:
    """Return what tells the command that makes a target of the collection that is shown.

    settings : the complete configuration of its last run
    """
    beside = os.path.relpath(Path(sys.executable).with_name("snakemake"))
    engine = "snakemake" if shutil.which("snakemake") else shlex.quote(beside)

    def command(target: str) -> str:
        wanted = [] if target == "all" else [target]
        return " ".join([engine, "--cores all", *wanted, "--configfile", shlex.quote(str(settings))])

    return command


def _tell(access: Access, wanted: bool) -> None:
    print(f"seriatim: dashboard: {access.address} (Ctrl-C ends it)", flush=True)
    if wanted:
        webbrowser.open(access.address)


if __name__ == "__main__":
    sys.exit(main())
