# The checked configuration. One that can't be used ends the run before anything has begun, and is told as such.
#
#   config           complete: defaults filled in, values of the kinds that the schema wants
#   STARTED_BY_USER  false in the processes that do a job of a run
#   ACCOUNT          what programs are told of the run, in run.json

import os
import platform
import sys
from pathlib import Path

from snakemake.common import __version__ as engine_version
from snakemake.exceptions import WorkflowError
from snakemake_interface_executor_plugins.settings import ExecMode

from scripts.lib.errors import SeriatimError
from scripts.lib.project import project
from scripts.lib.run.account import Account
from scripts.lib.run.config import (
    complete,
    known_name,
    read_schema,
    words_of_command,
)

STARTED_BY_USER = workflow.exec_mode == ExecMode.DEFAULT

schema = read_schema(workflow.source_path("../schemas/config.schema.yaml"))
words = words_of_command(sys.argv) if STARTED_BY_USER else {}


def is_run():
    """Tell whether a run is asked for: `--list`, `--lint` and the like are none, nor is `--dry-run`."""
    looks = ("--li", "--lt", "-l", "--summary", "-S", "--detailed", "-D", "--report")
    graphs = ("--dag", "--rulegraph", "--filegraph", "--d3dag")
    return not (
        workflow.output_settings.dryrun
        or any(word.startswith((*looks, *graphs)) for word in sys.argv[1:])
    )


# What programs are told of the run, from here on: a configuration that can't be used is a failed run.
NAME = known_name(config, schema, words) if STARTED_BY_USER else None
ACCOUNT = (
    Account(
        Path("results", NAME),
        {
            "name": NAME,
            "command": sys.argv,
            "folder": os.getcwd(),
            "versions": {
                "seriatim": project()["version"],
                "snakemake": engine_version,
                "python": platform.python_version(),
            },
        },
        is_run,
    )
    if NAME
    else None
)


def refuse(error):
    """Stop before anything has begun, with what a user can mend."""
    if ACCOUNT:
        ACCOUNT.explain(str(error))
    raise WorkflowError(str(error)) from None


try:
    config.update(complete(config, schema, words))
except SeriatimError as error:
    refuse(error)
