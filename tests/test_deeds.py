import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("kill_copying.py")


@pytest.mark.parametrize(
    ("start", "links"), [("fresh", "links"), ("disturbed", "links"), ("disturbed", "no links")]
)
def test_killed_at_any_moment_the_next_run_ends_as_if_undisturbed(
    tmp_path: Path, start: str, links: str
) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    command = [sys.executable, str(DRIVER), str(tmp_path), start, links]
    environment = os.environ | {"PYTHONPATH": str(DRIVER.parents[1])}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 50  # moments at which it was killed
