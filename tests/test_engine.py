"""The forked engine: what it says and leaves is what the program itself does."""

import subprocess

from tests.conftest import Workflow, write_pictures


def test_a_forked_run_is_a_run_of_the_program(workflow: Workflow) -> None:
    write_pictures(workflow.images, 1)
    forked = workflow.run(check=False, imags="x")
    program = subprocess.run(forked.args, cwd=workflow.folder, capture_output=True, text=True)
    assert program.returncode == forked.returncode == 1
    assert (program.stdout, program.stderr) == (forked.stdout, forked.stderr)
    assert "the nearest is 'images'" in forked.stderr
