"""The forked engine and its forked jobs: what they say and leave is what the program itself does."""

import subprocess
import sys

from tests.conftest import Workflow, write_pictures
from tests.engine import ENGINES, PROGRAM


def test_a_forked_run_is_a_run_of_the_program(workflow: Workflow) -> None:
    write_pictures(workflow.images, 1)
    forked = workflow.run(check=False, imags="x")
    program = subprocess.run(forked.args, cwd=workflow.folder, capture_output=True, text=True)
    assert program.returncode == forked.returncode == 1
    assert (program.stdout, program.stderr) == (forked.stdout, forked.stderr)
    assert "the nearest is 'images'" in forked.stderr


def test_a_forked_job_ends_as_it_would(workflow: Workflow) -> None:
    write_pictures(workflow.images, 1)
    stages = workflow.folder / "Snakefile", workflow.folder / "stage.py"
    stages[0].write_text('rule all:\n    output: "made"\n    script: "stage.py"\n')
    told = "import os, sys\nopen('told', 'w').write(f'{os.getcwd()} {sys.executable} {__name__}')\n"
    for ends, said in (
        ("sys.exit(3)", "returned non-zero exit status 3."),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("os.kill(os.getpid(), 9)", "died with <Signals.SIGKILL: 9>."),
    ):
        stages[1].write_text(f"{told}print('out', flush=True)\n{ends}\n")
        command = [*PROGRAM, "--snakefile", str(stages[0]), "--cores", "1"]
        done = ENGINES.now.run(command, workflow.folder)
        assert done.returncode == 1
        assert said in done.stderr
        assert (workflow.folder / "told").read_text() == f"{workflow.folder} {sys.executable} __main__"
        assert done.stdout == "out\n"


def test_stages_find_what_they_need_without_a_process_that_has_imported_it(collection: Workflow) -> None:
    targets = ("cluster", "project", "dashboard_data", "collection", "reorganize", "report")
    ran = subprocess.run(collection.command(*targets), cwd=collection.folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    stages = (
        "clusters cluster_table cluster_sheets labels projection projection_map image_hashes duplicate_groups"
    )
    for stage in (*stages.split(), "thumbnails", "collection", "plan_reorganize", "reorganize", "report"):
        assert f"(Rule: {stage})" in ran.stderr
